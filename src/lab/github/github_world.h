#pragma once

// What GitHub knows and decides: runs, jobs, runners, and who gets which job. No HTTP, no lock, no
// clock: FakeGithub adds those. The rules are those of facts.md A1 to A3; where GitHub does not say
// how it decides, the model is the strictest that its users have met (facts.md D).
//
// A job appears once everything it needs has ended; it is skipped when something it needs did not
// succeed, unless it is `always`. A job that is not hosted goes to the first online idle runner
// that asks, has all of its labels and may serve its repository. A runner takes one job and is then
// gone.
//
// Errors: github_not_found (no such thing), github_conflict (exists, or state forbids it),
// github_busy (the runner has a job), github_unauthorized (wrong secret).

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "lab/github/app_tokens.h"
#include "lab/github/github_options.h"
#include "lab/github/github_pulls.h"
#include "lab/github/hook_deliveries.h"

namespace mayfly::lab {

using JobId = std::int64_t;

enum class JobState { hidden, queued, in_progress, completed };

struct JobSpec {
  std::string name;  // unique in its run
  std::vector<std::string> labels = {};
  std::vector<std::string> needs = {};  // names
  Millis duration{0};                   // for whoever plays the job; nothing here waits
  bool hosted = false;                  // runs on GitHub's own machines: driven by begin/complete
  bool always = false;                  // `if: always()`
  std::vector<std::string> steps = {};
  int failing_attempts = 0;  // of the run, the first ones: whatever its runner says, it has failed
};

struct RunSpec {
  RepositoryName repository;
  std::vector<JobSpec> jobs = {};
  std::string event = "pull_request";
  std::string actor = "contributor";
  std::string triggering_actor = {};  // of this attempt; empty: the actor
  std::string head_repository = {};   // empty: the repository itself
  std::string head_branch = "topic";
  std::string head_sha = "6dcb09b5b57875f334f61aebed695e2e4193db5e";
  std::string path = ".github/workflows/ci.yml";
  std::string workflow_name = "CI";
  // As of a stranger's pull request: until approve() it is completed, action_required, and has no
  // jobs (seen so in answers of GitHub's).
  bool awaits_approval = false;
};

struct GithubJob {
  JobId id = 0;
  RunId run_id = 0;
  int attempt = 1;
  JobSpec spec;
  JobState state = JobState::hidden;
  std::string conclusion = {};
  std::optional<RunnerId> runner_id = {};
  std::string runner_name = {};
  WallTime created_at = {};
  std::optional<WallTime> started_at = {};
  std::optional<WallTime> completed_at = {};
};

struct GithubRun {
  RunId id = 0;
  std::int64_t number = 0;
  int attempt = 1;
  RunSpec spec;
  bool cancelled = false;
  bool awaits_approval = false;
  WallTime created_at = {};
  WallTime started_at = {};  // of this attempt
  WallTime updated_at = {};
  std::vector<JobId> jobs = {};  // of all attempts

  [[nodiscard]] const std::string& triggering_actor() const {
    return spec.triggering_actor.empty() ? spec.actor : spec.triggering_actor;
  }
};

struct RunOutcome {
  JobState state = JobState::queued;
  std::string conclusion = {};  // empty until completed
};

struct GithubRunner {
  RunnerId id = 0;
  std::string name;
  std::vector<std::string> labels = {};
  std::int64_t group_id = 1;
  std::string work_folder = "_work";
  std::string scope = {};   // organization, or owner/name; lower case
  std::string secret = {};  // of its credentials
  std::string session = {};
  WallTime created_at = {};
  bool is_connected = false;
  std::optional<WallTime> last_poll = {};  // none before the first session
  WallTime idle_since = {};
  std::optional<JobId> job = {};
  WallTime assigned_at = {};
};

enum class Rerun { all, failed };

// Whose jobs an organisation's runners take. The default group is that of the options.
struct GithubGroup {
  std::int64_t id = 0;
  std::string name;
  bool is_selective = false;                      // visibility "selected" rather than "all"
  std::vector<RepositoryName> repositories = {};  // where it is selective
  bool allows_public = false;
};

class GithubWorld {
 public:
  explicit GithubWorld(const GithubOptions& options) : options_(options) {}

  // What time alone does: call it before looking at anything.
  void settle(WallTime now);
  // When settle() will next do something, if nobody does anything until then; after settle(now).
  [[nodiscard]] std::optional<WallTime> next_change(WallTime now) const;

  RunId start_run(RunSpec spec, WallTime now);
  [[nodiscard]] Status begin_job(JobId id, WallTime now);
  [[nodiscard]] Status complete_job(JobId id, const std::string& conclusion, WallTime now);
  // github_conflict where it does not wait for that.
  [[nodiscard]] Status approve_run(RunId id, WallTime now);
  // Jobs that need nothing more from a machine end now; `always` jobs still come.
  [[nodiscard]] Status cancel_run(RunId id, WallTime now);
  // A new attempt of a completed run: its number. Jobs that are not run again are copied.
  // by: who asks for it; empty: whom it was that began the run.
  [[nodiscard]] Result<int> rerun(RunId id, Rerun which, WallTime now, const std::string& by = {});

  [[nodiscard]] const GithubRun* find_run(RunId id) const;
  [[nodiscard]] const GithubJob* find_job(JobId id) const;  // not the hidden ones
  [[nodiscard]] const std::map<RunId, GithubRun>& runs() const { return runs_; }
  [[nodiscard]] const std::set<RunId>& open_runs() const { return open_; }  // not completed
  [[nodiscard]] RunId next_run_id() const { return next_run_; }
  // Of one attempt, without the hidden ones.
  [[nodiscard]] std::vector<GithubJob> jobs_of(const GithubRun& run, int attempt) const;
  [[nodiscard]] RunOutcome outcome(const GithubRun& run) const;

  [[nodiscard]] GithubPulls& pulls() { return pulls_; }
  [[nodiscard]] const GithubPulls& pulls() const { return pulls_; }
  [[nodiscard]] AppTokens& app_tokens() { return app_tokens_; }
  [[nodiscard]] const AppTokens& app_tokens() const { return app_tokens_; }
  [[nodiscard]] HookDeliveries& deliveries() { return deliveries_; }

  // By id, the default group first.
  [[nodiscard]] std::vector<GithubGroup> groups() const;
  [[nodiscard]] std::optional<GithubGroup> find_group(std::int64_t id) const;
  // With an id of its own; github_refused where the name is taken, whatever its case.
  [[nodiscard]] Result<GithubGroup> add_group(GithubGroup group);

  // github_conflict where the scope has a runner of that name, whatever its case.
  [[nodiscard]] Result<RunnerId> add_runner(GithubRunner runner, WallTime now);
  [[nodiscard]] Status remove_runner(const std::string& scope, RunnerId id);
  [[nodiscard]] const GithubRunner* find_runner(const std::string& scope, RunnerId id) const;
  [[nodiscard]] std::vector<GithubRunner> list_runners(const std::string& scope,
                                                       WallTime now) const;
  [[nodiscard]] const std::map<RunnerId, GithubRunner>& runners() const { return runners_; }
  [[nodiscard]] bool is_online(const GithubRunner& runner, WallTime now) const;
  // In whatever scope.
  [[nodiscard]] const GithubRunner* find_runner_by_name(const std::string& name) const;
  // What a runner of ours holds or has run, as long as the run is known; also when the runner is
  // gone. nullptr: none yet.
  [[nodiscard]] const GithubJob* job_of_runner(const std::string& name) const;

  // The runner's own side. A session that is not found belongs to a runner that was removed.
  [[nodiscard]] Status open_session(RunnerId id, const std::string& secret,
                                    const std::string& session, WallTime now);
  // The job to start, again until it is started; none while there is nothing to do.
  [[nodiscard]] Result<std::optional<GithubJob>> poll(const std::string& session, WallTime now);
  [[nodiscard]] Status job_started(const std::string& session, JobId id, WallTime now);
  [[nodiscard]] Status job_completed(const std::string& session, JobId id,
                                     const std::string& conclusion, WallTime now);
  [[nodiscard]] Status close_session(const std::string& session);
  // As when its machine dies: nothing is said to anyone.
  void disconnect(RunnerId id);
  // GitHub removes it by itself, as it does with JIT runners that are idle (facts.md A2, D18).
  // False: it is not there, or has a job.
  bool vanish(RunnerId id);

 private:
  void add_jobs(GithubRun& run, const std::vector<GithubJob>& earlier, Rerun which, WallTime now);
  void reveal_jobs(GithubRun& run, WallTime now);
  [[nodiscard]] bool reveal_one(GithubRun& run, GithubJob& job, WallTime now);
  void queue(GithubJob& job, WallTime now);
  void start(GithubJob& job, RunnerId runner, const std::string& name, WallTime now);
  void finish(GithubJob& job, const std::string& conclusion, WallTime now);
  [[nodiscard]] GithubJob* job_of_attempt(const GithubRun& run, const std::string& name);

  void note_state(const GithubRun& run);
  void forget_runs(WallTime now);
  void settle_jobs(WallTime now);
  void settle_runner(GithubRunner& runner, WallTime now);
  [[nodiscard]] bool is_expired(const GithubRunner& runner, WallTime now) const;
  [[nodiscard]] std::optional<WallTime> next_of_runner(const GithubRunner& runner,
                                                       WallTime now) const;
  [[nodiscard]] GithubRunner* by_session(const std::string& session);
  [[nodiscard]] Result<GithubRunner*> holder_of(const std::string& session, JobId id, WallTime now);
  [[nodiscard]] bool group_serves(std::int64_t group, const RepositoryName& repository) const;
  [[nodiscard]] bool suits(const GithubRunner& runner, const GithubJob& job) const;
  void assign(GithubRunner& runner, WallTime now);

  const GithubOptions& options_;
  std::map<RunId, GithubRun> runs_;
  std::map<JobId, GithubJob> jobs_;
  std::set<JobId> queued_;
  std::set<RunId> open_;
  std::set<std::pair<WallTime, RunId>> ended_;  // by their last change; some went on since then
  std::map<std::string, JobId> job_by_runner_;  // of the runners' names
  std::map<RunnerId, GithubRunner> runners_;
  std::vector<GithubGroup> made_groups_;
  GithubPulls pulls_;
  AppTokens app_tokens_;
  HookDeliveries deliveries_;
  // Beyond 32 bits, as GitHub's are.
  RunId next_run_ = 17'000'000'001;
  std::int64_t next_number_ = 1;
  JobId next_job_ = 48'000'000'001;
  RunnerId next_runner_ = 1;
};

}  // namespace mayfly::lab
