#include "pages/kept.h"

#include <doctest/doctest.h>

namespace mayfly::pages {
namespace {

constexpr Millis k_age = Seconds{10};
constexpr SteadyTime k_begin{Seconds{1000}};

// A number that is dear to read. meanwhile: what another viewer does while one reads.
struct Bench {
  Kept<int> kept;
  int reads = 0;
  bool is_down = false;

  template <typename Meanwhile>
  Result<Kept<int>::Pointer> get(SteadyTime now, const Meanwhile& meanwhile) {
    return kept.get(now, k_age, [&]() -> Result<int> {
      reads += 1;
      const int number = reads;
      meanwhile();
      if (is_down) return fail(Code::ledger_unavailable, "down");
      return number;
    });
  }
  Result<Kept<int>::Pointer> get(SteadyTime now) {
    return get(now, [] {});
  }
};

TEST_CASE("kept: it is read again when it has become old") {
  Bench bench;
  CHECK(bench.kept.last() == nullptr);
  CHECK(**bench.get(k_begin) == 1);
  CHECK(**bench.get(k_begin + k_age - Millis{1}) == 1);
  CHECK(**bench.get(k_begin + k_age) == 2);
  CHECK(*bench.kept.last() == 2);
}

TEST_CASE("kept: while one reads, the others get the old one, if it is not very old") {
  Bench bench;
  (void)bench.get(k_begin);
  const SteadyTime soon = k_begin + k_age;
  CHECK(**bench.get(soon, [&] { CHECK(**bench.get(soon) == 1); }) == 2);
  CHECK(bench.reads == 2);
  const SteadyTime late = soon + k_age * 3;
  CHECK(**bench.get(late, [&] { CHECK(**bench.get(late) == 4); }) == 3);
}

TEST_CASE("kept: what cannot be read is asked for by one at a time, and the others are told why") {
  Bench bench;
  bench.is_down = true;
  CHECK_FALSE(bench.get(k_begin));
  const auto refused = [&] {
    const auto other = bench.get(k_begin);
    CHECK(other.error().code == Code::ledger_unavailable);
  };
  CHECK_FALSE(bench.get(k_begin, refused));
  CHECK(bench.reads == 2);
  bench.is_down = false;
  CHECK(**bench.get(k_begin) == 3);
  CHECK(**bench.get(k_begin) == 3);
}

}  // namespace
}  // namespace mayfly::pages
