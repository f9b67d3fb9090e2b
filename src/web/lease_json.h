#pragma once

// A lease as the API and the commands show it: public facts and the timeline, nothing that opens
// anything.

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "base/json.h"
#include "lease/lease.h"

namespace mayfly {

[[nodiscard]] json::object lease_json(const Lease& lease, const std::string& public_url);
[[nodiscard]] json::array timeline_json(const std::vector<LeaseEvent>& events);
[[nodiscard]] json::array machines_json(const std::vector<MachineRecord>& machines);

}  // namespace mayfly
