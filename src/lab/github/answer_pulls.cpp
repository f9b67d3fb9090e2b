#include <boost/json/object.hpp>

#include "base/text.h"
#include "lab/github/bodies.h"
#include "lab/github/routes.h"

namespace mayfly::lab::rest {
namespace {

bool is_same(const std::string& a, const std::string& b) { return to_lower(a) == to_lower(b); }

bool is_served(const Ask& ask, const RepositoryName& repository) {
  for (const RepositoryName& one : ask.options.repositories)
    if (is_same(one.text, repository.text)) return true;
  return false;
}

RepositoryName repository_in(const Ask& ask) {
  return {ask.arguments.at(0) + "/" + ask.arguments.at(1)};
}

// "owner:branch". One without a colon filters nothing: GitHub ignores what it cannot read there.
bool has_head(const GithubPull& pull, std::optional<std::string_view> head) {
  const std::size_t colon = head ? head->find(':') : std::string::npos;
  if (colon == std::string::npos) return true;
  const std::string owner = pull.head_repository.substr(0, pull.head_repository.find('/'));
  return is_same(owner, std::string(head->substr(0, colon))) &&
         pull.head_branch == head->substr(colon + 1);
}

bool passes(const Ask& ask, const GithubPull& pull, const std::string& state) {
  const auto base = ask.target.parameter("base");
  const bool has_state = state == "all" || pull.is_open == (state == "open");
  return has_state && has_head(pull, ask.target.parameter("head")) &&
         (!base || *base == pull.base_branch);
}

}  // namespace

HttpResponse list_pulls(const Ask& ask, GithubWorld& world) {
  const RepositoryName repository = repository_in(ask);
  if (!is_served(ask, repository)) return not_found();
  const std::string state(ask.target.parameter("state").value_or("open"));
  if (state != "open" && state != "closed" && state != "all")
    return refusal(422, "Validation Failed");
  json::array found;
  const auto& all = world.pulls().all();
  for (auto entry = all.rbegin(); entry != all.rend(); ++entry)  // newest first
    if (is_same(entry->second.repository.text, repository.text) &&
        passes(ask, entry->second, state))
      found.push_back(pull_body(ask.options, world.pulls(), entry->second));
  return paged_array(ask, std::move(found));
}

HttpResponse list_reviews(const Ask& ask, GithubWorld& world) {
  const RepositoryName repository = repository_in(ask);
  const auto number = parse_int(ask.arguments.at(2));
  const GithubPull* pull = number ? world.pulls().find(repository, *number) : nullptr;
  if (!is_served(ask, repository) || pull == nullptr) return not_found();
  json::array found;
  for (const GithubReview& review : pull->reviews)
    found.push_back(review_body(ask.options, world.pulls(), *pull, review));
  return paged_array(ask, std::move(found));
}

}  // namespace mayfly::lab::rest
