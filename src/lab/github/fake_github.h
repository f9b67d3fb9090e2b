#pragma once

// A GitHub for one organisation: its REST API as an HTTP service, as strict as the real one, and
// the world behind it in the caller's hands. Implemented are the calls of facts.md A1, A3 and A4
// that mayfly, its clients and its demo make; anything else is GitHub's 404. Under /_runner/ stands
// the protocol of the stand-in runner (routes.h), which is ours.
//
// As on GitHub: an unknown or expired credential is 401, a permission that an App's token lacks
// 403, a missing User-Agent 403, an API version that does not exist 400; public facts can be read
// without a credential; every answer carries the rate limit and GETs an ETag. Thread rule: safe
// from many threads, one lock.

#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "http/url.h"
#include "lab/github/github_options.h"
#include "lab/github/github_world.h"
#include "lab/github/rate_budget.h"
#include "seam/clock.h"
#include "seam/entropy.h"

namespace mayfly::lab {

class FakeGithub final : public HttpService {
 public:
  FakeGithub(Clock& clock, Entropy& entropy, GithubOptions options);

  [[nodiscard]] HttpResponse handle(const HttpRequest& request) override;

  // World control; the meanings are GithubWorld's.
  RunId start_run(RunSpec spec);
  // The id that the next run will have: workflows name it in their labels.
  [[nodiscard]] RunId next_run_id();
  [[nodiscard]] Status begin_job(JobId id);
  [[nodiscard]] Status complete_job(JobId id, const std::string& conclusion);
  [[nodiscard]] Status cancel_run(RunId id);
  [[nodiscard]] Status approve_run(RunId id);
  [[nodiscard]] Result<int> rerun(RunId id, Rerun which, const std::string& by = {});
  void disconnect(RunnerId id);
  bool vanish(RunnerId id);
  // As when the App's owner does: each of its tokens is 401 from now on.
  void revoke_app_tokens();
  // Pull requests, their reviews and authors; under the lock, so fn must not call back.
  void with_pulls(const std::function<void(GithubPulls&, WallTime now)>& fn);
  // Of the App's webhook; likewise.
  void with_deliveries(const std::function<void(HookDeliveries&, WallTime now)>& fn);
  // Changes how it behaves, under the lock.
  void configure(const std::function<void(GithubOptions&)>& change);
  // When time alone changes something next: limits, lost jobs, removals; none: nothing will.
  [[nodiscard]] std::optional<SteadyTime> next_change();

  // Copies of what is so now. The jobs are those of the current attempt; none for an unknown run.
  [[nodiscard]] std::vector<GithubRun> runs();
  [[nodiscard]] RunOutcome outcome(RunId id);
  [[nodiscard]] std::vector<GithubJob> jobs(RunId id);
  [[nodiscard]] std::vector<GithubRunner> runners();
  [[nodiscard]] std::optional<GithubRunner> find_runner_by_name(const std::string& name);
  // What the runner of that name holds or has run: its state and conclusion; also when the runner
  // is gone. none: it never had one, or its run is forgotten.
  [[nodiscard]] std::optional<GithubJob> job_of_runner(const std::string& name);
  // Without a copy: under the lock, so fn must not call back. By id, oldest first.
  void for_each_runner(const std::function<void(const GithubRunner&, bool is_online)>& fn);
  // As it is now, without a copy and without the lock: for whoever is the only thread, and until
  // time passes or something is changed.
  [[nodiscard]] const GithubWorld& world();
  // Not while another thread may configure().
  [[nodiscard]] const GithubOptions& options() const { return options_; }

 private:
  // fn(world, now) under the lock, after time has done its part.
  template <class Fn>
  auto with_world(Fn&& fn) {
    const WallTime now = clock_.wall();
    const std::lock_guard lock(mutex_);
    world_.settle(now);
    return std::forward<Fn>(fn)(world_, now);
  }
  enum class Kind { owner, installation, app, anonymous, impostor };
  struct Caller {
    Kind kind = Kind::anonymous;
    Permissions permissions = {};  // of an installation's token
    std::string fault = {};        // of an impostor
  };
  struct Fresh {
    std::string random;
    std::string request_id;
  };
  [[nodiscard]] HttpResponse answer(const HttpRequest& request, const Fresh& fresh, WallTime now);
  [[nodiscard]] HttpResponse answer_api(const HttpRequest& request, const Target& target,
                                        const Fresh& fresh, WallTime now);
  [[nodiscard]] HttpResponse answer_route(const HttpRequest& request, const Target& target,
                                          const Fresh& fresh, WallTime now, const Caller& caller);
  [[nodiscard]] Caller caller_of(const HttpRequest& request, WallTime now) const;

  Clock& clock_;
  Entropy& entropy_;
  GithubOptions options_;
  const std::function<void(const HttpRequest&, const HttpResponse&)> on_exchange_;
  std::mutex mutex_;
  GithubWorld world_;
  RateBudget budget_;
  RateBudget anonymous_budget_;
};

}  // namespace mayfly::lab
