#include "lab/github/github_pulls.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.h"

namespace mayfly::lab {
namespace {

constexpr std::array<std::string_view, 8> k_associations = {
    "COLLABORATOR", "CONTRIBUTOR", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR",
    "MANNEQUIN",    "MEMBER",      "NONE",        "OWNER"};
constexpr std::array<std::string_view, 3> k_review_states = {"APPROVED", "CHANGES_REQUESTED",
                                                             "COMMENTED"};

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_same(const std::string& a, const std::string& b) { return to_lower(a) == to_lower(b); }

}  // namespace

std::int64_t GithubPulls::open(GithubPull pull, WallTime now) {
  pull.number = next_number_++;
  pull.created_at = now;
  const std::int64_t number = pull.number;
  pulls_.emplace(number, std::move(pull));
  return number;
}

Result<GithubPull*> GithubPulls::pull_of(const RepositoryName& repository, std::int64_t number) {
  const auto found = pulls_.find(number);
  if (found == pulls_.end() || !is_same(found->second.repository.text, repository.text))
    return fail(Code::github_not_found, "there is no pull request " + std::to_string(number));
  return &found->second;
}

const GithubPull* GithubPulls::find(const RepositoryName& repository, std::int64_t number) const {
  const auto found = pulls_.find(number);
  const bool is_there =
      found != pulls_.end() && is_same(found->second.repository.text, repository.text);
  return is_there ? &found->second : nullptr;
}

Status GithubPulls::close(const RepositoryName& repository, std::int64_t number) {
  TRY_ASSIGN(GithubPull * pull, pull_of(repository, number));
  pull->is_open = false;
  return {};
}

Status GithubPulls::push(const RepositoryName& repository, std::int64_t number,
                         const std::string& sha) {
  TRY_ASSIGN(GithubPull * pull, pull_of(repository, number));
  pull->head_sha = sha;
  return {};
}

Result<std::int64_t> GithubPulls::review(const RepositoryName& repository, std::int64_t number,
                                         const std::string& author, const std::string& state,
                                         WallTime now) {
  TRY_ASSIGN(GithubPull * pull, pull_of(repository, number));
  if (!is_one_of(k_review_states, state))
    return fail(Code::github_refused, "There is no such event of a review.");
  if (state != "COMMENTED" && is_same(author, pull->author))
    return fail(Code::github_refused, "Can not judge your own pull request");
  pull->reviews.push_back({next_review_++, author, state, pull->head_sha, now});
  return pull->reviews.back().id;
}

Status GithubPulls::dismiss(const RepositoryName& repository, std::int64_t number,
                            std::int64_t review) {
  TRY_ASSIGN(GithubPull * pull, pull_of(repository, number));
  for (GithubReview& one : pull->reviews) {
    if (one.id != review) continue;
    if (one.state != "APPROVED" && one.state != "CHANGES_REQUESTED")
      return fail(Code::github_refused, "Can not dismiss a review that judges nothing");
    one.state = "DISMISSED";
    return {};
  }
  return fail(Code::github_not_found, "there is no review " + std::to_string(review));
}

Status GithubPulls::associate(const RepositoryName& repository, const std::string& login,
                              const std::string& association) {
  if (!is_one_of(k_associations, association))
    return fail(Code::github_refused, "There is no such association.");
  associations_[{to_lower(repository.text), to_lower(login)}] = association;
  return {};
}

std::string GithubPulls::association(const RepositoryName& repository,
                                     const std::string& login) const {
  const auto found = associations_.find({to_lower(repository.text), to_lower(login)});
  return found == associations_.end() ? "NONE" : found->second;
}

}  // namespace mayfly::lab
