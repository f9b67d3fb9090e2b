#include "lab/aws/throttle.h"

#include <algorithm>

namespace mayfly::lab {
namespace {

struct Size {
  std::int64_t capacity;
  std::int64_t per_second;
};

Size size_of(Bucket bucket) {
  switch (bucket) {
    case Bucket::non_mutating:
      return {100, 20};
    case Bucket::unfiltered:
      return {50, 10};
    case Bucket::mutating:
      return {50, 5};
    case Bucket::run_instances:
      return {5, 2};
    case Bucket::terminate_instances:
      return {100, 5};
    case Bucket::create_tags:
      return {100, 10};
    case Bucket::modify_metadata:
      return {100, 5};
    case Bucket::launched_machines:
      return {1000, 2};
    case Bucket::terminated_machines:
      return {1000, 20};
  }
  return {0, 0};
}

}  // namespace

Throttle::Level& Throttle::level_at(Bucket bucket, SteadyTime now) {
  const Size size = size_of(bucket);
  const std::int64_t full = size.capacity * 1000;
  Level& level = levels_.try_emplace(bucket, Level{full, now}).first->second;
  // Tokens a second are thousandths a millisecond.
  const std::int64_t gained = (now - level.at).count() * size.per_second;
  level = {std::min(full, level.thousandths + gained), now};
  return level;
}

bool Throttle::take(Bucket bucket, std::int64_t tokens, SteadyTime now) {
  Level& level = level_at(bucket, now);
  if (level.thousandths < tokens * 1000) return false;
  level.thousandths -= tokens * 1000;
  return true;
}

void Throttle::drain(Bucket bucket, std::int64_t tokens, SteadyTime now) {
  Level& level = level_at(bucket, now);
  level.thousandths -= std::min(level.thousandths, tokens * 1000);
}

}  // namespace mayfly::lab
