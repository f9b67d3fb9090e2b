#include "service/records.h"

namespace mayfly {
namespace {

MachineRecord record_of(const Lease& lease) {
  const Launch& launch = lease.launch;
  MachineRecord record;
  record.instance_id = launch.instance_id;
  record.lease_id = lease.id;
  record.instance_type = launch.instance_type;
  record.zone = launch.zone;
  record.on_demand = launch.on_demand;
  record.usd_per_hour = launch.usd_per_hour;
  record.launched_at = launch.intended_at;
  return record;
}

MachineRecord ended(MachineRecord record, WallTime now) {
  record.ended_at = now;
  record.spent = price_for(record.usd_per_hour, now - record.launched_at);
  return record;
}

}  // namespace

std::optional<MachineRecord> machine_record(const Lease& before, const Lease& after, WallTime now) {
  const bool was_known = !before.launch.instance_id.empty();
  const bool is_known = !after.launch.instance_id.empty();
  if (was_known && !is_known) return ended(record_of(before), now);
  if (!is_known) return std::nullopt;
  if (after.machine_ended && !before.machine_ended) return ended(record_of(after), now);
  if (!was_known) return record_of(after);
  return std::nullopt;
}

}  // namespace mayfly
