// kill -9 at every call that the service makes, before it was sent and after it was carried out.

#include <unistd.h>

#include <cstdlib>

#include "lab/rig/testing.h"

namespace mayfly {
namespace {

using namespace lab;

// rr's run as its workflow plays it, whatever is answered: a setup that fails skips the tests.
void play_rr(Rig& rig, const RunId run) {
  const bool ok = rig.post("/", seed_create(k_label)).status == 200;
  finish_hosted(rig.github(), run, "setup", ok ? "success" : "failure");
  CHECK(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{3000}));
  stop_run(rig, run, seed_destroy(k_label));
  CHECK(rig.run_until_quiet(Seconds{3000}));
  check_settled(rig);
}

// Kills at the n-th call and at `again` calls after it, for n = 1, 2, ... until a life has fewer.
int kill_everywhere(FaultKind kind, int again = 0) {
  for (int n = 1;; ++n) {
    CAPTURE(n);
    Rig rig;
    const RunId run = begin_run(rig, {k_label, k_label}, Seconds{20});
    for (int i = 0; i <= again; ++i)
      rig.upstream().add({.kind = kind, .concerns = call_number(n + i)});
    play_rr(rig, run);
    if (rig.deaths() == 0) return n - 1;
  }
}

TEST_CASE("rig: a kill before any call leaves nothing that the next process does not finish") {
  CHECK(kill_everywhere(FaultKind::kill_before) > 30);
}

TEST_CASE("rig: a kill after any call leaves nothing that the next process does not finish") {
  CHECK(kill_everywhere(FaultKind::kill_after) > 30);
}

TEST_CASE("rig: kills while the next process cleans up change nothing about that") {
  CHECK(kill_everywhere(FaultKind::kill_after, 2) > 30);
}

TEST_CASE("rig: what was acknowledged before a kill is in the file that the next process opens") {
  std::string directory = "/tmp/mayfly-rig-XXXXXX";
  REQUIRE(::mkdtemp(directory.data()) != nullptr);
  RigOptions options = rr_options();
  options.ledger_path = directory + "/ledger.db";
  Rig rig(options);
  const RunId run = begin_run(rig, {k_label, k_label}, Seconds{20});
  REQUIRE(rig.post("/", seed_create(k_label)).status == 200);
  const auto acknowledged = leases(rig);
  rig.upstream().add({.kind = FaultKind::kill_before, .concerns = call_number(1)});
  rig.run_for(Seconds{1});
  REQUIRE(rig.deaths() == 1);
  for (const Lease& lease : acknowledged)
    CHECK(rig.ledger().find(lease.id).value()->launch.instance_id == lease.launch.instance_id);
  play_rr(rig, run);
  CHECK(rig.github().outcome(run).conclusion == "success");
  for (const char* suffix : {"", "-wal", "-shm"})
    (void)::unlink((options.ledger_path + suffix).c_str());
  (void)::rmdir(directory.c_str());
}

}  // namespace
}  // namespace mayfly
