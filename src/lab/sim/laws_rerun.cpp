// Jobs of a later attempt get runners though nobody asks for them.

#include <algorithm>
#include <map>
#include <set>

#include "lab/sim/laws.h"
#include "lab/sim/people.h"
#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {
namespace {

// From a waiting job, and the end of all trouble, to its lease. Budgets, stale lists and a sweep
// that GitHub keeps waiting are in it.
constexpr Millis k_served_within{900'000};
constexpr Millis k_look_every{15'000};

class RerunLaw final : public Law {
 public:
  explicit RerunLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "re-run jobs get runners"; }

  // Once for each attempt it is told why it waits.
  void log_line(SimWorld&, const CapturingLog::Line& line) override {
    if (line.event != "run-not-served") return;
    told_.insert(line.fields.at("run") + "/" + line.fields.at("attempt"));
  }

  void look(SimWorld& world) override {
    if (world.scenario.servers_never_return || world.clock.steady() - looked_at_ < k_look_every)
      return;
    looked_at_ = world.clock.steady();
    books_->refresh(world);
    trouble_ = last_trouble(world);
    for (const auto& [id, run] : world.github->world().runs())
      if (run.attempt > 1 && world.github->world().outcome(run).state != JobState::completed)
        judge(world, run);
  }

 private:
  void judge(SimWorld& world, const GithubRun& run) {
    if (!is_served_by_policy(world, run) || is_policy_in_flux(world, run.id)) return;
    if (told_.contains(std::to_string(run.id) + "/" + std::to_string(run.attempt))) return;
    for (const GithubJob& job : world.github->jobs(run.id)) {
      const SteadyTime since = later(steady_at(world, job.created_at), trouble_);
      if (job.attempt != run.attempt || job.state != JobState::queued || job.spec.hosted ||
          looked_at_ - since <= k_served_within || !was_served(run, job))
        continue;
      held();
      if (!has_lease(run, job))
        broken(world, "job " + job.spec.name + " of run " + std::to_string(run.id) + ", attempt " +
                          std::to_string(run.attempt) + ", has no lease");
    }
  }

  // A bare label's run is a guess until a job has shown it.
  bool was_served(const GithubRun& run, const GithubJob& job) const {
    const auto leases = books_->leases_for(job);
    return std::any_of(leases.begin(), leases.end(), [&](const Lease& lease) {
      return lease.run_attempt < run.attempt &&
             (lease.source != Source::seed || lease.run_confirmed || lease.job_confirmed);
    });
  }

  bool has_lease(const GithubRun& run, const GithubJob& job) const {
    const auto leases = books_->leases_for(job);
    return std::any_of(leases.begin(), leases.end(),
                       [&](const Lease& lease) { return lease.run_attempt == run.attempt; });
  }

  SharedBooks books_;
  SteadyTime looked_at_{};
  SteadyTime trouble_{};
  std::set<std::string> told_;
};

}  // namespace

std::unique_ptr<Law> make_rerun_law(SharedBooks books) {
  return std::make_unique<RerunLaw>(std::move(books));
}

}  // namespace mayfly::lab::sim
