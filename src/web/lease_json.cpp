#include "web/lease_json.h"

#include <boost/json/array.hpp>

namespace mayfly {

json::object lease_json(const Lease& lease, const std::string& public_url) {
  json::object out;
  out["id"] = lease.id.text;
  out["repository"] = lease.repository.text;
  out["run_id"] = lease.run_id;
  out["run_attempt"] = lease.run_attempt;
  out["architecture"] = to_string(lease.architecture);
  out["label"] = lease.label;
  json::array runs_on;
  for (const std::string& label : lease.labels) runs_on.emplace_back(label);
  out["runs_on"] = std::move(runs_on);
  out["state"] = to_string(lease.state);
  if (lease.outcome != Outcome::none) out["outcome"] = to_string(lease.outcome);
  if (!lease.reason.empty()) out["reason"] = lease.reason;
  out["created_at"] = iso8601_millis(lease.created_at);
  out["state_since"] = iso8601_millis(lease.state_since);
  out["deadline"] = iso8601(lease.deadline);
  if (!lease.launch.instance_id.empty()) {
    out["instance_type"] = lease.launch.instance_type;
    out["zone"] = lease.launch.zone;
    out["market"] = lease.launch.on_demand ? "on-demand" : "spot";
  }
  out["launches"] = lease.launch.boots;
  out["status_url"] = public_url + "/v1/leases/" + lease.id.text;
  return out;
}

json::array timeline_json(const std::vector<LeaseEvent>& events) {
  json::array out;
  for (const LeaseEvent& event : events) {
    json::object one;
    one["at"] = iso8601_millis(event.at);
    one["event"] = event.name;
    if (!event.detail.empty()) one["detail"] = event.detail;
    out.push_back(std::move(one));
  }
  return out;
}

json::array machines_json(const std::vector<MachineRecord>& machines) {
  json::array out;
  for (const MachineRecord& machine : machines) {
    json::object one;
    one["instance_id"] = machine.instance_id.text;
    one["instance_type"] = machine.instance_type;
    one["zone"] = machine.zone;
    one["market"] = machine.on_demand ? "on-demand" : "spot";
    one["launched_at"] = iso8601_millis(machine.launched_at);
    if (machine.ended_at) {
      one["ended_at"] = iso8601_millis(*machine.ended_at);
      one["spent_usd_at_most"] = human_usd(machine.spent);
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace mayfly
