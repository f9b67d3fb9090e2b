#include <algorithm>

#include "base/text.h"
#include "config/parse_tables.h"

namespace mayfly {
namespace {

// GitHub gives ids as JSON numbers, which are exact up to 2^53.
constexpr IntRange k_group_ids = {1, 9'007'199'254'740'992};
constexpr IntRange k_installation_ids = k_group_ids;
// With less, ending a few leases takes minutes: half of it is the sweep's, and half of that may go
// into lists of runners.
constexpr IntRange k_calls_per_minute = {60, 10'000};

constexpr std::size_t k_workflows_max = 50;
constexpr std::size_t k_logins_max = 1000;

// An event that GitHub does not know would let in nothing, in silence.
Status check_events(const Section& section, const std::vector<std::string>& events) {
  for (const std::string& event : events) {
    if (std::ranges::find(github_events(), event) != github_events().end()) continue;
    const auto near = nearest(event, github_events());
    return section.refuse(
        "events", "names \"" + event + "\", which starts no workflow" +
                      (near ? "; did you mean \"" + std::string(*near) + "\"?" : std::string()));
  }
  return {};
}

Result<RunPolicy> parse_policy(const Section& section) {
  RunPolicy policy;
  TRY(section.texts("events", k_event, github_events().size(), policy.events));
  TRY(check_events(section, policy.events));
  TRY(section.texts("workflows", k_workflow_path, k_workflows_max, policy.workflows));
  TRY(section.choice<Forks>("forks",
                            {{"allow", Forks::allow},
                             {"deny", Forks::deny},
                             {"returning", Forks::returning},
                             {"approved", Forks::approved}},
                            policy.forks));
  TRY(section.texts("denied_actors", k_login, k_logins_max, policy.denied_actors));
  return policy;
}

Result<RepositoryConfig> parse_repository_table(const Section& section) {
  RepositoryConfig repository;
  TRY(section.require("name"));
  TRY(section.text("name", k_repository_name, repository.name.text));
  TRY(section.choice<SeedLabels>(
      "seed_labels",
      {{"off", SeedLabels::off}, {"while-a-run-is-live", SeedLabels::while_a_run_is_live}},
      repository.seed_labels));
  TRY(section.text("seed_label_prefix", k_label_prefix, repository.seed_label_prefix));
  TRY_ASSIGN(repository.policy, parse_policy(section));
  TRY(section.choice<Webhook>(
      "webhook",
      {{"off", Webhook::off}, {"derived", Webhook::derived}, {"shared", Webhook::shared}},
      repository.webhook));
  TRY(section.boolean("cancel_unserved", repository.cancel_unserved));
  TRY(section.boolean("rerun_interrupted", repository.rerun_interrupted));
  return repository;
}

// A token or an App: with both it would be unclear which one counts.
Status parse_credential(const Section& section, GithubConfig& github) {
  const bool has_app =
      section.has("app_id") || section.has("app_private_key") || section.has("app_installation_id");
  if (!has_app) {
    TRY(section.require("token"));
    return section.secret("token", github.token);
  }
  if (section.has("token"))
    return section.refuse("token", "and github.app_id are two credentials: keep one of them");
  GithubAppConfig app;
  TRY(section.require("app_id"));
  TRY(section.require("app_private_key"));
  TRY(section.text("app_id", k_app_id, app.id));
  TRY(section.secret("app_private_key", app.private_key));
  TRY(section.integer("app_installation_id", k_installation_ids, app.installation_id));
  github.app = std::move(app);
  return {};
}

}  // namespace

Result<GithubConfig> parse_github(const Section& section) {
  GithubConfig github;
  TRY(section.text("api_url", k_api_url, github.api_url));
  TRY(parse_credential(section, github));
  TRY(section.choice<GithubScope>(
      "scope",
      {{"organization", GithubScope::organization}, {"repository", GithubScope::repository}},
      github.scope));
  TRY(section.text("organization", k_organization, github.organization));
  TRY(section.integer("runner_group_id", k_group_ids, github.runner_group_id));
  TRY(section.integer("calls_per_minute", k_calls_per_minute, github.calls_per_minute));
  if (section.has("webhook_secret")) {
    github.webhook_secret.emplace();
    TRY(section.secret("webhook_secret", *github.webhook_secret));
  }
  if (github.scope == GithubScope::organization) TRY(section.require("organization"));
  if (github.scope == GithubScope::repository && section.has("organization"))
    return section.refuse("organization", "has no meaning while github.scope is \"repository\"");
  return github;
}

Result<std::vector<RepositoryConfig>> parse_repositories(const Section& top) {
  TRY(top.require("repository"));
  TRY_ASSIGN(const std::vector<Section> sections, top.tables("repository"));
  std::vector<RepositoryConfig> repositories;
  for (const Section& section : sections) {
    TRY_ASSIGN(RepositoryConfig repository, parse_repository_table(section));
    const std::string name = to_lower(repository.name.text);
    const bool is_known = std::ranges::any_of(repositories, [&](const RepositoryConfig& other) {
      return to_lower(other.name.text) == name;
    });
    if (is_known) return section.refuse("name", "appears twice");
    // A label must tell whose it is: one repository's prefix may not begin another's.
    const bool is_shared = std::ranges::any_of(repositories, [&](const RepositoryConfig& other) {
      return repository.seed_labels != SeedLabels::off && other.seed_labels != SeedLabels::off &&
             (other.seed_label_prefix.starts_with(repository.seed_label_prefix) ||
              repository.seed_label_prefix.starts_with(other.seed_label_prefix));
    });
    if (is_shared)
      return section.refuse("seed_label_prefix", "must not begin like another repository's");
    repositories.push_back(std::move(repository));
  }
  if (repositories.empty()) return top.refuse("repository", "must have at least one table");
  return repositories;
}

}  // namespace mayfly
