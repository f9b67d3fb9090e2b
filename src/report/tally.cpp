#include "report/tally.h"

#include <algorithm>
#include <array>

namespace mayfly::report {
namespace {

// Those that mayfly writes: a new one counts as "other" until it stands here.
constexpr std::array<std::string_view, 35> k_counted = {"asked",
                                                        "verified",
                                                        "launching",
                                                        "launch-waits",
                                                        "booting",
                                                        "adopted",
                                                        "no-capacity",
                                                        "no-spot-capacity",
                                                        "no-on-demand-capacity",
                                                        "pools-widened",
                                                        "interruption-announced",
                                                        "run-cancel-asked",
                                                        "run-cancelled",
                                                        "claimed",
                                                        "online",
                                                        "busy",
                                                        "ending",
                                                        "gone",
                                                        "machine-ended",
                                                        "runner-removed",
                                                        "claim-refused",
                                                        "event-refused",
                                                        "machine-booted",
                                                        "machine-runner-downloading",
                                                        "machine-runner-ready",
                                                        "machine-claiming",
                                                        "machine-runner-started",
                                                        "machine-job-started",
                                                        "machine-job-completed",
                                                        "machine-runner-exited",
                                                        "machine-failed",
                                                        "run-rerun-asked",
                                                        "run-rerun",
                                                        "run-not-rerun",
                                                        "run-changed"};

bool shows_a_runner(const LeaseEvent& event) {
  return event.name == "online" || event.name == "busy" || event.name == "machine-job-started";
}

}  // namespace

void Tally::note_stamp(const LeaseEvent& event) {
  const bool is_known =
      std::find(k_counted.begin(), k_counted.end(), event.name) != k_counted.end();
  const std::scoped_lock lock(mutex_);
  tallied_.events[is_known ? event.name : "other"] += 1;
}

void Tally::note_end(Outcome outcome) {
  const std::scoped_lock lock(mutex_);
  tallied_.ended[outcome] += 1;
}

void Tally::note_runner(Architecture architecture, const Journey& journey) {
  const std::scoped_lock lock(mutex_);
  if (journey.runner) tallied_.runner[architecture].add(*journey.runner);
  for (const StageTime& stage : journey.stages)
    if (stage.is_exact && stage.stage != Stage::job) tallied_.stages[stage.stage].add(stage.took());
}

Tallied Tally::get() const {
  const std::scoped_lock lock(mutex_);
  return tallied_;
}

bool has_just_come_online(const std::vector<LeaseEvent>& by_time) {
  const auto claimed = std::find_if(by_time.begin(), by_time.end(), [](const LeaseEvent& event) {
    return event.name == "claimed";
  });
  return std::count_if(claimed, by_time.end(), shows_a_runner) == 1;
}

void CountingLedger::note(const std::vector<LeaseEvent>& events) {
  for (const LeaseEvent& event : events) tally_.note_stamp(event);
}

void CountingLedger::look_for_runner(const LeaseId& id, const std::vector<LeaseEvent>& written) {
  if (std::none_of(written.begin(), written.end(), shows_a_runner)) return;
  const auto stamps = behind_.events(id);
  const auto lease = behind_.find(id);
  if (!stamps || !lease || !*lease || !has_just_come_online(*stamps)) return;
  const Journey journey = journey_of(*stamps);
  tally_.note_runner((*lease)->architecture, journey);
  if (on_runner_) on_runner_(**lease, journey);
}

Result<std::vector<Reservation>> CountingLedger::reserve(const std::vector<Lease>& asked,
                                                         const std::vector<LeaseEvent>& events,
                                                         const Caps& caps, WallTime now) {
  auto reserved = behind_.reserve(asked, events, caps, now);
  if (!reserved) return reserved;
  for (const Reservation& one : *reserved) {
    if (!one.is_new) continue;
    for (const LeaseEvent& event : events)
      if (event.lease_id == one.lease.id) tally_.note_stamp(event);
  }
  return reserved;
}

Result<std::vector<Lease>> CountingLedger::update_all(const std::vector<Update>& updates) {
  auto written = behind_.update_all(updates);
  if (!written) return written;
  for (const auto& [lease, events, machine] : updates) {
    note(events);
    for (const LeaseEvent& event : events)
      if (event.name == to_string(LeaseState::ending)) tally_.note_end(lease.outcome);
    look_for_runner(lease.id, events);
  }
  return written;
}

Result<Lease> CountingLedger::launch_again(const Lease& lease,
                                           const std::vector<LeaseEvent>& events, const Caps& caps,
                                           WallTime now) {
  auto written = behind_.launch_again(lease, events, caps, now);
  if (written) note(events);
  return written;
}

Status CountingLedger::append(const LeaseEvent& event) {
  TRY(behind_.append(event));
  note({event});
  look_for_runner(event.lease_id, {event});
  return {};
}

Status CountingLedger::append_once(const LeaseEvent& event) {
  TRY(behind_.append_once(event));
  note({event});
  return {};
}

Result<std::optional<Lease>> CountingLedger::find(const LeaseId& id) { return behind_.find(id); }
Result<std::vector<Lease>> CountingLedger::find_by_label(const RepositoryName& repository,
                                                         const std::string& label) {
  return behind_.find_by_label(repository, label);
}
Result<std::vector<Lease>> CountingLedger::live() { return behind_.live(); }
Result<std::vector<Lease>> CountingLedger::recent(int count_max) {
  return behind_.recent(count_max);
}
Result<std::vector<Lease>> CountingLedger::recent_again(int count_max,
                                                        const std::vector<Lease>& known) {
  return behind_.recent_again(count_max, known);
}
Result<std::optional<LaunchPause>> CountingLedger::launch_pause(const Caps& caps, WallTime now) {
  return behind_.launch_pause(caps, now);
}
Result<Usage> CountingLedger::usage(const Caps& caps, WallTime now) {
  return behind_.usage(caps, now);
}
Result<std::vector<LeaseEvent>> CountingLedger::events(const LeaseId& id) {
  return behind_.events(id);
}
Result<std::vector<LeaseEvent>> CountingLedger::refusals() { return behind_.refusals(); }
Result<std::vector<MachineRecord>> CountingLedger::machines(const LeaseId& id) {
  return behind_.machines(id);
}
Result<std::optional<LeaseId>> CountingLedger::lease_of(const InstanceId& machine) {
  return behind_.lease_of(machine);
}
Result<Audit> CountingLedger::audit() { return behind_.audit(); }
Result<std::optional<std::string>> CountingLedger::fact(const std::string& name) {
  return behind_.fact(name);
}
Status CountingLedger::set_fact(const std::string& name, const std::string& value) {
  return behind_.set_fact(name, value);
}

}  // namespace mayfly::report
