#include "service/diagnosis_github.h"

#include <string_view>

namespace mayfly {
namespace {

constexpr std::string_view k_api_host = "https://api.";
constexpr std::string_view k_server_path = "/api/v3";

std::string account_of(const Config& config) {
  const std::string& repository = config.repositories.front().name.text;
  return config.github.scope == GithubScope::organization
             ? config.github.organization
             : repository.substr(0, repository.find('/'));
}

// A user's own App and installation stand elsewhere than an organization's.
std::string settings_of(const Config& config) {
  const std::string web = github_web_url(config.github.api_url);
  if (config.github.scope == GithubScope::repository) return web + "/settings";
  return web + "/organizations/" + account_of(config) + "/settings";
}

std::string for_app(const Config& config, const Error& error) {
  const std::string settings = settings_of(config);
  switch (error.code) {
    case Code::github_forbidden:
      return "Grant it to the App: " + settings +
             "/apps, Permissions & events; then accept the change for its installation: " +
             settings + "/installations.";
    case Code::github_unauthorized:
      return "Compare github.app_id and github.app_private_key with the App's page (" + settings +
             "/apps): its id, and the keys that it still has.";
    case Code::github_not_found:
      return "Install the App where the repositories are (" + settings +
             "/apps, Install App), and check github.app_installation_id.";
    default:
      return {};
  }
}

}  // namespace

std::string github_web_url(const std::string& api_url) {
  if (api_url.ends_with(k_server_path))
    return api_url.substr(0, api_url.size() - k_server_path.size());
  if (api_url.starts_with(k_api_host)) return "https://" + api_url.substr(k_api_host.size());
  return api_url;
}

std::string github_remedy(const Config& config, const Error& error) {
  if (config.github.app) return for_app(config, error);
  if (error.code != Code::github_forbidden) return {};
  return "Grant it to the token: " + github_web_url(config.github.api_url) +
         "/settings/personal-access-tokens, Permissions; its resource owner must be " +
         account_of(config) + ", whose owners may have to approve it.";
}

}  // namespace mayfly
