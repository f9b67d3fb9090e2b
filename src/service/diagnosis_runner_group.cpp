#include "service/diagnosis_runner_group.h"

#include <algorithm>

#include "base/text.h"
#include "service/upstream.h"

namespace mayfly {
namespace {

constexpr const char* k_subject = "github: runner group";
constexpr const char* k_selected = "selected";

std::string describe(const github::RunnerGroup& group) {
  return std::to_string(group.id) + " (" + printable(group.name, 60) + ")";
}

std::string make_one() {
  return "`mayfly check --create-runner-group NAME` makes one that only the configured "
         "repositories "
         "may use.";
}

std::string settings_of(const Config& config) {
  return "In the settings of the organization " + config.github.organization +
         ", Actions, Runner groups: ";
}

bool is_named(const std::vector<github::Repository>& repositories, const std::string& name) {
  return std::any_of(repositories.begin(), repositories.end(),
                     [&](const auto& one) { return to_lower(one.full_name) == to_lower(name); });
}

bool is_configured(const Config& config, const std::string& name) {
  return std::any_of(
      config.repositories.begin(), config.repositories.end(),
      [&](const RepositoryConfig& one) { return to_lower(one.name.text) == to_lower(name); });
}

std::string join(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + printable(name, 100);
  return out;
}

std::vector<std::string> strangers(const Config& config,
                                   const std::vector<github::Repository>& repositories) {
  std::vector<std::string> out;
  for (const github::Repository& one : repositories)
    if (!is_configured(config, one.full_name)) out.push_back(one.full_name);
  return out;
}

std::vector<std::string> locked_out(const Config& config,
                                    const std::vector<github::Repository>& repositories) {
  std::vector<std::string> out;
  for (const RepositoryConfig& one : config.repositories)
    if (!is_named(repositories, one.name.text)) out.push_back(one.name.text);
  return out;
}

bool has_public(const std::vector<github::Repository>& repositories) {
  return std::any_of(repositories.begin(), repositories.end(),
                     [](const github::Repository& one) { return !one.is_private; });
}

Finding problem(std::string text, std::string remedy) {
  return {Finding::Level::problem, k_subject, std::move(text), std::move(remedy)};
}

}  // namespace

Finding judge_runner_group(const Config& config, const github::RunnerGroup& group,
                           const std::vector<github::Repository>& repositories) {
  const std::string which = "group " + describe(group);
  if (group.visibility != k_selected)
    return problem(which + " lets in other repositories of the organization than the configured",
                   make_one() + " Or restrict this one to selected repositories. " +
                       settings_of(config) + "Repository access.");
  if (const auto extra = strangers(config, repositories); !extra.empty())
    return problem(which + " lets in what is not configured: " + join(extra),
                   settings_of(config) + "take them out of the selected repositories.");
  if (const auto missing = locked_out(config, repositories); !missing.empty())
    return problem(which + " gives no runner to " + join(missing),
                   settings_of(config) + "select them as well.");
  if (!group.allows_public_repositories && has_public(repositories))
    return problem(which + " gives no runner to public repositories, and one of these is public",
                   settings_of(config) + "allow public repositories.");
  return {Finding::Level::ok, k_subject, which + " lets in the configured repositories alone", ""};
}

Finding missing_runner_group(std::int64_t id, const Error& error) {
  if (error.code != Code::github_not_found)
    return problem(error.message, std::string(info(error.code).remedy));
  return problem("there is no group " + std::to_string(id) + ", or it may not be read",
                 "Set github.runner_group_id to one that is there. " + make_one());
}

Result<github::RunnerGroup> make_runner_group(const Config& config, github::GithubClient& github,
                                              Clock& clock, const std::string& name) {
  if (config.github.scope == GithubScope::repository)
    return fail(Code::config_invalid,
                "github.scope is \"repository\": its runners are in no group of an organization");
  TRY_ASSIGN(const auto groups, github.list_runner_groups(call_deadline(clock)));
  for (const github::RunnerGroup& group : groups) {
    if (to_lower(group.name) != to_lower(name)) continue;
    TRY_ASSIGN(const auto repositories,
               github.list_group_repositories(group.id, call_deadline(clock)));
    const Finding finding = judge_runner_group(config, group, repositories);
    if (finding.level == Finding::Level::ok) return group;
    return fail(Code::config_invalid, "there is one of that name: " + finding.text);
  }
  github::NewRunnerGroup wanted{name, {}, false};
  for (const RepositoryConfig& one : config.repositories) {
    TRY_ASSIGN(const auto repository, github.get_repository(one.name, call_deadline(clock)));
    wanted.repository_ids.push_back(repository.id);
    wanted.allows_public_repositories |= !repository.is_private;
  }
  return github.create_runner_group(wanted, call_deadline(clock));
}

}  // namespace mayfly
