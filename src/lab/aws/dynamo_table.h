#pragma once

// One emulated table: items by both keys, each with what it was before its last change, for reads
// that are only eventually consistent. Not thread-safe.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "lab/aws/dynamo_item.h"

namespace mayfly::lab {

// When a read happens, and how old what it sees may be: 0 for a consistent one.
struct DynamoView {
  SteadyTime now{};
  Millis staleness{0};
};

class DynamoTable {
 public:
  struct Stored {
    std::optional<json::object> item;  // none: deleted
    std::optional<json::object> before;
    SteadyTime changed_at{};
  };
  using Partition = std::map<std::string, Stored>;  // by sk

  void write(const DynamoKey& key, std::optional<json::object> item, SteadyTime now);
  // nullptr: there is none. Valid until the next write.
  [[nodiscard]] const json::object* find(const DynamoKey& key, const DynamoView& view) const;
  [[nodiscard]] const Partition* partition(std::string_view pk) const;
  [[nodiscard]] static const json::object* seen(const Stored& stored, const DynamoView& view);
  [[nodiscard]] std::size_t item_count() const;

  std::string ttl_attribute;  // empty: time to live is off
  WallTime created_at{};

 private:
  std::map<std::string, Partition, std::less<>> partitions_;
};

}  // namespace mayfly::lab
