#include "lab/aws/throttle.h"

#include <doctest/doctest.h>

namespace mayfly::lab {
namespace {

constexpr SteadyTime k_start{Seconds{100}};

int taken(Throttle& throttle, Bucket bucket, SteadyTime now) {
  int n = 0;
  while (n < 5000 && throttle.take(bucket, 1, now)) ++n;
  return n;
}

TEST_CASE("throttle: a full bucket gives its capacity, then its rate") {
  Throttle throttle;
  CHECK(taken(throttle, Bucket::run_instances, k_start) == 5);
  CHECK(taken(throttle, Bucket::run_instances, k_start + Millis{499}) == 0);
  CHECK(taken(throttle, Bucket::run_instances, k_start + Millis{500}) == 1);
  CHECK(taken(throttle, Bucket::run_instances, k_start + Seconds{60}) == 5);
}

TEST_CASE("throttle: buckets are independent, and have the sizes that AWS states") {
  Throttle throttle;
  CHECK(taken(throttle, Bucket::non_mutating, k_start) == 100);
  CHECK(taken(throttle, Bucket::unfiltered, k_start) == 50);
  CHECK(taken(throttle, Bucket::mutating, k_start) == 50);
  CHECK(taken(throttle, Bucket::terminate_instances, k_start) == 100);
  CHECK(taken(throttle, Bucket::mutating, k_start + Seconds{1}) == 5);
  CHECK(taken(throttle, Bucket::non_mutating, k_start + Seconds{1}) == 20);
}

TEST_CASE("throttle: a refused request takes nothing") {
  Throttle throttle;
  CHECK_FALSE(throttle.take(Bucket::launched_machines, 1001, k_start));
  CHECK(throttle.take(Bucket::launched_machines, 1000, k_start));
}

}  // namespace
}  // namespace mayfly::lab
