#include "lab/aws/dynamo_table.h"

namespace mayfly::lab {

void DynamoTable::write(const DynamoKey& key, std::optional<json::object> item, SteadyTime now) {
  Stored& stored = partitions_[key.pk][key.sk];
  stored.before = std::move(stored.item);
  stored.item = std::move(item);
  stored.changed_at = now;
}

const json::object* DynamoTable::seen(const Stored& stored, const DynamoView& view) {
  const bool is_old = stored.changed_at + view.staleness > view.now;
  const std::optional<json::object>& item = is_old ? stored.before : stored.item;
  return item ? &*item : nullptr;
}

const json::object* DynamoTable::find(const DynamoKey& key, const DynamoView& view) const {
  const Partition* of_key = partition(key.pk);
  if (of_key == nullptr) return nullptr;
  const auto found = of_key->find(key.sk);
  return found == of_key->end() ? nullptr : seen(found->second, view);
}

const DynamoTable::Partition* DynamoTable::partition(std::string_view pk) const {
  const auto found = partitions_.find(pk);
  return found == partitions_.end() ? nullptr : &found->second;
}

std::size_t DynamoTable::item_count() const {
  std::size_t count = 0;
  for (const auto& [pk, partition] : partitions_)
    for (const auto& [sk, stored] : partition) count += stored.item ? 1 : 0;
  return count;
}

}  // namespace mayfly::lab
