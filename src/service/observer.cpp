#include "service/observer.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "lease/enforce.h"
#include "service/upstream.h"

namespace mayfly {
namespace {

constexpr Millis k_run_believed_for = Seconds{15};
constexpr Millis k_rung_run_believed_for = Seconds{2};
constexpr Millis k_live_runs_believed_for = Seconds{2};
constexpr std::size_t k_runs_max = 1000;
constexpr std::size_t k_rebind_runs_max = 20;
constexpr Millis k_github_patience = Seconds{10};
constexpr std::size_t k_runners_on_a_page = 100;

// Half of the budget is the sweep's (github/call_budget.h), and half of that may go into lists.
// Nor do doorbells make lists more than twice as frequent: GitHub's hour would not bear it.
Millis between_lists(const Config& config, std::size_t runners) {
  const auto pages = static_cast<std::int64_t>(1 + runners / k_runners_on_a_page);
  return std::max(Millis{60'000 * pages / (config.github.calls_per_minute / 4)},
                  config.sweep_every / 2);
}

MachineSeen seen_as(aws::InstanceState state) {
  using enum aws::InstanceState;
  switch (state) {
    case pending:
    case running:
      return MachineSeen::alive;
    case terminated:
      return MachineSeen::ended;
    case shutting_down:
    case stopping:
    case stopped:
      return MachineSeen::ending;
  }
  return MachineSeen::unknown;
}

std::string tag_of(const aws::Instance& instance, const char* key) {
  const auto tag = instance.tags.find(key);
  return tag == instance.tags.end() ? std::string() : tag->second;
}

// Of the instances of a lease's present launch: the one it knows, else the first that was launched.
bool is_better(const aws::Instance& a, const aws::Instance& b) {
  return std::tie(a.launched_at, a.id) < std::tie(b.launched_at, b.id);
}

bool is_over(const Lease& lease) {
  return lease.state == LeaseState::ending && lease.launch.pending;
}

bool is_certain(const Lease& lease, std::size_t launched) {
  return lease.launch.batch.empty() || !lease.launch.instance_id.empty() ||
         static_cast<int>(launched) == lease.launch.batch_size;
}

}  // namespace

bool Observer::may_ask_github() const {
  return github_answers_ && seams_.clock.steady() < github_until_;
}

void Observer::note_github_failure(const Error& error) {
  const ErrorKind kind = error.kind();
  if (kind == ErrorKind::unavailable || kind == ErrorKind::ambiguous ||
      kind == ErrorKind::throttled)
    github_answers_ = false;
}

void Observer::github_trouble(const std::string& doing, const Error& error) {
  problems_.push_back(doing + ": " + error.message);
  note_github_failure(error);
}

void Observer::begin() {
  problems_.clear();
  instances_.reset();
  runners_.reset();
  if (seams_.clock.steady() >= live_runs_until_) live_runs_.clear();
  github_answers_ = true;
  if (runs_.size() > k_runs_max) runs_.clear();
  aws::DescribeInstances request;
  request.tags = {{k_tag_deployment, config_.deployment}};
  auto instances = seams_.ec2.describe_instances(request, call_deadline(seams_.clock));
  if (instances)
    instances_ = std::move(*instances);
  else
    problems_.push_back("list instances: " + instances.error().message);
  github_until_ = seams_.clock.steady() + k_github_patience;
}

void Observer::list_runners(const std::vector<Lease>& leases) {
  // Also for leases that have no runner now: one of an earlier launch may be left over.
  const bool wanted = std::any_of(leases.begin(), leases.end(),
                                  [](const Lease& lease) { return lease.launch.boots > 0; });
  if (!wanted || seams_.clock.steady() < next_list_) return;
  auto runners = seams_.github.list_runners(call_deadline(seams_.clock));
  if (runners)
    runners_ = std::move(*runners);
  else
    github_trouble("list runners", runners.error());
  next_list_ = seams_.clock.steady() + between_lists(config_, runners_ ? runners_->size() : 0);
}

void Observer::know(const std::vector<Lease>& leases) {
  known_machines_.clear();
  open_launches_.clear();
  unanswered_.clear();
  started_.clear();
  for (const Lease& lease : leases) {
    if (!lease.launch.instance_id.empty()) {
      known_machines_.insert(lease.launch.instance_id);
      started_.insert({tagged_lease(lease), lease.launch.number});
    }
    if (lease.launch.pending) unanswered_[lease.launch.client_token] += 1;
    if (lease.state == LeaseState::launching && lease.launch.pending)
      open_launches_.insert(lease.launch.client_token);
  }
}

// All that the present launch of the lease's batch started, by id.
std::vector<const aws::Instance*> Observer::launched_for(const Lease& lease) const {
  std::vector<const aws::Instance*> found;
  for (const aws::Instance& instance : *instances_)
    if (tag_of(instance, k_tag_lease) == tagged_lease(lease).text &&
        tag_of(instance, k_tag_launch) == std::to_string(lease.launch.number))
      found.push_back(&instance);
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  return found;
}

// The one that the lease knows, else the one that its launch started. Of a batch only a whole list
// tells which that is; until then any of it that no lease knows may be the lease's.
const aws::Instance* Observer::instance_of(const Lease& lease) const {
  if (!lease.launch.instance_id.empty()) {
    for (const aws::Instance& instance : *instances_)
      if (instance.id == lease.launch.instance_id) return &instance;
    return nullptr;
  }
  const auto launched = launched_for(lease);
  if (lease.launch.batch.empty()) {
    const auto first =
        std::min_element(launched.begin(), launched.end(),
                         [](const auto* a, const auto* b) { return is_better(*a, *b); });
    return first == launched.end() ? nullptr : *first;
  }
  if (std::ssize(launched) == lease.launch.batch_size)
    return launched[static_cast<std::size_t>(lease.launch.batch_place)];
  const aws::Instance* found = nullptr;  // one that lives, rather
  for (const aws::Instance* instance : launched)
    if (!known_machines_.contains(instance->id) &&
        (found == nullptr || seen_as(instance->state) < seen_as(found->state)))
      found = instance;
  return found;
}

MachineFact Observer::machine_of(const Lease& lease) const {
  MachineFact fact;
  if (!instances_) return fact;
  fact.seen = MachineSeen::absent;
  const aws::Instance* found = instance_of(lease);
  if (found == nullptr) {
    // Another lease of its batch may yet send the launch, for this one as well.
    if (is_over(lease) && open_launches_.contains(lease.launch.client_token))
      fact.seen = MachineSeen::unknown;
    return fact;
  }
  fact.seen = seen_as(found->state);
  if (!is_certain(lease, launched_for(lease).size())) return fact;
  fact.instance_id = found->id;
  fact.instance_type = found->instance_type;
  fact.zone = found->availability_zone;
  fact.subnet = found->subnet_id;
  fact.on_demand = found->market == aws::Market::on_demand;
  fact.launched_at = found->launched_at;
  fact.reason = printable(found->state_reason, 80);
  return fact;
}

bool Observer::is_launch_refused(const Lease& lease) const {
  const auto waiting = unanswered_.find(lease.launch.client_token);
  return lease.launch.pending && waiting != unanswered_.end() &&
         waiting->second < lease.launch.batch_size &&
         !started_.contains({tagged_lease(lease), lease.launch.number});
}

RunnerSeen Observer::runner_of(const Lease& lease) const {
  if (!runners_ || lease.runner_name.empty()) return RunnerSeen::unknown;
  for (const github::Runner& runner : *runners_) {
    if (runner.name != lease.runner_name) continue;
    if (runner.busy) return RunnerSeen::busy;
    return runner.online ? RunnerSeen::online : RunnerSeen::offline;
  }
  return RunnerSeen::absent;
}

RunSeen Observer::run_of(Lease& lease) {
  KnownRun& known = runs_[{lease.repository.text, lease.run_id}];
  const Millis believed_for = lease.release_asked ? k_rung_run_believed_for : k_run_believed_for;
  if (!known.asked_at || seams_.clock.steady() >= *known.asked_at + believed_for) {
    if (!may_ask_github()) return RunSeen::unknown;
    auto run = seams_.github.get_run(lease.repository, lease.run_id, call_deadline(seams_.clock));
    if (!run) {
      github_trouble("look at run " + std::to_string(lease.run_id), run.error());
      return RunSeen::unknown;
    }
    known = {facts_of(*run), seams_.clock.steady()};
  }
  const bool superseded = known.run.attempt > lease.run_attempt;
  const bool is_live = !superseded && (known.run.live || known.run.status.starts_with("waiting"));
  if (is_live && is_binding_open(lease, seams_.clock.wall())) {
    (void)rebind_or_over(lease);  // what it says of the bound run is known already
    return RunSeen::live;
  }
  if (is_live) return RunSeen::live;
  if (lease.source == Source::seed && !lease.run_confirmed) return rebind_or_over(lease);
  return RunSeen::over;
}

// Once in a while for each repository, however many leases and doorbells want to know.
const std::vector<Observer::LiveRun>* Observer::live_runs_of(const RepositoryName& repository) {
  const auto known = live_runs_.find(repository.text);
  if (known != live_runs_.end()) return &known->second;
  if (!may_ask_github()) return nullptr;
  auto live = demand_.live_runs(repository);
  if (!live) {
    github_trouble("list live runs of " + repository.text, live.error());
    return nullptr;
  }
  if (live->size() > k_rebind_runs_max) return nullptr;
  std::vector<LiveRun> runs;
  for (const RunFacts& run : *live) {
    if (!may_ask_github()) return nullptr;
    auto jobs = demand_.jobs(repository, run.id, run.attempt);
    if (!jobs) {
      github_trouble("list jobs of run " + std::to_string(run.id), jobs.error());
      return nullptr;
    }
    runs.push_back({run, std::move(*jobs)});
  }
  if (live_runs_.empty()) live_runs_until_ = seams_.clock.steady() + k_live_runs_believed_for;
  return &live_runs_.emplace(repository.text, std::move(runs)).first->second;
}

// The run that it is bound to was judged when it asked, and is not again.
std::optional<bool> Observer::may_serve(const Lease& lease, const RunFacts& run) {
  if (run.id == lease.run_id) return true;
  const RepositoryConfig* repository = config_.find_repository(lease.repository);
  if (repository == nullptr) return false;
  if (needs_pull_request(repository->policy, run) && !may_ask_github()) return std::nullopt;
  const Status judged = demand_.judge_run(repository->name, repository->policy, run);
  if (judged) return true;
  if (is_policy_refusal(judged.error().code)) return false;
  github_trouble("look at the pull request of run " + std::to_string(run.id), judged.error());
  return std::nullopt;
}

// A bare label names no run, so the run it was bound to may be another's. Before a lease ends
// because that run is over, its label is looked for among the jobs of the runs that are still live.
// Labels are public, so a stranger's run may name it too: the run that it was bound to goes first.
RunSeen Observer::rebind_or_over(Lease& lease) {
  const std::vector<LiveRun>* live = live_runs_of(lease.repository);
  if (live == nullptr) return RunSeen::unknown;
  const LiveRun* found = nullptr;
  bool unsure = false;
  for (const LiveRun& one : *live) {
    if (demand_for(lease, one.jobs) == DemandSeen::none_yet) continue;
    if (found != nullptr && one.run.id != lease.run_id) continue;
    const std::optional<bool> may = may_serve(lease, one.run);
    if (may.value_or(false)) found = &one;
    unsure = unsure || !may;
  }
  if (found != nullptr) {
    lease.run_id = found->run.id;
    lease.run_attempt = found->run.attempt;
    lease.actor = printable(found->run.actor, 64);
    lease.head = printable(found->run.head(), 200);
    lease.run_confirmed = true;
    return RunSeen::live;
  }
  if (unsure) return RunSeen::unknown;
  const bool may_come =
      !live->empty() && seams_.clock.wall() - lease.created_at < SweepPolicy{}.seed_rebind_patience;
  return may_come ? RunSeen::unknown : RunSeen::over;
}

void Observer::ask_about_jobs(const Lease& lease, LeaseFacts& facts) {
  if (!may_ask_github()) return;
  auto jobs = demand_.jobs(lease.repository, lease.run_id, lease.run_attempt);
  if (!jobs)
    return github_trouble("list jobs of run " + std::to_string(lease.run_id), jobs.error());
  facts.demand = demand_for(lease, *jobs);
  facts.job = job_of(lease, *jobs);
}

LeaseFacts Observer::facts_for(Lease& lease) {
  LeaseFacts facts;
  facts.machine = machine_of(lease);
  facts.is_launch_refused = is_launch_refused(lease);
  const Questions ask = questions(lease, facts.machine);
  if (ask.runner) facts.runner = runner_of(lease);
  if (ask.run) facts.run = run_of(lease);
  if (ask.jobs || (ask.run && facts.run == RunSeen::over && !lease.job_confirmed))
    ask_about_jobs(lease, facts);
  return facts;
}

}  // namespace mayfly
