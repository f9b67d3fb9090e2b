#pragma once

// Where the time until a runner went: the stages of one lease, from the stamps on its timeline.
// Pure.
//
// Stamps come from the service ("asked", "verified", "launching", "booting", "adopted", "claimed",
// "online", "busy") and from the machine ("machine-..."), on which a stranger may be root. So a
// stamp of the machine counts only where it lies between the service's own; stamps may be missing,
// repeated or out of order, and a lease may be launched again. Of several launches the first that
// gave a runner counts, else the last; the time that the ones before it took is the stage
// "relaunch". "online" is stamped by a sweep that saw the runner on GitHub's list, so it is late by
// up to `sweep.every`; a job that began before that sweep ends the stage.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "lease/lease.h"

namespace mayfly::report {

enum class Stage {
  verify,    // asked, until GitHub's answer about the run was judged
  relaunch,  // launches that gave no runner; absent when the first one did
  launch,    // until EC2 named the machine
  boot,      // until the boot script's first word
  runner,    // until the runner's program was found or downloaded
  claim,     // until the machine had claimed its configuration
  online,    // until GitHub had the runner on its list
  job,       // until it was given its job: what GitHub and the workflow take, not mayfly
};
inline constexpr std::array k_stages = {Stage::verify, Stage::relaunch, Stage::launch, Stage::boot,
                                        Stage::runner, Stage::claim,    Stage::online, Stage::job};

// "verify", "relaunch", ...: stable.
[[nodiscard]] std::string_view to_string(Stage stage);
// In words, for people: "EC2 starts a machine".
[[nodiscard]] std::string_view describe(Stage stage);

struct StageTime {
  Stage stage = Stage::verify;
  Millis from{0};  // since the ask
  Millis to{0};    // never before from
  // Both its ends were stamped. Else it also holds the stages before it that have no stamp.
  bool is_exact = true;

  [[nodiscard]] Millis took() const { return to - from; }
};

struct Journey {
  WallTime asked{};               // the first stamp
  std::vector<StageTime> stages;  // those that have ended, in order; without gaps
  std::optional<Millis> runner;   // asked until online
  std::optional<Millis> job;      // asked until the job began
  int launches = 0;               // that gave a machine, over the lease's whole life
  std::string image;              // the machine image of the launch that counts; empty: not stamped
  std::string workflow;           // path of the run's workflow file; empty: not stamped
};

// In any order. No stamps: an empty journey.
[[nodiscard]] Journey journey_of(std::vector<LeaseEvent> events);

// The stage that is under way after the last that ended; none once the job has begun or the lease
// is ending or gone.
[[nodiscard]] std::optional<Stage> stage_under_way(const Journey& journey, LeaseState state);

}  // namespace mayfly::report
