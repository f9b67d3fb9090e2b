#pragma once

// For the tests of reports: timelines written as "name@seconds", from noon.

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "report/history.h"

namespace mayfly::report::testing {

inline const WallTime k_noon = *parse_iso8601("2026-11-23T12:00:00Z");

struct At {
  int seconds;
  std::string name;
  std::string detail = {};
};

inline std::vector<LeaseEvent> timeline(const std::vector<At>& stamps) {
  std::vector<LeaseEvent> events;
  for (const At& stamp : stamps)
    events.push_back({LeaseId{"l-00000000000000000001"}, k_noon + Seconds{stamp.seconds},
                      stamp.name, stamp.detail});
  return events;
}

// A life without trouble: asked at 0, online at 60, its job from 61 to 200, gone at 210.
inline std::vector<At> good_life() {
  return {{0, "asked", "v1"},
          {1, "verified", "run 42 of .github/workflows/ci.yml"},
          {1, "launching"},
          {4, "booting", "i-0a c7i.large us-east-1a spot ami-0a"},
          {24, "machine-booted"},
          {25, "machine-runner-downloading", "2.336.0"},
          {40, "machine-runner-ready"},
          {41, "machine-claiming"},
          {43, "claimed", "i-0a"},
          {50, "machine-runner-started"},
          {60, "online"},
          {61, "machine-job-started"},
          {62, "busy"},
          {200, "machine-job-completed"},
          {201, "machine-runner-exited", "status 0"},
          {205, "ending", "job-done"},
          {210, "machine-ended"},
          {210, "gone"}};
}

inline MachineRecord machine(const std::string& id, int from, int until, Money spent) {
  MachineRecord record;
  record.instance_id = InstanceId{id};
  record.launched_at = k_noon + Seconds{from};
  if (until >= 0) record.ended_at = k_noon + Seconds{until};
  record.usd_per_hour = Money{3'600'000};
  record.spent = spent;
  return record;
}

}  // namespace mayfly::report::testing
