#include "aws/ec2_call.h"

#include <set>

namespace mayfly::aws {
namespace {

constexpr int k_pages_max = 1000;

std::string bare_name(const Action& action) {
  return action.name.substr(action.name.find(':') + 1);
}

}  // namespace

QueryForm ec2_form(const std::string& action) { return {action, "2016-11-15"}; }

Action ec2_read(const std::string& action) { return {"ec2:" + action, Protocol::query, false}; }

Action ec2_change(const std::string& action) { return {"ec2:" + action, Protocol::query, true}; }

Result<XmlAnswer> ec2_parse(const Action& action, const std::string& body) {
  auto answer = parse_xml(body, bare_name(action) + "Response");
  if (!answer) return fail(bad_answer(action, answer.error().message));
  return answer;
}

Result<XmlAnswer> ec2_call(SignedSender& sender, const Action& action, std::string body,
                           SteadyTime deadline) {
  const HttpRequest request = form_request(sender.endpoint(), std::move(body));
  TRY_ASSIGN(const std::string text, call(sender, request, action, deadline));
  return ec2_parse(action, text);
}

Status ec2_pages(SignedSender& sender, const Action& action, const QueryForm& form,
                 SteadyTime deadline, const std::function<Status(pugi::xml_node)>& visit) {
  std::set<std::string> seen;
  std::string next;
  for (int page = 0; page < k_pages_max; ++page) {
    QueryForm request = form;
    if (!next.empty()) request.add("NextToken", next);
    TRY_ASSIGN(const XmlAnswer answer, ec2_call(sender, action, request.body(), deadline));
    TRY(visit(answer.root()));
    next = child_text(answer.root(), "nextToken");
    if (next.empty()) return {};
    if (!seen.insert(next).second) return fail(bad_answer(action, "a NextToken came twice"));
  }
  return fail(bad_answer(action, "there are more than 1000 pages"));
}

void add_filter(QueryForm& form, int n, const std::string& name,
                const std::vector<std::string>& values) {
  const std::string prefix = "Filter." + std::to_string(n);
  form.add(prefix + ".Name", name).add_list(prefix + ".Value", values);
}

void add_tags(QueryForm& form, const std::string& prefix, const std::string& resource,
              const Tags& tags) {
  if (tags.empty()) return;
  form.add(prefix + ".ResourceType", resource);
  int n = 0;
  for (const auto& [key, value] : tags) {
    const std::string tag = prefix + ".Tag." + std::to_string(++n);
    form.add(tag + ".Key", key).add(tag + ".Value", value);
  }
}

Status ec2_dry_run(SignedSender& sender, const Action& action, const std::string& body,
                   bool unknown_id_means_allowed, SteadyTime deadline) {
  const HttpRequest request = form_request(sender.endpoint(), body + "&DryRun=true");
  TRY_ASSIGN(const Answer answer, exchange(sender, request, action, deadline));
  if (!answer.failure) return fail(bad_answer(action, "it carried out a dry run"));
  if (answer.failure->code == "DryRunOperation") return {};
  if (unknown_id_means_allowed && answer.failure->code.starts_with("InvalidInstanceID.")) return {};
  return fail(interpret(*answer.failure, action.name));
}

}  // namespace mayfly::aws
