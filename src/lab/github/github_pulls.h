#pragma once

// The pull requests of the emulated GitHub, their reviews, and who their authors are to each
// repository. No HTTP, no lock, no clock: FakeGithub adds those. As on GitHub: an author cannot
// judge the own pull request, a review keeps the commit that it saw, and a dismissal changes the
// review itself. Associations are what the test says; they are NONE else.
//
// Errors: github_not_found (no such thing), github_refused (not a state or association of GitHub's,
// or not by this account).

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace mayfly::lab {

struct GithubReview {
  std::int64_t id = 0;
  std::string author;
  std::string state;   // "APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"
  std::string commit;  // the head, then
  WallTime submitted_at = {};
};

struct GithubPull {
  std::int64_t number = 0;
  RepositoryName repository;    // of the base
  std::string head_repository;  // empty: the fork is gone
  std::string head_branch = "topic";
  std::string head_sha = "6dcb09b5b57875f334f61aebed695e2e4193db5e";
  std::string base_branch = "main";
  std::string author = "contributor";
  bool is_open = true;
  WallTime created_at = {};
  std::vector<GithubReview> reviews = {};  // oldest first
};

class GithubPulls {
 public:
  // Its number, which is new.
  std::int64_t open(GithubPull pull, WallTime now);
  [[nodiscard]] Status close(const RepositoryName& repository, std::int64_t number);
  [[nodiscard]] Status push(const RepositoryName& repository, std::int64_t number,
                            const std::string& sha);
  // state: APPROVED, CHANGES_REQUESTED or COMMENTED. The review's id.
  [[nodiscard]] Result<std::int64_t> review(const RepositoryName& repository, std::int64_t number,
                                            const std::string& author, const std::string& state,
                                            WallTime now);
  [[nodiscard]] Status dismiss(const RepositoryName& repository, std::int64_t number,
                               std::int64_t review);
  // One of GitHub's eight words.
  [[nodiscard]] Status associate(const RepositoryName& repository, const std::string& login,
                                 const std::string& association);

  [[nodiscard]] std::string association(const RepositoryName& repository,
                                        const std::string& login) const;
  [[nodiscard]] const GithubPull* find(const RepositoryName& repository, std::int64_t number) const;
  // By number, oldest first.
  [[nodiscard]] const std::map<std::int64_t, GithubPull>& all() const { return pulls_; }

 private:
  [[nodiscard]] Result<GithubPull*> pull_of(const RepositoryName& repository, std::int64_t number);

  std::map<std::int64_t, GithubPull> pulls_;
  std::map<std::pair<std::string, std::string>, std::string> associations_;  // lower case
  std::int64_t next_number_ = 1;
  std::int64_t next_review_ = 1'000'000'001;
};

}  // namespace mayfly::lab
