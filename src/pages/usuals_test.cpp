#include "pages/usuals.h"

#include <doctest/doctest.h>

#include "ledger/testing.h"
#include "pages/lease_pages.h"
#include "report/recent_times.h"
#include "service/testing.h"

namespace mayfly::pages {
namespace {

using mayfly::testing::k_noon;
using mayfly::testing::numbered;
using mayfly::testing::wide_caps;

struct Bench : mayfly::testing::Service {
  LeasePages pages{config, clock, *ledger};

  // Five x86_64 runners that needed so long to boot, and two seconds for the rest.
  void runners(int boot_seconds) {
    for (int n = 11; n <= 15; ++n) {
      report::Journey journey;
      journey.asked = k_noon;
      journey.stages = {{report::Stage::verify, Millis{0}, Seconds{1}, true},
                        {report::Stage::launch, Seconds{1}, Seconds{2}, true},
                        {report::Stage::boot, Seconds{2}, Seconds{2 + boot_seconds}, true}};
      journey.runner = Seconds{2 + boot_seconds};
      REQUIRE(report::note_runner_time(*ledger, numbered(n), journey));
    }
  }
  Lease make(int n, Architecture architecture) {
    Lease lease = numbered(n);
    lease.architecture = architecture;
    lease.deadline = k_noon + Seconds{3600};
    REQUIRE(ledger->reserve(
        {lease},
        {{lease.id, k_noon, "asked", "v1"}, {lease.id, k_noon + Seconds{1}, "verified", ""}},
        wide_caps(), k_noon));
    return lease;
  }
  bool says(const Lease& lease, const std::string& text) {
    const auto page = pages.page({}, "/v1/leases/" + lease.id.text, lease.id);
    REQUIRE(page);
    return page->body.find(text) != std::string::npos;
  }
  void later(Millis by) { clock.sleep_until(clock.steady() + by); }
};

TEST_CASE("usuals: a lease's page says what its stages usually take, by its architecture") {
  Bench bench;
  bench.runners(33);
  CHECK(bench.says(bench.make(1, Architecture::x86_64), "usually 33 s"));
  CHECK_FALSE(bench.says(bench.make(2, Architecture::arm64), "usually"));
}

TEST_CASE("usuals: they are read once a minute, and by all pages together") {
  Bench bench;
  const Lease lease = bench.make(1, Architecture::x86_64);
  CHECK_FALSE(bench.says(lease, "usually"));
  bench.runners(33);
  bench.later(Seconds{59});
  CHECK_FALSE(bench.says(lease, "usually"));
  CHECK_FALSE(bench.says(bench.make(2, Architecture::x86_64), "usually"));
  bench.later(Seconds{2});
  CHECK(bench.says(lease, "usually 33 s"));
}

}  // namespace
}  // namespace mayfly::pages
