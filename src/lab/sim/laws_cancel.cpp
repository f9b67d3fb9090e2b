// The service cancels a run only where its owner wants that and a job of it waits in vain; and then
// it does.

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/text.h"
#include "lab/sim/laws.h"
#include "lab/sim/people.h"
#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {
namespace {

// GitHub's lists may be a minute old, and the service takes its time over a run.
constexpr Millis k_was_so_within{120'000};
// From the end of a job's last lease, and the end of all trouble, to the end of its run.
constexpr Millis k_cancelled_within{900'000};
constexpr Millis k_look_every{15'000};

// "POST /repos/o/r/actions/runs/17/cancel"
std::optional<RunId> run_cancelled_by(std::string_view call) {
  const std::vector<std::string> parts = split(std::string(call), '/');
  if (!call.starts_with("POST /repos/") || parts.size() < 2 || parts.back() != "cancel")
    return std::nullopt;
  return parse_int(parts[parts.size() - 2]);
}

bool is_cancelled_unserved(const SimWorld& world, const GithubRun& run) {
  const RepositoryConfig* repository = world.config.find_repository(run.spec.repository);
  return repository != nullptr && repository->cancel_unserved;
}

bool is_failed(const Lease& lease) {
  return lease.outcome == Outcome::no_capacity || lease.outcome == Outcome::refused ||
         lease.outcome == Outcome::boot_failed || lease.outcome == Outcome::idle;
}

bool is_coming(const Lease& lease) { return lease.state < LeaseState::ending && !lease.job_seen; }

class CancelLaw final : public Law {
 public:
  explicit CancelLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "only a run that waits in vain is cancelled"; }

  void log_line(SimWorld&, const CapturingLog::Line& line) override {
    if (line.event == "run-cancel-asked") meant_.insert(line.fields.at("run"));
  }

  void before(SimWorld& world, std::string_view, std::string_view call,
              const HttpRequest&) override {
    const auto id = run_cancelled_by(call);
    if (!id) return;
    const std::string which = "run " + std::to_string(*id);
    const GithubRun* run = find_run(world, *id);
    expect(run != nullptr, world, which + " was cancelled and is none");
    if (run == nullptr) return;
    expect(is_cancelled_unserved(world, *run), world,
           which + " was cancelled against its owner's wish");
    expect(meant_.contains(std::to_string(*id)), world,
           which + " was cancelled before anybody said so");
    books_->refresh(world);
    expect(waits_in_vain(world, *run), world,
           which + " was cancelled, and none of its jobs waits in vain");
  }

  void look(SimWorld& world) override {
    if (world.scenario.servers_never_return || world.clock.steady() - looked_at_ < k_look_every)
      return;
    looked_at_ = world.clock.steady();
    books_->refresh(world);
    trouble_ = last_trouble(world);
    for (const auto& [id, run] : world.github->world().runs())
      if (!run.cancelled && world.github->world().outcome(run).state != JobState::completed)
        judge_waiting(world, run);
  }

 private:
  std::vector<Lease> leases_for(const GithubRun& run, const GithubJob& job) const {
    std::vector<Lease> found = books_->leases_for(job);
    std::erase_if(found, [&](const Lease& one) { return one.run_attempt != run.attempt; });
    return found;
  }

  // Of this attempt, on machines of ours, with labels like the job's.
  static std::vector<GithubJob> alike(SimWorld& world, const GithubRun& run, const GithubJob& job) {
    std::vector<GithubJob> jobs = world.github->jobs(run.id);
    std::erase_if(jobs, [&](const GithubJob& one) {
      return one.attempt != run.attempt || one.spec.labels != job.spec.labels;
    });
    return jobs;
  }

  static bool waited_lately(SimWorld& world, const GithubJob& job) {
    if (job.state == JobState::queued) return true;
    const auto until = job.started_at ? job.started_at : job.completed_at;
    return until && world.now() - *until <= k_was_so_within;
  }

  bool waits_in_vain(SimWorld& world, const GithubRun& run) const {
    if (world.now() - run.started_at <= k_was_so_within && run.attempt > 1) return true;
    for (const GithubJob& job : world.github->jobs(run.id)) {
      if (job.attempt != run.attempt || job.spec.hosted || !waited_lately(world, job)) continue;
      const auto jobs = alike(world, run, job);
      const auto waiting = std::count_if(jobs.begin(), jobs.end(), [&](const GithubJob& one) {
        return waited_lately(world, one);
      });
      const auto leases = leases_for(run, job);
      const auto coming = std::count_if(leases.begin(), leases.end(), [&](const Lease& lease) {
        return is_coming(lease) && world.now() - lease.created_at > k_was_so_within;
      });
      if (waiting > coming) return true;
    }
    return false;
  }

  void judge_waiting(SimWorld& world, const GithubRun& run) {
    if (!is_cancelled_unserved(world, run) || !is_served_by_policy(world, run) ||
        is_policy_in_flux(world, run.id))
      return;
    for (const GithubJob& job : world.github->jobs(run.id)) {
      if (job.attempt != run.attempt || job.state != JobState::queued || job.spec.hosted) continue;
      const auto since = in_vain_since(world, run, job);
      if (!since) continue;
      held();
      if (looked_at_ - later(*since, trouble_) > k_cancelled_within)
        broken(world, "job " + job.spec.name + " of run " + std::to_string(run.id) +
                          " waits in vain, and its run goes on");
    }
  }

  // Each job like it has had its lease, all have ended, and one of them without any job.
  std::optional<SteadyTime> in_vain_since(SimWorld& world, const GithubRun& run,
                                          const GithubJob& job) const {
    const auto leases = leases_for(run, job);
    SteadyTime since = steady_at(world, job.created_at);
    bool has_failed = false;
    for (const Lease& lease : leases) {
      if (lease.state != LeaseState::gone) return std::nullopt;
      since = later(since, steady_at(world, lease.state_since));
      has_failed = has_failed || is_failed(lease);
    }
    if (!has_failed || leases.size() < alike(world, run, job).size()) return std::nullopt;
    return since;
  }

  SharedBooks books_;
  SteadyTime looked_at_{};
  SteadyTime trouble_{};
  std::set<std::string> meant_;
};

}  // namespace

std::unique_ptr<Law> make_cancel_law(SharedBooks books) {
  return std::make_unique<CancelLaw>(std::move(books));
}

}  // namespace mayfly::lab::sim
