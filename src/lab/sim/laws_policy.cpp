// Whom the owner's policy refuses gets no lease and so no machine, no job done on another's, and
// nobody else is told so.

#include <set>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "lab/sim/laws.h"
#include "lab/sim/people.h"

namespace mayfly::lab::sim {
namespace {

constexpr Millis k_look_every{5'000};

// The code of a refusal that is the policy's; empty: it is another answer.
std::string refused_as(const json::object& problem) {
  const std::string code = json_string(problem, "code").value_or("");
  for (const char* one :
       {"event-not-allowed", "workflow-not-allowed", "fork-not-allowed", "actor-not-allowed"})
    if (code == one) return code;
  return "";
}

// "... run 17 ...": each of these refusals names its run.
std::optional<RunId> run_named_in(const std::string& detail) {
  const std::string mark = "run ";
  const std::size_t at = detail.find(mark);
  if (at == std::string::npos) return std::nullopt;
  const std::string rest = detail.substr(at + mark.size());
  return parse_int(rest.substr(0, rest.find_first_not_of("0123456789")));
}

class PolicyLaw final : public Law {
 public:
  explicit PolicyLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "the owner's policy decides who is served"; }

  void look(SimWorld& world) override {
    books_->refresh(world);
    const auto& changes = books_->lease_changes();
    for (; read_ < changes.size(); ++read_) {
      const LeaseChange& change = changes[read_];
      if (!change.before || change.before->run_id != change.after.run_id)
        judge_lease(world, change.after, change.before.has_value());
    }
    if (world.clock.steady() - looked_at_ < k_look_every) return;
    looked_at_ = world.clock.steady();
    // What has not changed since the last look would be judged as it was then.
    const WallTime last = std::exchange(last_look_, world.now());
    for (const auto& [id, run] : world.github->world().runs()) {
      if (run.updated_at < last) continue;
      if (is_served_by_policy(world, run) || is_policy_in_flux(world, run.id))
        excuse_jobs(world, run);
      else
        judge_jobs(world, run);
    }
  }

  void after(SimWorld& world, const Exchange& exchange) override {
    if (exchange.edge != Edge::api || exchange.done == nullptr || exchange.done->status != 403)
      return;
    const auto body = parse_json(exchange.done->body);
    if (!body || !body->is_object()) return;
    const std::string code = refused_as(body->get_object());
    if (!code.empty()) judge_refusal(world, code, body->get_object());
  }

 private:
  void judge_lease(SimWorld& world, const Lease& lease, bool was_bound_again) {
    const GithubRun* run = find_run(world, lease.run_id);
    if (run == nullptr) return;  // the law of entitlement has its word about that
    expect(is_served_by_policy(world, *run) || is_policy_in_flux(world, run->id), world,
           "lease " + lease.id.text + (was_bound_again ? " was bound again to" : " was given to") +
               " run " + std::to_string(run->id) + ", which the policy refuses");
  }

  // What had begun by then is not stopped, and later attempts copy it.
  void excuse_jobs(SimWorld& world, const GithubRun& run) {
    for (const GithubJob& job : world.github->jobs(run.id))
      if (job.started_at) begun_well_.insert(job.runner_name);
  }

  // GitHub may have handed it a runner of ours: the hook ends the job before its first step.
  void judge_jobs(SimWorld& world, const GithubRun& run) {
    for (const GithubJob& job : world.github->jobs(run.id)) {
      const auto lease_id = lease_of_runner(world.config.deployment, job.runner_name);
      if (job.conclusion != "success" || !lease_id || begun_well_.contains(job.runner_name))
        continue;
      const Lease* lease = books_->find(*lease_id);
      // A lease of its own was judged when it was given, and outlives a change of the facts.
      const bool is_excused = lease == nullptr || lease->run_id == run.id ||
                              world.machines->is_hostile(lease->launch.instance_id);
      expect(is_excused, world,
             "job " + job.spec.name + " of run " + std::to_string(run.id) +
                 ", which the policy refuses, was done by " + job.runner_name);
    }
  }

  void judge_refusal(SimWorld& world, const std::string& code, const json::object& problem) {
    const auto id = run_named_in(json_string(problem, "detail").value_or(""));
    const GithubRun* run = id ? find_run(world, *id) : nullptr;
    expect(run != nullptr, world, code + " was told and names no run");
    if (run == nullptr) return;
    expect(!is_served_by_policy(world, *run) || is_policy_in_flux(world, run->id), world,
           code + " was told of run " + std::to_string(run->id) + ", which the policy serves");
  }

  SharedBooks books_;
  std::size_t read_ = 0;
  SteadyTime looked_at_{};
  WallTime last_look_{};
  std::set<std::string> begun_well_;  // by which runners
};

}  // namespace

std::unique_ptr<Law> make_policy_law(SharedBooks books) {
  return std::make_unique<PolicyLaw>(std::move(books));
}

}  // namespace mayfly::lab::sim
