#include "github/call_budget.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

namespace mayfly::github {
namespace {

SteadyTime at(Millis t) { return SteadyTime{Seconds{1000} + t}; }

bool made(CallBudget& budget, Purpose purpose, Millis t) {
  if (budget.start(purpose, at(t))) return false;
  budget.finish(purpose, at(t));
  return true;
}

int made_at_once(CallBudget& budget, Purpose purpose, Millis t) {
  int count = 0;
  while (count < 10'000 && made(budget, purpose, t)) ++count;
  return count;
}

class Draws {
 public:
  int below(int n) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<int>((state_ >> 33) % static_cast<std::uint64_t>(n));
  }

 private:
  std::uint64_t state_ = 99;
};

TEST_CASE(
    "call budget: asks get what no floor keeps, and what is kept is there after their flood") {
  CallBudget budget(60);
  CHECK(made_at_once(budget, Purpose::asks, Millis{0}) == 20);
  CHECK(made_at_once(budget, Purpose::sweep, Millis{0}) == 30);
  CHECK(made_at_once(budget, Purpose::claims, Millis{0}) == 10);
  CHECK(made_at_once(budget, Purpose::asks, Millis{59'999}) == 0);
  CHECK(made_at_once(budget, Purpose::asks, Millis{60'000}) == 20);
}

TEST_CASE("call budget: a sweep in trouble cannot take what claims need, nor claims the sweep's") {
  CallBudget sweeping(60);
  CHECK(made_at_once(sweeping, Purpose::sweep, Millis{0}) == 50);
  CHECK(made_at_once(sweeping, Purpose::asks, Millis{0}) == 0);
  CHECK(made_at_once(sweeping, Purpose::claims, Millis{0}) == 10);
  CallBudget claiming(60);
  CHECK(made_at_once(claiming, Purpose::claims, Millis{0}) == 30);
  CHECK(made_at_once(claiming, Purpose::sweep, Millis{0}) == 30);
}

TEST_CASE("call budget: it names the time after which one more is let through, and not before") {
  CallBudget budget(60);
  CHECK(made(budget, Purpose::sweep, Millis{0}));  // within its floor: its end helps nobody else
  CHECK(made_at_once(budget, Purpose::asks, Millis{10'000}) == 20);
  CHECK(budget.start(Purpose::asks, at(Millis{15'000})) == Millis{55'000});
  CHECK(budget.start(Purpose::asks, at(Millis{69'999})) == Millis{1});
  CHECK(made(budget, Purpose::asks, Millis{70'000}));
}

TEST_CASE("call budget: what it says is used are the calls of the last minute, of all purposes") {
  CallBudget budget(60);
  CHECK(budget.calls(at(Millis{0})) == 0);
  REQUIRE(made(budget, Purpose::asks, Millis{0}));
  REQUIRE_FALSE(budget.start(Purpose::sweep, at(Seconds{1})));
  CHECK(budget.calls(at(Seconds{59})) == 2);
  CHECK_MESSAGE(budget.calls(at(Seconds{60})) == 1, "the sweep's is still under way");
}

TEST_CASE("call budget: a call counts as long as it is under way") {
  CallBudget budget(60);
  for (int i = 0; i < 20; ++i) CHECK_FALSE(budget.start(Purpose::asks, at(Millis{0})));
  CHECK(budget.start(Purpose::asks, at(Seconds{300})) == Millis{60'000});
  budget.finish(Purpose::asks, at(Seconds{300}));
  CHECK(budget.start(Purpose::asks, at(Seconds{359})) == Millis{1'000});
  CHECK_FALSE(budget.start(Purpose::asks, at(Seconds{360})));
}

// Each call is on its way for a drawn time and reaches GitHub at some moment of it.
TEST_CASE("call budget: GitHub sees at most the limit in any minute, however slow the calls are") {
  struct Going {
    Purpose purpose;
    Millis ends;
  };
  for (const int limit : {60, 61, 180}) {
    CallBudget budget(limit);
    Draws draws;
    std::vector<Going> going;
    std::vector<Millis> arrivals;
    for (Millis t{0}; t < Seconds{600}; t += Millis{draws.below(200)}) {
      std::erase_if(going, [&](const Going& one) {
        if (one.ends > t) return false;
        budget.finish(one.purpose, at(one.ends));
        return true;
      });
      const auto purpose = static_cast<Purpose>(draws.below(3));
      if (budget.start(purpose, at(t))) continue;
      const Millis took{draws.below(draws.below(4) == 0 ? 10'000 : 100) + 1};
      going.push_back({purpose, t + took});
      arrivals.push_back(t + Millis{draws.below(static_cast<int>(took.count()))});
    }
    std::sort(arrivals.begin(), arrivals.end());
    REQUIRE(arrivals.size() > static_cast<std::size_t>(limit) * 5);
    for (std::size_t i = 0; i + static_cast<std::size_t>(limit) < arrivals.size(); ++i)
      REQUIRE(arrivals[i + static_cast<std::size_t>(limit)] - arrivals[i] >= Seconds{60});
  }
}

TEST_CASE("call budget: no purpose is ever refused within its floor") {
  CallBudget budget(90);
  Draws draws;
  std::vector<std::pair<Purpose, Millis>> calls;
  for (Millis t{0}; t < Seconds{900}; t += Millis{draws.below(300)}) {
    const auto purpose = static_cast<Purpose>(draws.below(3));
    const auto used = std::count_if(calls.begin(), calls.end(), [&](const auto& call) {
      return call.first == purpose && call.second + Seconds{60} > t;
    });
    const bool is_made = made(budget, purpose, t);
    if (used < budget.floor_of(purpose)) REQUIRE(is_made);
    if (is_made) calls.emplace_back(purpose, t);
  }
  CHECK(calls.size() > 800);
}

}  // namespace
}  // namespace mayfly::github
