#pragma once

// GitHub's REST API, one function per call that mayfly uses (facts.md A1 to A4). Each is one
// request, or one per page; none repeats itself. Rate limits are obeyed here: once GitHub has said
// wait, every call fails at once with github_throttled and the time that is left, without asking
// again. So is our own budget (call_budget.h): every request is counted, pages, repetitions and
// redirects too, and one that the budget does not let through fails at once with github_budget. Of
// GitHub's hourly limit the last fifth is kept from asks, and the last twentieth from the sweep.
// Answers to GETs of a run, and of the live ones, are kept with their ETag; a 304 costs nothing
// of the primary limit. A GET follows one redirect, on the same host only. Nothing is logged, and
// no error message holds the credential. Thread rule: safe from many threads; no lock is held
// during a call.

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "github/call_budget.h"
#include "github/token_source.h"
#include "seam/clock.h"
#include "seam/transport.h"

namespace mayfly::github {

// Where runners are registered.
struct Scope {
  enum class Kind { organization, repository };
  Kind kind = Kind::organization;
  std::string organization;        // Kind::organization
  RepositoryName repository = {};  // Kind::repository
};

struct Settings {
  std::string api_url = "https://api.github.com";  // no trailing slash
  Scope scope;
  std::string user_agent = "mayfly";
  int calls_per_minute = 120;
};

enum class RunStatus { queued, in_progress, completed, waiting, requested, pending };

struct Run {
  RunId id = 0;
  int attempt = 1;
  RunStatus status = RunStatus::queued;
  std::string conclusion;  // empty until completed
  std::string event;       // "pull_request"
  std::string path;        // ".github/workflows/ci.yml"
  std::string head_branch;
  std::string head_sha;
  std::string head_repository;  // full name; empty when the fork is gone
  std::string repository;       // full name
  std::string actor;
  std::string triggering_actor;
  std::optional<WallTime> created_at;
  std::optional<WallTime> run_started_at;
};

// An open pull request, and a review of one; texts are empty where GitHub says null.
struct Pull {
  std::int64_t number = 0;
  std::string author;
  std::string author_association;  // "OWNER", "MEMBER", "COLLABORATOR", "CONTRIBUTOR", "NONE", ...
  std::string repository;          // full name, of the base
  std::string head_repository;     // full name; empty when the fork is gone
  std::string head_branch;
  std::string head_sha;
};

struct Review {
  std::string author;
  std::string author_association;
  std::string state;   // "APPROVED", "CHANGES_REQUESTED", "DISMISSED", "COMMENTED", "PENDING"
  std::string commit;  // empty when it is gone
};

// Where a run's code comes from.
struct Head {
  std::string repository;  // full name
  std::string branch;
  std::string sha;
};

enum class JobStatus { queued, in_progress, completed, waiting, requested, pending };

struct Job {
  std::int64_t id = 0;
  RunId run_id = 0;
  int attempt = 1;
  JobStatus status = JobStatus::queued;
  std::string conclusion;
  std::string name;
  std::vector<std::string> labels;
  std::optional<RunnerId> runner_id;
  std::string runner_name;
  std::optional<WallTime> created_at = {};
};

struct Runner {
  RunnerId id = 0;
  std::string name;
  bool online = false;
  bool busy = false;
  std::vector<std::string> labels;
};

struct JitRequest {
  std::string name;
  std::int64_t runner_group_id = 1;
  std::vector<std::string> labels;  // 1 to 100; only these: none is added (facts.md A1)
};

struct JitConfig {
  Runner runner;
  Secret encoded;
};

struct RunnerDownload {
  std::string os;            // "linux"
  std::string architecture;  // "x64", "arm64"
  std::string url;
  std::string filename;
  std::string sha256;  // may be empty
};

// Of an organization: whose jobs its runners take.
struct RunnerGroup {
  std::int64_t id = 0;
  std::string name;
  std::string visibility;  // "selected", "all" or "private"
  bool allows_public_repositories = false;
};

struct Repository {
  std::int64_t id = 0;
  std::string full_name;
  bool is_private = false;
};

struct NewRunnerGroup {
  std::string name;
  std::vector<std::int64_t> repository_ids;  // no other repository's jobs get its runners
  bool allows_public_repositories = false;
};

// What the rate-limit headers last said; for `mayfly check` and metrics.
struct RateLimit {
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> remaining;
  std::optional<WallTime> resets_at;
  std::optional<WallTime> closed_until;  // calls fail locally until then
};

struct Call;      // github/call.h
struct Delivery;  // github/deliveries.h

class GithubClient {
 public:
  // Calls on behalf of asks, the purpose that gets least.
  GithubClient(HttpTransport& transport, Clock& clock, TokenSource& tokens, Settings settings);
  // The same client, sharing limits, budget and what is kept, whose calls serve another purpose.
  [[nodiscard]] GithubClient serving(Purpose purpose) const;
  // The App itself, for what stands in deliveries.h, sharing the budget alone: GitHub's limits on
  // it are its own. None: the credential is no App's.
  [[nodiscard]] std::optional<GithubClient> as_app() const;

  [[nodiscard]] Result<Run> get_run(const RepositoryName& repository, RunId run,
                                    SteadyTime deadline);
  // Runs with status in_progress or queued, newest first, at most 100 of each (one page).
  [[nodiscard]] Result<std::vector<Run>> list_live_runs(const RepositoryName& repository,
                                                        SteadyTime deadline);
  // All pages of one attempt.
  [[nodiscard]] Result<std::vector<Job>> list_jobs(const RepositoryName& repository, RunId run,
                                                   int attempt, SteadyTime deadline);

  // Ok: GitHub ends the run, or it was over before (409). Jobs that always run still do.
  [[nodiscard]] Status cancel_run(const RepositoryName& repository, RunId run, SteadyTime deadline);
  // Makes a new attempt of a run that has ended, with the jobs that failed and those that need them
  // (facts.md A). The answer does not say which: the run's attempt does. Needs the same permission.
  [[nodiscard]] Status rerun_failed_jobs(const RepositoryName& repository, RunId run,
                                         SteadyTime deadline);

  // The open pull requests of the repository with exactly this head. GitHub filters by owner and
  // branch only, and not at all where it does not like the filter: its answer is filtered again.
  [[nodiscard]] Result<std::vector<Pull>> list_pulls(const RepositoryName& repository,
                                                     const Head& head, SteadyTime deadline);
  // All pages, oldest first.
  [[nodiscard]] Result<std::vector<Review>> list_reviews(const RepositoryName& repository,
                                                         std::int64_t pull, SteadyTime deadline);

  // github_conflict: a runner of that name exists (409), perhaps from our own lost answer.
  // github_lost: may have been made; look by name before trying another.
  [[nodiscard]] Result<JitConfig> generate_jit_config(const JitRequest& request,
                                                      SteadyTime deadline);
  // All pages, or an error: never a part.
  [[nodiscard]] Result<std::vector<Runner>> list_runners(SteadyTime deadline);
  // The one with exactly this name. The `name` query is a filter whose exactness GitHub does not
  // state, so the answer is filtered again here.
  [[nodiscard]] Result<std::optional<Runner>> find_runner(const std::string& name,
                                                          SteadyTime deadline);
  // Ok when it is gone, also when it was gone before (404). github_busy on 422.
  [[nodiscard]] Status delete_runner(RunnerId id, SteadyTime deadline);
  [[nodiscard]] Result<std::vector<RunnerDownload>> list_downloads(SteadyTime deadline);

  // Runner groups exist in the organization's scope only. github_not_found: there is none such.
  [[nodiscard]] Result<RunnerGroup> get_runner_group(std::int64_t id, SteadyTime deadline);
  // All pages of each, or an error.
  [[nodiscard]] Result<std::vector<RunnerGroup>> list_runner_groups(SteadyTime deadline);
  [[nodiscard]] Result<std::vector<Repository>> list_group_repositories(std::int64_t id,
                                                                        SteadyTime deadline);
  // github_lost: may have been made; look by name before trying again.
  [[nodiscard]] Result<RunnerGroup> create_runner_group(const NewRunnerGroup& group,
                                                        SteadyTime deadline);
  [[nodiscard]] Result<Repository> get_repository(const RepositoryName& name, SteadyTime deadline);

  // deliveries.h
  [[nodiscard]] Result<std::vector<Delivery>> list_deliveries(SteadyTime deadline);
  [[nodiscard]] Status redeliver(std::int64_t delivery, SteadyTime deadline);

  // TokenSource::describe.
  [[nodiscard]] Result<std::string> describe_credential(SteadyTime deadline) {
    return tokens_.describe(deadline);
  }
  [[nodiscard]] RateLimit rate_limit() const;
  // Calls of the last minute, of all purposes: of settings().calls_per_minute.
  [[nodiscard]] int calls_in_minute() const;
  [[nodiscard]] const Settings& settings() const { return shared_->settings; }

 private:
  struct Cached {
    std::string etag;
    std::vector<Run> runs;
    std::uint64_t used = 0;  // for eviction of the least recently used
  };

  [[nodiscard]] Status change_run(const RepositoryName& repository, RunId run, const char* how,
                                  SteadyTime deadline);
  // 2xx, or 304 where the call has an ETag; anything else is an Error.
  [[nodiscard]] Result<HttpResponse> send(const Call& call, SteadyTime deadline);
  // Once more with another token after a 401, which carries nothing out, whatever the method.
  [[nodiscard]] Result<HttpResponse> send_to(const std::string& url, const Call& call,
                                             SteadyTime deadline);
  [[nodiscard]] Result<HttpResponse> send_with(const Secret& token, const std::string& url,
                                               const Call& call, SteadyTime deadline);
  // Every element of all pages, once each, or an error.
  [[nodiscard]] Result<json::array> read_list(Call call, std::string_view key, SteadyTime deadline);
  // The same where the answer is a bare array; at most ten pages.
  [[nodiscard]] Result<json::array> read_array(Call call, SteadyTime deadline);
  [[nodiscard]] Status check_open();
  [[nodiscard]] Status check_hour(const RateLimit& hour, WallTime now) const;
  [[nodiscard]] Status start_call();
  void note_limits(const HttpResponse& response);
  [[nodiscard]] Error refusal(const Call& call, const HttpResponse& response);

  [[nodiscard]] Call runners_call(std::string_view below) const;
  [[nodiscard]] Call groups_call(std::string_view below) const;
  [[nodiscard]] std::optional<Cached> kept_answer(const std::string& target);
  void keep_answer(const std::string& target, const HttpResponse& response,
                   const std::vector<Run>& runs);
  [[nodiscard]] Result<std::vector<Run>> list_runs(const RepositoryName& repository,
                                                   const std::string& status, SteadyTime deadline);

  struct Shared {
    explicit Shared(Settings the_settings) : settings(std::move(the_settings)) {}

    const Settings settings;
    std::mutex mutex;  // of what follows
    RateLimit rate_limit;
    int refusals_in_a_row = 0;           // by rate limits
    std::map<std::string, Cached> runs;  // by URL below the host; bounded
    std::uint64_t uses = 0;
  };
  struct Spent {
    explicit Spent(int calls_per_minute) : budget(calls_per_minute) {}

    std::mutex mutex;  // of what follows
    CallBudget budget;
  };
  class Counted;  // a call that the budget let through, until it is over

  HttpTransport& transport_;
  Clock& clock_;
  TokenSource& tokens_;
  Purpose purpose_ = Purpose::asks;
  std::shared_ptr<Shared> shared_;
  std::shared_ptr<Spent> spent_;
};

}  // namespace mayfly::github
