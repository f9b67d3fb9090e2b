#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "base/text.h"
#include "lab/github/bodies.h"
#include "lab/github/routes.h"

namespace mayfly::lab::rest {
namespace {

constexpr std::size_t k_labels_max = 100;
constexpr std::size_t k_name_max = 64;

// Of the paths with one argument the organization, of those with two a repository; the last
// argument may be a runner's id instead.
std::optional<std::string> scope_of(const Ask& ask) {
  if (ask.target.path.starts_with("/orgs/")) {
    const std::string asked = to_lower(ask.arguments.at(0));
    return asked == to_lower(ask.options.organization) ? std::optional(asked) : std::nullopt;
  }
  const std::string asked = to_lower(ask.arguments.at(0) + "/" + ask.arguments.at(1));
  for (const RepositoryName& repository : ask.options.repositories)
    if (to_lower(repository.text) == asked) return asked;
  return std::nullopt;
}

tl::unexpected<Error> invalid(const std::string& why) {
  return fail(Code::github_refused, "Invalid request.\n\n" + why);
}

Result<std::vector<std::string>> wanted_labels(const json::object& body) {
  const json::array* labels = json_array(body, "labels");
  if (labels == nullptr) return invalid("\"labels\" wasn't supplied.");
  if (labels->empty() || labels->size() > k_labels_max)
    return invalid("\"labels\" must have 1 to 100 items.");
  std::vector<std::string> out;
  for (const json::value& label : *labels) {
    if (!label.is_string() || label.get_string().empty())
      return invalid("For 'items', " + json::serialize(label) + " is not a string.");
    out.emplace_back(label.get_string());
  }
  return out;
}

Result<GithubRunner> wanted_runner(const Ask& ask, const GithubWorld& world,
                                   const std::string& scope) {
  const auto body = parse_json(ask.request.body);
  if (!body || !body->is_object()) return invalid("Problems parsing JSON");
  const json::object& object = body->get_object();
  GithubRunner runner;
  runner.scope = scope;
  runner.secret = ask.random;
  runner.name = json_string(object, "name").value_or("");
  if (runner.name.empty() || runner.name.size() > k_name_max)
    return invalid("\"name\" wasn't supplied or is too long.");
  const auto group = json_int(object, "runner_group_id");
  if (!group) return invalid("\"runner_group_id\" wasn't supplied.");
  if (!world.find_group(*group)) return fail(Code::github_not_found, "Not Found");
  runner.group_id = *group;
  TRY_ASSIGN(runner.labels, wanted_labels(object));
  runner.work_folder = json_string(object, "work_folder").value_or("_work");
  return runner;
}

json::object rate_body(const RateBudget& budget) {
  return {{"limit", budget.limit()},
          {"used", budget.used()},
          {"remaining", budget.remaining()},
          {"reset", epoch_seconds(budget.resets_at())}};
}

}  // namespace

HttpResponse generate_jit_config(const Ask& ask, GithubWorld& world) {
  const auto scope = scope_of(ask);
  if (!scope) return not_found();
  auto runner = wanted_runner(ask, world, *scope);
  if (!runner) return refusal(runner.error());
  const auto id = world.add_runner(std::move(*runner), ask.now);
  if (!id) return refusal(id.error());
  const GithubRunner& made = *world.find_runner(*scope, *id);
  return json_answer(201,
                     json::object{{"runner", runner_body(made, false)},
                                  {"encoded_jit_config", encode_jit_config(ask.options, made)}});
}

HttpResponse make_registration_token(const Ask& ask, GithubWorld&) {
  if (!scope_of(ask)) return not_found();
  const WallTime expires = ask.now + std::chrono::hours{1};
  return json_answer(201, json::object{{"token", "A" + ask.random.substr(0, 28)},
                                       {"expires_at", iso8601(expires)}});
}

HttpResponse list_runners(const Ask& ask, GithubWorld& world) {
  const auto scope = scope_of(ask);
  if (!scope) return not_found();
  const auto name = ask.target.parameter("name");
  json::array found;
  for (const GithubRunner& runner : world.list_runners(*scope, ask.now))
    if (!name || runner.name == *name)
      found.push_back(runner_body(runner, world.is_online(runner, ask.now)));
  return paged_answer(ask, "runners", std::move(found));
}

HttpResponse list_downloads(const Ask& ask, GithubWorld&) {
  if (!scope_of(ask)) return not_found();
  json::array out;
  for (const GithubDownload& download : ask.options.downloads)
    out.push_back(download_body(download));
  return json_answer(200, out);
}

HttpResponse get_runner(const Ask& ask, GithubWorld& world) {
  const auto scope = scope_of(ask);
  const auto id = parse_int(ask.arguments.back());
  const GithubRunner* runner = scope && id ? world.find_runner(*scope, *id) : nullptr;
  if (runner == nullptr) return not_found();
  return json_answer(200, runner_body(*runner, world.is_online(*runner, ask.now)));
}

HttpResponse delete_runner(const Ask& ask, GithubWorld& world) {
  const auto scope = scope_of(ask);
  const auto id = parse_int(ask.arguments.back());
  if (!scope || !id) return not_found();
  const Status removed = world.remove_runner(*scope, *id);
  return removed ? HttpResponse{204, {}, ""} : refusal(removed.error());
}

HttpResponse get_rate_limit(const Ask& ask, GithubWorld&) {
  const json::object core = rate_body(ask.budget);
  return json_answer(
      200,
      json::object{{"resources", json::object{{"core", core}, {"search", core}}}, {"rate", core}});
}

}  // namespace mayfly::lab::rest
