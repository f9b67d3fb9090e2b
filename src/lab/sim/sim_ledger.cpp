#include "lab/sim/sim_ledger.h"

#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {

Ledger& SimLedger::books() { return life_.world.ledger(); }

Status SimLedger::enter(const char* method, Access access) {
  SimWorld& world = life_.world;
  life_.boundary(std::string("ledger.") + method, false);
  world.fibers.sleep_for(Millis{0});
  const auto fault = world.faults.at(Edge::ledger, std::string("ledger.") + method);
  // A full disk can still be read.
  const bool is_out = world.is_out(Edge::ledger) && access == Access::write;
  if (!fault && !is_out) return {};
  world.conditions.ledger_trouble = world.clock.steady();
  world.trace.line(world.clock.steady(), life_.who(), method, "refused");
  return fail(Code::ledger_unavailable, "the disk is full or read-only");
}

void SimLedger::leave(const char* method, bool worked, Access access) {
  SimWorld& world = life_.world;
  if (access == Access::write) {
    world.note_write();
    world.trace.line(world.clock.steady(), life_.who(), method, worked ? "written" : "not written");
  }
  life_.boundary(std::string("ledger.") + method, true);
}

template <class Fn>
auto SimLedger::through(const char* method, Access access, Fn&& fn) -> decltype(fn()) {
  TRY(enter(method, access));
  auto result = fn();
  leave(method, result.has_value(), access);
  return result;
}

Result<std::vector<Reservation>> SimLedger::reserve(const std::vector<Lease>& asked,
                                                    const std::vector<LeaseEvent>& events,
                                                    const Caps& caps, WallTime now) {
  return through("reserve", Access::write,
                 [&] { return books().reserve(asked, events, caps, now); });
}

Result<std::optional<Lease>> SimLedger::find(const LeaseId& id) {
  return through("find", Access::read, [&] { return books().find(id); });
}

Result<std::vector<Lease>> SimLedger::find_by_label(const RepositoryName& repository,
                                                    const std::string& label) {
  return through("find_by_label", Access::read,
                 [&] { return books().find_by_label(repository, label); });
}

Result<std::vector<Lease>> SimLedger::live() {
  return through("live", Access::read, [&] { return books().live(); });
}

Result<std::vector<Lease>> SimLedger::recent(int count_max) {
  return through("recent", Access::read, [&] { return books().recent(count_max); });
}
Result<std::vector<Lease>> SimLedger::recent_again(int count_max, const std::vector<Lease>& known) {
  return through("recent", Access::read, [&] { return books().recent_again(count_max, known); });
}

Result<std::vector<Lease>> SimLedger::update_all(const std::vector<Update>& updates) {
  return through("update", Access::write, [&] { return books().update_all(updates); });
}

Result<Lease> SimLedger::launch_again(const Lease& lease, const std::vector<LeaseEvent>& events,
                                      const Caps& caps, WallTime now) {
  return through("launch_again", Access::write,
                 [&] { return books().launch_again(lease, events, caps, now); });
}

Result<std::optional<LaunchPause>> SimLedger::launch_pause(const Caps& caps, WallTime now) {
  return through("launch_pause", Access::read, [&] { return books().launch_pause(caps, now); });
}

Result<Usage> SimLedger::usage(const Caps& caps, WallTime now) {
  return through("usage", Access::read, [&] { return books().usage(caps, now); });
}

Status SimLedger::append(const LeaseEvent& event) {
  return through("append", Access::write, [&] { return books().append(event); });
}

Status SimLedger::append_once(const LeaseEvent& event) {
  return through("append_once", Access::write, [&] { return books().append_once(event); });
}

Result<std::vector<LeaseEvent>> SimLedger::refusals() {
  return through("refusals", Access::read, [&] { return books().refusals(); });
}

Result<std::vector<LeaseEvent>> SimLedger::events(const LeaseId& id) {
  return through("events", Access::read, [&] { return books().events(id); });
}

Result<std::vector<MachineRecord>> SimLedger::machines(const LeaseId& id) {
  return through("machines", Access::read, [&] { return books().machines(id); });
}

Result<std::optional<LeaseId>> SimLedger::lease_of(const InstanceId& machine) {
  return through("lease_of", Access::read, [&] { return books().lease_of(machine); });
}

Result<Audit> SimLedger::audit() {
  return through("audit", Access::read, [&] { return books().audit(); });
}

Result<std::optional<std::string>> SimLedger::fact(const std::string& name) {
  return through("fact", Access::read, [&] { return books().fact(name); });
}

Status SimLedger::set_fact(const std::string& name, const std::string& value) {
  return through("set_fact", Access::write, [&] { return books().set_fact(name, value); });
}

}  // namespace mayfly::lab::sim
