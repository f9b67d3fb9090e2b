// The calls that an App makes as itself. How GitHub words its refusals is taken from its answers as
// others report them, not from a document.

#include <algorithm>
#include <boost/json/object.hpp>

#include "base/json.h"
#include "base/text.h"
#include "lab/github/bodies.h"
#include "lab/github/routes.h"

namespace mayfly::lab::rest {
namespace {

json::object permissions_body(const Permissions& permissions) {
  json::object out;
  for (const auto& [name, level] : permissions) out[name] = level;
  return out;
}

json::object installation_body(const Ask& ask) {
  const GithubApp& app = *ask.options.app;
  const std::string& base = ask.options.base_url;
  const std::string id = std::to_string(app.installation_id);
  return {{"id", app.installation_id},
          {"account", user_body(ask.options, ask.options.organization)},
          {"access_tokens_url", base + "/app/installations/" + id + "/access_tokens"},
          {"repositories_url", base + "/installation/repositories"},
          {"html_url",
           base + "/organizations/" + ask.options.organization + "/settings/installations/" + id},
          {"app_id", parse_int(app.id).value_or(0)},
          {"target_id", 1},
          {"target_type", "Organization"},
          {"permissions", permissions_body(app.permissions)},
          {"events", json::array()},
          {"single_file_name", nullptr},
          {"repository_selection", "all"},
          {"created_at", iso8601(ask.now)},
          {"updated_at", iso8601(ask.now)},
          {"app_slug", "mayfly"},
          {"suspended_by", nullptr},
          {"suspended_at", nullptr}};
}

bool is_installation(const Ask& ask) {
  return ask.options.app && parse_int(ask.arguments.at(0)) == ask.options.app->installation_id;
}

// Those that the body names, or all; an error where one was not granted.
Result<Permissions> wanted_permissions(const Ask& ask, const json::object& body) {
  const Permissions& granted = ask.options.app->permissions;
  const json::object* wanted = json_object(body, "permissions");
  if (wanted == nullptr) return granted;
  Permissions out;
  for (const auto& [name, level] : *wanted) {
    if (!level.is_string()) return fail(Code::github_refused, "Invalid permissions");
    out[std::string(name)] = std::string(level.get_string());
  }
  for (const auto& [name, level] : out)
    if (!includes(granted, name, level))
      return fail(Code::github_refused,
                  "The permissions requested are not granted to this installation.");
  return out;
}

Status check_repositories(const Ask& ask, const json::object& body) {
  const json::array* names = json_array(body, "repositories");
  for (std::size_t i = 0; names != nullptr && i < names->size(); ++i) {
    const std::string name = (*names)[i].is_string() ? std::string((*names)[i].get_string()) : "";
    const std::string full = to_lower(ask.options.organization + "/" + name);
    const bool is_known =
        std::any_of(ask.options.repositories.begin(), ask.options.repositories.end(),
                    [&](const RepositoryName& one) { return to_lower(one.text) == full; });
    if (!is_known)
      return fail(Code::github_refused,
                  "There is at least one repository that does not exist or is not accessible to "
                  "the parent installation.");
  }
  return {};
}

json::object delivery_body(const Ask& ask, const HookDelivery& delivery) {
  return {{"id", delivery.id},
          {"guid", delivery.guid},
          {"delivered_at", iso8601(delivery.delivered_at)},
          {"redelivery", delivery.is_redelivery},
          {"duration", 0.27},
          {"status", delivery_status(delivery.status_code)},
          {"status_code", delivery.status_code},
          {"event", "workflow_job"},
          {"action", delivery.content.action},
          {"installation_id", ask.options.app->installation_id},
          {"repository_id", nullptr},
          {"throttled_at", nullptr}};
}

}  // namespace

HttpResponse find_installation(const Ask& ask, GithubWorld& /*world*/) {
  std::string name = ask.arguments.at(0);
  if (to_lower(name) != to_lower(ask.options.organization)) return not_found();
  return json_answer(200, installation_body(ask));
}

HttpResponse get_installation(const Ask& ask, GithubWorld& /*world*/) {
  return is_installation(ask) ? json_answer(200, installation_body(ask)) : not_found();
}

HttpResponse make_installation_token(const Ask& ask, GithubWorld& world) {
  if (!is_installation(ask)) return not_found();
  const auto body = parse_json(ask.request.body.empty() ? "{}" : ask.request.body);
  if (!body || !body->is_object()) return refusal(400, "Problems parsing JSON");
  const Status repositories = check_repositories(ask, body->get_object());
  if (!repositories) return refusal(repositories.error());
  const auto permissions = wanted_permissions(ask, body->get_object());
  if (!permissions) return refusal(permissions.error());
  const GithubApp& app = *ask.options.app;
  const std::string token = world.app_tokens().mint(app, ask.random, *permissions, ask.now);
  const bool is_narrowed = json_array(body->get_object(), "repositories") != nullptr;
  return json_answer(201, json::object{{"token", token},
                                       {"expires_at", iso8601(ask.now + app.token_life)},
                                       {"permissions", permissions_body(*permissions)},
                                       {"repository_selection", is_narrowed ? "selected" : "all"}});
}

// The first page: GitHub's others are told by a cursor that nobody here follows.
HttpResponse list_deliveries(const Ask& ask, GithubWorld& world) {
  const auto wanted = parse_int(ask.target.parameter("per_page").value_or("30"));
  if (!wanted || *wanted < 1) return refusal(400, "Bad Request");
  const std::size_t size =
      std::min<std::size_t>(static_cast<std::size_t>(*wanted), ask.options.page_max);
  json::array page;
  for (const HookDelivery& one : world.deliveries().newest_first()) {
    if (page.size() == size) break;
    page.push_back(delivery_body(ask, one));
  }
  return json_answer(200, std::move(page));
}

HttpResponse redeliver(const Ask& ask, GithubWorld& world) {
  const auto id = parse_int(ask.arguments.at(0));
  if (!id) return refusal(400, "Bad Request");
  const Status asked = world.deliveries().ask_again(*id);
  return asked ? json_answer(202, json::object{}) : refusal(asked.error());
}

}  // namespace mayfly::lab::rest
