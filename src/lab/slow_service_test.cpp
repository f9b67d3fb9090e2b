#include "lab/slow_service.h"

#include <doctest/doctest.h>

#include <vector>

#include "lab/rig/seams.h"

namespace mayfly::lab {
namespace {

// Notes when it is asked.
class Asked final : public HttpService {
 public:
  explicit Asked(Clock& clock) : clock_(clock) {}
  HttpResponse handle(const HttpRequest&) override {
    at.push_back(clock_.steady());
    return {204, {}, ""};
  }
  std::vector<SteadyTime> at;

 private:
  Clock& clock_;
};

TEST_CASE("slow service: a call takes at most its time, some of it before and some after the act") {
  VirtualClock clock;
  SeededEntropy entropy(7);
  Asked service(clock);
  SlowService slow(service, clock, entropy, Millis{40});
  Millis before{0}, after{0};
  for (std::size_t i = 0; i < 200; ++i) {
    const SteadyTime began = clock.steady();
    CHECK(slow.handle({}).status == 204);
    REQUIRE(service.at.size() == i + 1);
    CHECK(clock.steady() - began <= Millis{40});
    before += service.at[i] - began;
    after += clock.steady() - service.at[i];
  }
  CHECK(before > Millis{1000});
  CHECK(after > Millis{1000});
}

TEST_CASE("slow service: without a time it passes calls on at once") {
  VirtualClock clock;
  SeededEntropy entropy(7);
  Asked service(clock);
  SlowService slow(service, clock, entropy, Millis{0});
  const SteadyTime began = clock.steady();
  CHECK(slow.handle({}).status == 204);
  CHECK(clock.steady() == began);
}

}  // namespace
}  // namespace mayfly::lab
