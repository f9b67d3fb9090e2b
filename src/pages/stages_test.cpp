#include "pages/stages.h"

#include <doctest/doctest.h>

namespace mayfly::pages {
namespace {

const WallTime k_noon = wall_from_epoch_seconds(1'763'985'600);

LeaseEvent at(int second, const char* name, const char* detail = "") {
  return {LeaseId{"l-1"}, k_noon + Seconds{second}, name, detail};
}

// "verify 0-1, launch 1-13, boot 13-": kinds by number, seconds since noon.
std::string drawn(const std::vector<Stage>& stages) {
  static constexpr const char* k_names[] = {"verify",  "launch",   "boot", "prepare", "claim",
                                            "connect", "wait_job", "job",  "clean_up"};
  std::string out;
  for (const Stage& stage : stages) {
    out += out.empty() ? "" : ", ";
    out += k_names[static_cast<int>(stage.kind)];
    out += " " + std::to_string((stage.begin - k_noon) / Seconds{1}) + "-";
    if (stage.end) out += std::to_string((*stage.end - k_noon) / Seconds{1});
    if (stage.launch != 1) out += "#" + std::to_string(stage.launch);
  }
  return out;
}

TEST_CASE("stages: each stage lasts from its stamp to the next, and the last one goes on") {
  std::vector<LeaseEvent> events = {at(0, "asked"), at(1, "verified"), at(1, "launching"),
                                    at(13, "booting", "i-1 c5.large")};
  CHECK(drawn(stages_of(events)) == "verify 0-1, launch 1-13, boot 13-");
  for (const LeaseEvent& later :
       {at(30, "machine-booted"), at(31, "machine-runner-ready"), at(32, "machine-claiming"),
        at(33, "claimed"), at(36, "machine-runner-started"), at(38, "online"),
        at(40, "machine-job-started"), at(43, "busy"), at(100, "machine-job-completed"),
        at(103, "ending", "job-done"), at(110, "machine-ended"), at(111, "gone")})
    events.push_back(later);
  CHECK(drawn(stages_of(events)) ==
        "verify 0-1, launch 1-13, boot 13-30, prepare 30-31, claim 31-33, connect 33-38, "
        "wait_job 38-40, job 40-103, clean_up 103-111");
  CHECK(time_to_runner(events) == Seconds{38});
  CHECK(stages_of({}).empty());
  CHECK_FALSE(time_to_runner({at(0, "asked")}));
}

TEST_CASE("stages: a new launch begins a second row of stages, and says why it came to that") {
  const auto stages =
      stages_of({at(0, "asked"), at(1, "verified"), at(1, "launching"),
                 at(2, "no-spot-capacity", "c5.large InsufficientInstanceCapacity"),
                 at(3, "booting"), at(60, "launching", "the machine is gone"), at(62, "adopted")});
  CHECK(drawn(stages) == "verify 0-1, launch 1-3, boot 3-60, launch 60-62#2, boot 62-#2");
  CHECK(stages[1].note == "c5.large InsufficientInstanceCapacity");
  CHECK(stages[3].note == "the machine is gone");
}

TEST_CASE("stages: a machine's stamps move no stage but the one that they end") {
  CHECK(drawn(stages_of({at(0, "asked"), at(1, "launching"), at(2, "machine-job-started"),
                         at(3, "booting"), at(4, "machine-job-started"), at(5, "machine-claiming"),
                         at(6, "machine-booted"), at(7, "claimed"), at(8, "busy"),
                         at(9, "machine-booted"), at(10, "machine-claiming"), at(11, "ending"),
                         at(12, "machine-job-started")})) ==
        "verify 0-1, launch 1-3, boot 3-5, claim 5-7, connect 7-8, job 8-11, clean_up 11-");
}

TEST_CASE("stages: what comes after the end is not drawn, and names without a meaning are none") {
  CHECK(drawn(stages_of({at(0, "asked"), at(1, "pwned"), at(2, "ending"), at(3, "gone"),
                         at(9, "runner-removed"), at(10, "launching")})) ==
        "verify 0-2, clean_up 2-3");
}

}  // namespace
}  // namespace mayfly::pages
