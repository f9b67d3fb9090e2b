#include "base/token_bucket.h"

#include <doctest/doctest.h>

#include <vector>

namespace mayfly {
namespace {

SteadyTime at(Millis t) { return SteadyTime{Seconds{1000} + t}; }

bool took(TokenBucket& bucket, const BucketSize& size, Millis t) {
  if (bucket.wait(size, at(t))) return false;
  bucket.take(size, at(t));
  return true;
}

TEST_CASE("token bucket: a full one gives its burst at once and then one by one") {
  const BucketSize size{30, 5};
  TokenBucket bucket;
  for (int i = 0; i < 5; ++i) CHECK(took(bucket, size, Millis{0}));
  CHECK_FALSE(took(bucket, size, Millis{0}));
  CHECK(bucket.wait(size, at(Millis{500})) == Millis{1500});
  CHECK_FALSE(took(bucket, size, Millis{1999}));
  CHECK(took(bucket, size, Millis{2000}));
  CHECK_FALSE(took(bucket, size, Millis{2000}));
}

TEST_CASE("token bucket: after the wait that it names there is a token, and not before") {
  const BucketSize size{7, 3};  // 60 s is no multiple of 7
  TokenBucket bucket;
  Millis t{0};
  for (int i = 0; i < 50; ++i) {
    const auto wait = bucket.wait(size, at(t));
    if (wait) {
      CHECK(bucket.wait(size, at(t + *wait - Millis{1})));
      t += *wait;
    }
    CHECK(took(bucket, size, t));
  }
}

TEST_CASE("token bucket: in no span of time it gives more than burst and rate allow") {
  for (const BucketSize size : {BucketSize{1, 1}, BucketSize{7, 3}, BucketSize{60, 60}}) {
    TokenBucket bucket;
    std::vector<Millis> given;
    std::uint64_t draw = 12345;
    for (Millis t{0}; t < Seconds{400};) {
      if (took(bucket, size, t)) given.push_back(t);
      draw = draw * 6364136223846793005ULL + 1442695040888963407ULL;
      t += Millis(static_cast<std::int64_t>(draw >> 33) % 900);
    }
    CHECK(given.size() >= static_cast<std::size_t>(size.per_minute * 6));
    for (std::size_t i = 0; i < given.size(); ++i) {
      for (std::size_t j = i; j < given.size(); ++j) {
        const std::int64_t span = (given[j] - given[i]).count();
        const auto most = size.burst + span * size.per_minute / 60'000;
        REQUIRE(static_cast<std::int64_t>(j - i + 1) <= most);
      }
    }
  }
}

TEST_CASE("token bucket: one that is full again is as good as new") {
  const BucketSize size{60, 10};
  TokenBucket bucket;
  CHECK(bucket.is_full(at(Millis{0})));
  CHECK(took(bucket, size, Millis{0}));
  CHECK_FALSE(bucket.is_full(at(Millis{999})));
  CHECK(bucket.is_full(at(Millis{1000})));
  for (int i = 0; i < 10; ++i) CHECK(took(bucket, size, Millis{1000}));
  CHECK_FALSE(took(bucket, size, Millis{1000}));
}

}  // namespace
}  // namespace mayfly
