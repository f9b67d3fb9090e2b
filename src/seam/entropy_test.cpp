#include "seam/entropy.h"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

namespace mayfly {
namespace {

// Gives the numbers it was told to, eight bytes each.
class ScriptedEntropy final : public Entropy {
 public:
  explicit ScriptedEntropy(std::vector<std::uint64_t> draws) : draws_(std::move(draws)) {}

  void fill(std::span<std::uint8_t> out) override {
    REQUIRE(used_ < draws_.size());
    REQUIRE(out.size() <= sizeof(std::uint64_t));
    std::memcpy(out.data(), &draws_[used_++], out.size());
  }
  [[nodiscard]] std::size_t used() const { return used_; }

 private:
  std::vector<std::uint64_t> draws_;
  std::size_t used_ = 0;
};

TEST_CASE("entropy: hex has two digits for each byte drawn") {
  ScriptedEntropy entropy({0x0807060504030201});
  CHECK(entropy.hex(8) == "0102030405060708");
}

TEST_CASE("entropy: draws below a bound stay below it") {
  ScriptedEntropy entropy({0, 5, 6, 7, 13});
  CHECK(entropy.below(7) == 0);
  CHECK(entropy.below(7) == 5);
  CHECK(entropy.below(7) == 6);
  CHECK(entropy.below(7) == 0);
  CHECK(entropy.below(7) == 6);
}

TEST_CASE("entropy: a draw that would favour small numbers is drawn again") {
  ScriptedEntropy entropy({UINT64_MAX, UINT64_MAX - UINT64_MAX % 10, 42});
  CHECK(entropy.below(10) == 2);
  CHECK(entropy.used() == 3);
}

TEST_CASE("entropy: below one there is only zero") {
  ScriptedEntropy entropy({123});
  CHECK(entropy.below(1) == 0);
}

}  // namespace
}  // namespace mayfly
