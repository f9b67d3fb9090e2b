// EC2's answers, page by page, through each function of Ec2Client. The form of an input is that of
// conversation.h, with one of k_operations in its first line.

#include <map>
#include <sstream>

#include "aws/ec2.h"
#include "aws/xml.h"
#include "fuzz/aws_bench.h"

namespace mayfly::fuzz {
namespace {

constexpr auto k_operations = std::to_array<std::string_view>(
    {"create-fleet", "describe-instances", "terminate-instances", "disable-metadata",
     "describe-images", "template-versions", "create-template", "create-template-version",
     "may-create-fleet", "may-terminate"});

struct Bench {
  explicit Bench(std::string_view input) : wire(input) {}

  Conversation wire;
  AwsBench seams{wire, "ec2"};
  aws::Ec2Client ec2{seams.sender};
  SteadyTime deadline{Seconds{60}};
};

bool is_of_aws(Code code) {
  return code == Code::no_capacity || info(code).name.starts_with("aws-");
}

template <class T>
void check_read(const Result<T>& result) {
  if (result) return;
  check_error(result.error());
  law(is_of_aws(result.error().code), "a failure of EC2 has a code of AWS");
  law(result.error().code != Code::aws_lost, "a read is never ambiguous", result.error().message);
}

template <class T>
void check_change(const Bench& bench, const Result<T>& result) {
  const Result<HttpResponse>& first = bench.wire.first();
  if (result) {
    const bool is_retried = bench.wire.sent.size() > 1;
    law(is_retried || (first && first->ok()), "no change is believed without a 2xx");
    return;
  }
  check_error(result.error());
  law(is_of_aws(result.error().code), "a failure of EC2 has a code of AWS");
  law(bench.wire.sent.size() <= 2, "a change is sent twice at most");
  const bool may_have_happened = first ? first->ok() : first.error().code == Code::transport_lost;
  if (may_have_happened)
    law(result.error().code == Code::aws_lost, "what may have happened is ambiguous",
        result.error().message);
}

void check_fleet(Bench& bench) {
  const auto fleet = bench.ec2.create_fleet("Action=CreateFleet", bench.deadline);
  check_change(bench, fleet);
  if (!fleet) return;
  for (const aws::LaunchedInstance& one : fleet->instances)
    law(parse_instance_id(one.id.text) == one.id, "an instance has an id", one.id.text);
  for (const aws::FleetError& one : fleet->errors) {
    const Error error = aws::interpret({200, one.code, one.message, false}, "ec2:CreateFleet");
    check_error(error);
    law(is_of_aws(error.code) && error.code != Code::aws_lost,
        "an error inside a fleet launched nothing", error.message);
  }
}

void check_instances(Bench& bench) {
  const auto found =
      bench.ec2.describe_instances({{{"mayfly:deployment", "ci"}}, {}, {}}, bench.deadline);
  check_read(found);
  if (!found) return;
  for (const aws::Instance& one : *found) {
    law(parse_instance_id(one.id.text) == one.id, "an instance has an id", one.id.text);
    law(to_string(one.state) != "unknown", "and a state");
    law(iso8601_millis(one.launched_at).size() == 24, "and a time of launch that can be written");
  }
}

void check_termination(Bench& bench) {
  const std::vector<InstanceId> ids = {InstanceId{"i-0123456789abcdef0"},
                                       InstanceId{"i-0123456789abcdef1"},
                                       InstanceId{"i-0123456789abcdef2"}};
  const auto refusals = bench.ec2.terminate_instances(ids, bench.deadline);
  law(bench.wire.sent.size() <= 2 * (2 * ids.size() - 1), "a batch is halved, not repeated");
  if (!refusals) {
    check_error(refusals.error());
    law(is_of_aws(refusals.error().code), "a failure of EC2 has a code of AWS");
    return;
  }
  std::vector<InstanceId> refused;
  for (const aws::TerminationRefusal& one : *refusals) {
    check_error(one.error);
    law(std::find(ids.begin(), ids.end(), one.id) != ids.end(), "only what was asked is refused");
    law(std::find(refused.begin(), refused.end(), one.id) == refused.end(), "and only once");
    law(one.error.code != Code::aws_not_found, "what EC2 does not know is terminated");
    refused.push_back(one.id);
  }
}

void check_images(Bench& bench) {
  const auto images = bench.ec2.describe_images({"self", "rr-*", "x86_64"}, bench.deadline);
  check_read(images);
  if (!images) return;
  for (const aws::Image& one : *images)
    law(!one.id.empty() && !one.creation_date.empty(), "an image has an id and a date");
}

void check_versions(Bench& bench) {
  const auto found = bench.ec2.describe_launch_template_versions("mayfly-ci", bench.deadline);
  check_read(found);
  if (!found || !*found) return;
  for (const aws::LaunchTemplateVersion& one : **found)
    law(parse_int(one.version).has_value(), "a version is a number", one.version);
}

void check_made_version(const Bench& bench, const Result<std::string>& version) {
  check_change(bench, version);
  if (version) law(parse_int(*version).has_value(), "a version is a number", *version);
}

void check_permission(const Bench& bench, const Status& allowed) {
  const Result<HttpResponse>& first = bench.wire.first();
  if (allowed) {
    law(first && (!first->ok() || bench.wire.sent.size() > 1), "only a refused dry run says yes");
    return;
  }
  check_error(allowed.error());
  law(is_of_aws(allowed.error().code), "a failure of EC2 has a code of AWS");
}

void check_operation(Bench& bench) {
  aws::LaunchTemplate made;
  made.name = "mayfly-ci";
  made.security_group_ids = {"sg-0a"};
  const ClientToken token{"token"};
  switch (bench.wire.operation(k_operations)) {
    case 0:
      return check_fleet(bench);
    case 1:
      return check_instances(bench);
    case 2:
      return check_termination(bench);
    case 3:
      return check_change(
          bench, bench.ec2.disable_metadata(InstanceId{"i-0123456789abcdef0"}, bench.deadline));
    case 4:
      return check_images(bench);
    case 5:
      return check_versions(bench);
    case 6:
      return check_made_version(bench,
                                bench.ec2.create_launch_template(made, {}, token, bench.deadline));
    case 7:
      return check_made_version(
          bench, bench.ec2.create_launch_template_version(made, token, bench.deadline));
    case 8:
      return check_permission(bench, bench.ec2.may_create_fleet("Action=X", bench.deadline));
    default:
      return check_permission(bench, bench.ec2.may_terminate(bench.deadline));
  }
}

std::string written(const aws::XmlAnswer& answer) {
  std::ostringstream out;
  answer.root().print(out, "", pugi::format_raw);
  return out.str();
}

// What stands before the root begins with a document type, after the XML declaration if any.
bool begins_with_doctype(std::string_view text) {
  text = trim(text);
  if (text.starts_with("<?"))
    text = trim(text.substr(std::min(text.find("?>"), text.size() - 2) + 2));
  return text.starts_with("<!DOCTYPE");
}

// The parser alone, with each root that a first answer may have.
void check_xml(std::string_view text) {
  for (const char* root :
       {"Response", "ErrorResponse", "CreateFleetResponse", "DescribeImagesResponse",
        "DescribeInstancesResponse", "TerminateInstancesResponse"}) {
    const auto answer = aws::parse_xml(text, root);
    if (!answer) {
      check_error(answer.error());
      law(answer.error().code == Code::aws_bad_answer, "a bad document is aws-bad-answer");
      continue;
    }
    law(!begins_with_doctype(text), "no document has a document type");
    law(answer->root().name() == std::string_view(root), "the root is the one asked for");
    const std::string once = written(*answer);
    const auto again = aws::parse_xml(once, root);
    law(again.has_value(), "a document is accepted again when written", once);
    // The first writing may lose space that stands alone.
    const std::string twice = written(*again);
    const auto thrice = aws::parse_xml(twice, root);
    law(thrice && written(*thrice) == twice, "and is written the same", twice);
  }
}

// Once, and once more with other credentials.
void check_pages(const Conversation& wire) {
  std::map<std::string, int> asked;
  for (const HttpRequest& request : wire.sent)
    law(++asked[request.body] <= 2, "no page is asked for again and again", request.body);
}

}  // namespace
}  // namespace mayfly::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  fuzz::Bench bench(fuzz::text_of(data, size));
  if (bench.wire.first()) fuzz::check_xml(bench.wire.first()->body);
  fuzz::check_operation(bench);
  fuzz::check_pages(bench.wire);
  return 0;
}
