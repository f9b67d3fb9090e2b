#include "lease/pools.h"

#include <doctest/doctest.h>

namespace mayfly {
namespace {

using std::chrono::minutes;

const WallTime k_now = *parse_iso8601("2026-11-26T12:00:00Z");
const Pool k_a = {"c5.9xlarge", "subnet-a", false};
const Pool k_b = {"c5.9xlarge", "subnet-b", false};
const std::vector<Pool> k_both = {k_a, k_b};

bool is_avoided(const PoolMemory& memory, const Pool& pool, WallTime now) {
  const auto found = memory.records().find(pool);
  return found != memory.records().end() && found->second.is_avoided(now);
}

TEST_CASE("pools: one that had nothing is not named for two minutes, the others are") {
  PoolMemory memory;
  memory.note_exhausted(k_a, k_now);
  CHECK(memory.usable(k_both, k_now) == std::vector<Pool>{k_b});
  CHECK(memory.usable(k_both, k_now + minutes{2}) == k_both);
}

TEST_CASE("pools: when all had nothing all are named, so no lease waits for our memory") {
  PoolMemory memory;
  memory.note_exhausted(k_a, k_now);
  memory.note_exhausted(k_b, k_now);
  CHECK(memory.usable(k_both, k_now) == k_both);
}

TEST_CASE("pools: each time in a row doubles the wait, up to half an hour") {
  PoolMemory memory;
  WallTime now = k_now;
  for (const int expected : {2, 4, 8, 16, 30, 30}) {
    memory.note_exhausted(k_a, now);
    CHECK(is_avoided(memory, k_a, now + minutes{expected} - Millis{1}));
    now += minutes{expected};
    CHECK_FALSE(is_avoided(memory, k_a, now));
  }
}

TEST_CASE("pools: a burst of launches that all find nothing counts as one time") {
  PoolMemory memory;
  for (int i = 0; i < 50; ++i) memory.note_exhausted(k_a, k_now + Millis{i});
  CHECK_FALSE(is_avoided(memory, k_a, k_now + minutes{3}));
}

TEST_CASE("pools: a machine that came from a pool ends its exhaustion at once") {
  PoolMemory memory;
  memory.note_exhausted(k_a, k_now);
  memory.note_exhausted(k_a, k_now + minutes{2});
  memory.note_launched(k_a);
  CHECK_FALSE(is_avoided(memory, k_a, k_now + minutes{2}));
  memory.note_exhausted(k_a, k_now + minutes{3});
  CHECK_FALSE(is_avoided(memory, k_a, k_now + minutes{5}));
}

TEST_CASE("pools: an exhaustion of long ago counts no more") {
  PoolMemory memory;
  for (const int at : {0, 2, 6}) memory.note_exhausted(k_a, k_now + minutes{at});
  const WallTime later = k_now + minutes{200};
  memory.note_exhausted(k_a, later);
  CHECK_FALSE(is_avoided(memory, k_a, later + minutes{2}));
}

TEST_CASE("pools: three interruptions within half an hour close a pool for as long") {
  PoolMemory memory;
  memory.note_interrupted(k_a, k_now);
  memory.note_interrupted(k_a, k_now + minutes{10});
  CHECK_FALSE(is_avoided(memory, k_a, k_now + minutes{10}));
  memory.note_interrupted(k_a, k_now + minutes{20});
  CHECK(memory.usable(k_both, k_now + minutes{49}) == std::vector<Pool>{k_b});
  CHECK(memory.usable(k_both, k_now + minutes{50}) == k_both);
}

TEST_CASE("pools: interruptions that lie further apart close nothing") {
  PoolMemory memory;
  for (const int at : {0, 20, 40, 60, 80}) memory.note_interrupted(k_a, k_now + minutes{at});
  CHECK_FALSE(is_avoided(memory, k_a, k_now + minutes{80}));
}

TEST_CASE("pools: spot and on-demand of one type and subnet are two pools") {
  PoolMemory memory;
  memory.note_exhausted(k_a, k_now);
  CHECK_FALSE(is_avoided(memory, {k_a.instance_type, k_a.subnet, true}, k_now));
}

TEST_CASE("pools: what is remembered survives being written and read") {
  PoolMemory memory;
  memory.note_exhausted(k_a, k_now);
  memory.note_interrupted(k_b, k_now);
  const PoolMemory read = PoolMemory::from_text(memory.to_text());
  CHECK(read == memory);
  CHECK(read.records().size() == 2);
  CHECK(PoolMemory{}.to_text().empty());
}

TEST_CASE("pools: a text that is not one of ours is an empty memory") {
  for (const char* text : {"", "x", "{}", "[1]", "[{}]", R"([{"type":"a","subnet":"b"}])"})
    CHECK(PoolMemory::from_text(text).records().empty());
}

TEST_CASE("pools: what no longer matters is forgotten, and there are never too many") {
  PoolMemory memory;
  memory.note_exhausted(k_a, k_now);
  memory.note_interrupted(k_b, k_now);
  memory.forget_old(k_now + minutes{30});
  CHECK(memory.records().size() == 2);
  memory.forget_old(k_now + minutes{63});
  CHECK(memory.records().empty());
  for (int i = 0; i < 400; ++i)
    memory.note_exhausted({"type" + std::to_string(i), "subnet-a", false}, k_now);
  CHECK(memory.records().size() == k_pools_max);
}

}  // namespace
}  // namespace mayfly
