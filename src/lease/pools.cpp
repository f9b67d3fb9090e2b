#include "lease/pools.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"

namespace mayfly {
namespace {

constexpr int k_doublings_max = 10;
constexpr std::size_t k_interruptions_kept = 16;
constexpr JsonLimits k_limits = {256 * 1024, 4};

Millis exhausted_for(int times_in_a_row, const PoolPolicy& policy) {
  const int doublings = std::min(times_in_a_row - 1, k_doublings_max);
  return std::min(policy.exhausted_first * (1 << doublings), policy.exhausted_longest);
}

std::optional<PoolRecord> read_record(const json::object& object) {
  const auto exhausted = json_int(object, "exhausted");
  const auto exhausted_until = json_int(object, "exhausted_until");
  const auto interrupted_until = json_int(object, "interrupted_until");
  const json::array* interruptions = json_array(object, "interruptions");
  if (!exhausted || !exhausted_until || !interrupted_until || interruptions == nullptr ||
      *exhausted < 0 || *exhausted > INT32_MAX || interruptions->size() > k_interruptions_kept)
    return std::nullopt;
  PoolRecord record{static_cast<int>(*exhausted),
                    wall_from_epoch_millis(*exhausted_until),
                    {},
                    wall_from_epoch_millis(*interrupted_until)};
  for (const json::value& at : *interruptions) {
    if (!at.is_int64()) return std::nullopt;
    record.interruptions.push_back(wall_from_epoch_millis(at.get_int64()));
  }
  return record;
}

}  // namespace

PoolRecord& PoolMemory::record_of(const Pool& pool) {
  if (!records_.contains(pool) && records_.size() >= k_pools_max)
    records_.erase(
        std::min_element(records_.begin(), records_.end(), [](const auto& a, const auto& b) {
          return a.second.exhausted_until < b.second.exhausted_until;
        }));
  return records_[pool];
}

void PoolMemory::note_exhausted(const Pool& pool, WallTime now, const PoolPolicy& policy) {
  PoolRecord& record = record_of(pool);
  if (record.exhausted > 0 && now - record.exhausted_until > policy.exhausted_memory)
    record.exhausted = 0;
  if (now < record.exhausted_until) return;  // it was tried because nothing else was left
  record.exhausted += 1;
  record.exhausted_until = now + exhausted_for(record.exhausted, policy);
}

void PoolMemory::note_launched(const Pool& pool) {
  const auto found = records_.find(pool);
  if (found == records_.end()) return;
  found->second.exhausted = 0;
  found->second.exhausted_until = WallTime{};
}

void PoolMemory::note_interrupted(const Pool& pool, WallTime now, const PoolPolicy& policy) {
  PoolRecord& record = record_of(pool);
  std::vector<WallTime>& times = record.interruptions;
  std::erase_if(times, [&](WallTime at) { return now - at > policy.interruptions_within; });
  times.push_back(now);
  if (times.size() > k_interruptions_kept) times.erase(times.begin());
  if (static_cast<int>(times.size()) >= policy.interruptions_max)
    record.interrupted_until = now + policy.interrupted_for;
}

void PoolMemory::forget_old(WallTime now, const PoolPolicy& policy) {
  std::erase_if(records_, [&](const auto& entry) {
    const PoolRecord& record = entry.second;
    const bool was_exhausted =
        record.exhausted > 0 && now - record.exhausted_until <= policy.exhausted_memory;
    const bool was_interrupted = !record.interruptions.empty() &&
                                 now - record.interruptions.back() <= policy.interruptions_within;
    return !was_exhausted && !was_interrupted && !record.is_avoided(now);
  });
}

std::vector<Pool> PoolMemory::usable(const std::vector<Pool>& pools, WallTime now) const {
  std::vector<Pool> left;
  for (const Pool& pool : pools) {
    const auto found = records_.find(pool);
    if (found == records_.end() || !found->second.is_avoided(now)) left.push_back(pool);
  }
  return left.empty() ? pools : left;
}

std::string PoolMemory::to_text() const {
  json::array all;
  for (const auto& [pool, record] : records_) {
    json::array interruptions;
    for (const WallTime at : record.interruptions)
      interruptions.emplace_back(std::int64_t{epoch_millis(at)});
    all.push_back(json::object{{"type", pool.instance_type},
                               {"subnet", pool.subnet},
                               {"on_demand", pool.on_demand},
                               {"exhausted", record.exhausted},
                               {"exhausted_until", epoch_millis(record.exhausted_until)},
                               {"interruptions", std::move(interruptions)},
                               {"interrupted_until", epoch_millis(record.interrupted_until)}});
  }
  return all.empty() ? "" : json::serialize(all);
}

PoolMemory PoolMemory::from_text(std::string_view text) {
  if (text.empty()) return {};
  const auto document = parse_json(text, k_limits);
  if (!document || !document->is_array() || document->get_array().size() > k_pools_max) return {};
  PoolMemory memory;
  for (const json::value& one : document->get_array()) {
    if (!one.is_object()) return {};
    const json::object& object = one.get_object();
    const auto type = json_string(object, "type");
    const auto subnet = json_string(object, "subnet");
    const auto on_demand = json_bool(object, "on_demand");
    auto record = read_record(object);
    if (!type || !subnet || !on_demand || !record) return {};
    memory.records_[{*type, *subnet, *on_demand}] = std::move(*record);
  }
  return memory;
}

}  // namespace mayfly
