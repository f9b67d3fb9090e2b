#include "lab/sim/books.h"

#include <algorithm>

#include "base/text.h"
#include "lab/rig/watch.h"
#include "lab/sim/sim_world.h"
#include "lease/enforce.h"
#include "lease/entitlement.h"

namespace mayfly::lab::sim {
namespace {

using aws::InstanceState;

SeenMachine first_sight(SimWorld& world, const FakeInstance& instance) {
  SeenMachine machine;
  machine.id = instance.id;
  machine.lease = machine.tagged = LeaseId{tag_of(instance, k_tag_lease)};
  machine.launch = static_cast<int>(parse_int(tag_of(instance, k_tag_launch)).value_or(0));
  if (const auto seconds = parse_int(tag_of(instance, k_tag_expires_at)))
    machine.deadline = wall_from_epoch_seconds(*seconds);
  machine.pool = {instance.spec.instance_type, instance.spec.subnet_id, instance.market};
  machine.nonce = tag_of(instance, k_tag_claim);
  machine.launched_at = instance.launched_at;
  machine.seen_at = world.clock.steady();
  return machine;
}

void note_hidden(SeenMachine& machine, bool is_hidden, SteadyTime now) {
  if (is_hidden && !machine.hidden_since) machine.hidden_since = now;
  if (!machine.hidden_since) return;
  machine.hidden_for = std::max(machine.hidden_for, now - *machine.hidden_since);
  if (!is_hidden) machine.hidden_since.reset();
}

}  // namespace

bool SeenMachine::exists() const {
  return state != InstanceState::terminated && state != InstanceState::shutting_down;
}

const SeenMachine* Books::find(const InstanceId& id) const {
  const auto found = machines_.find(id);
  return found == machines_.end() ? nullptr : &found->second;
}

const Lease* Books::find(const LeaseId& id) const {
  const auto found = leases_.find(id);
  return found == leases_.end() ? nullptr : &found->second;
}

std::vector<Lease> Books::leases_for(const GithubJob& job) const {
  JobFacts facts;
  facts.labels = job.spec.labels;
  std::vector<Lease> found;
  for (const auto& [id, lease] : leases_)
    if (lease.run_id == job.run_id && is_for(facts, lease.labels)) found.push_back(lease);
  return found;
}

Money Books::spent() const {
  Money sum;
  for (const auto& [id, machine] : machines_) sum += machine.cost;
  return sum;
}

void Books::refresh(SimWorld& world) {
  const bool is_fresh =
      refreshed_at_ == world.clock.steady() && aws_change_ == world.aws->change_count() &&
      ledger_write_ == world.ledger_writes() && ledger_lost_ == world.conditions.ledger_lost;
  if (is_fresh) return;
  refreshed_at_ = world.clock.steady();
  if (ledger_lost_ != world.conditions.ledger_lost) {
    ledger_lost_ = world.conditions.ledger_lost;
    leases_.clear();
    ledger_write_ = 0;
  }
  refresh_leases(world);
  const std::size_t changes = machine_changes_.size();
  refresh_machines(world);
  for (std::size_t i = changes; i < machine_changes_.size(); ++i)
    if (machine_changes_[i].kind == MachineChange::Kind::started)
      find_place(machines_.at(machine_changes_[i].id));
}

// Of a batch, whose machines share a nonce, each has the place that its id gives it. After the loss
// of a ledger there may be another launch of the same number.
void Books::find_place(SeenMachine& machine) const {
  int place = 0;
  for (const auto& [id, other] : machines_)
    if (other.tagged == machine.tagged && other.launch == machine.launch &&
        other.nonce == machine.nonce && id < machine.id)
      ++place;
  for (const auto& [id, lease] : leases_)
    if (!lease.launch.batch.empty() && lease.launch.batch == machine.tagged &&
        lease.launch.number == machine.launch && lease.launch.batch_place == place)
      machine.lease = id;
}

void Books::refresh_machines(SimWorld& world) {
  const std::uint64_t change = world.aws->change_count();
  const bool is_changed = aws_change_ != change;
  if (is_changed || is_any_charged_) {
    is_any_charged_ = false;
    world.aws->for_each_instance([&](const FakeInstance& instance) {
      if (is_changed) see(world, instance);
      charge(instance, world.clock.steady());
    });
  }
  aws_change_ = change;
  for (auto& [id, machine] : machines_)
    if (machine.exists() || machine.hidden_since)
      note_hidden(machine, machine.visible_at > world.clock.steady(), world.clock.steady());
}

void Books::charge(const FakeInstance& instance, SteadyTime now) {
  const auto found = machines_.find(instance.id);
  if (found == machines_.end()) return;
  found->second.cost = instance.cost_at(now);
  is_any_charged_ = is_any_charged_ || instance.running_since;
}

void Books::see(SimWorld& world, const FakeInstance& instance) {
  auto found = machines_.find(instance.id);
  if (found == machines_.end()) {
    if (tag_of(instance, k_tag_deployment) != world.config.deployment) return;
    found = machines_.emplace(instance.id, first_sight(world, instance)).first;
    machine_changes_.push_back({MachineChange::Kind::started, instance.id});
  }
  SeenMachine& machine = found->second;
  const bool was_live = machine.is_live();
  machine.state = instance.state;
  machine.has_metadata = instance.spec.metadata.endpoint;
  machine.reason_code = instance.reason_code;
  machine.reason_at = instance.reason_at;
  machine.visible_at = instance.visible_at;
  if (was_live && !machine.is_live())
    machine_changes_.push_back({MachineChange::Kind::ended, instance.id});
}

void Books::see_lease(const Lease& lease) {
  const auto known = leases_.find(lease.id);
  if (known == leases_.end()) {
    lease_changes_.push_back({std::nullopt, lease});
    leases_.emplace(lease.id, lease);
  } else if (known->second.version != lease.version || known->second.state != lease.state ||
             known->second.deadline != lease.deadline) {
    lease_changes_.push_back({known->second, lease});
    known->second = lease;
  }
}

void Books::refresh_leases(SimWorld& world) {
  if (ledger_write_ == world.ledger_writes()) return;
  ledger_write_ = world.ledger_writes();
  const auto live = world.ledger().live();
  if (!live) return;
  for (const Lease& lease : *live) see_lease(lease);
  for (const auto& entry : std::map<LeaseId, Lease>(leases_)) {
    const Lease& known = entry.second;
    const bool is_listed = std::any_of(live->begin(), live->end(),
                                       [&](const Lease& lease) { return lease.id == known.id; });
    if (is_listed || known.state == LeaseState::gone) continue;
    const auto now = world.ledger().find(known.id);
    if (now && *now) see_lease(**now);
  }
}

std::vector<GithubRunner> runners_of(SimWorld& world, const SeenMachine& machine) {
  const std::string prefix = runner_name_prefix(world.config.deployment) + machine.lease.text +
                             "-" + std::to_string(machine.launch) + "-";
  std::vector<GithubRunner> found;
  world.github->for_each_runner([&](const GithubRunner& runner, bool) {
    if (runner.name.starts_with(prefix) && runner.created_at >= machine.launched_at)
      found.push_back(runner);
  });
  return found;
}

bool waits_to_launch(const Lease& lease) {
  return lease.state == LeaseState::launching && !lease.launch.pending &&
         (lease.reason.starts_with("limit-launches: ") ||
          lease.reason.starts_with("launches-paused: "));
}

SteadyTime steady_at(SimWorld& world, WallTime t) {
  return world.clock.steady() - (world.now() - t);
}

SteadyTime last_trouble(const SimWorld& world) {
  const Conditions& c = world.conditions;
  return later(
      later(c.ec2_trouble, c.ledger_trouble),
      later(later(c.server_down, c.clock_trouble), later(c.ledger_lost, c.github_trouble)));
}

const GithubRun* find_run(SimWorld& world, RunId id) { return world.github->world().find_run(id); }

}  // namespace mayfly::lab::sim
