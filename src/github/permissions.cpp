#include "github/permissions.h"

#include "base/text.h"

namespace mayfly::github {
namespace {

struct Title {
  std::string_view name;
  std::string_view text;
};

constexpr Title k_titles[] = {
    {"organization_self_hosted_runners", "organization permission \"Self-hosted runners\""},
    {"administration", "repository permission \"Administration\""},
    {"actions", "repository permission \"Actions\""},
    {"pull_requests", "repository permission \"Pull requests\""},
    {"metadata", "repository permission \"Metadata\""},
};

constexpr std::size_t k_accepted_max = 300;

}  // namespace

std::vector<Permission> needed_permissions(Scope::Kind scope, bool reads_pulls, bool changes_runs) {
  std::vector<Permission> needed = {{"actions", changes_runs ? "write" : "read"}};
  if (scope == Scope::Kind::organization)
    needed.push_back({"organization_self_hosted_runners", "write"});
  else
    needed.push_back({"administration", "write"});
  if (reads_pulls) needed.push_back({"pull_requests", "read"});
  return needed;
}

std::string in_words(const Permission& permission) {
  std::string text = permission.name + "=" + permission.level;
  for (const Title& title : k_titles)
    if (title.name == permission.name)
      text += " (" + std::string(title.text) + ": " +
              (permission.level == "write" ? "read and write" : "read") + ")";
  return text;
}

std::string permissions_in_words(std::string_view accepted) {
  std::string text;
  const std::string short_list = printable(accepted, k_accepted_max);
  for (const std::string& one : split(short_list, ';')) {
    const std::string_view pair = trim(one);
    const std::size_t equals = pair.find('=');
    text += text.empty() ? "" : "; ";
    if (equals == std::string_view::npos)
      text += pair;
    else
      text += in_words({std::string(pair.substr(0, equals)), std::string(pair.substr(equals + 1))});
  }
  return text;
}

}  // namespace mayfly::github
