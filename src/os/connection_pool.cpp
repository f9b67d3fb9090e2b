#include "os/connection_pool.h"

#include <algorithm>

namespace mayfly::os {

bool ConnectionPool::is_old(const Idle& idle, Instant now) const {
  const Millis by_steady = now.steady - idle.since.steady;
  const Millis by_calendar = now.wall - idle.since.wall;
  return std::max(by_steady, by_calendar) > idle_max_;
}

std::unique_ptr<ByteStream> ConnectionPool::take(const Origin& origin, Instant now) {
  while (auto stream = pop(origin, now))
    if (!stream->has_unexpected_input()) return stream;
  return nullptr;
}

std::unique_ptr<ByteStream> ConnectionPool::pop(const Origin& origin, Instant now) {
  const std::lock_guard lock(mutex_);
  const auto found = idle_.find(origin);
  if (found == idle_.end() || found->second.empty()) return nullptr;
  Idle newest = std::move(found->second.back());
  found->second.pop_back();
  if (is_old(newest, now)) {
    found->second.clear();  // the others are older still
    return nullptr;
  }
  return std::move(newest.stream);
}

void ConnectionPool::put(const Origin& origin, std::unique_ptr<ByteStream> stream, Instant now) {
  const std::lock_guard lock(mutex_);
  for (auto& [other, list] : idle_)
    while (!list.empty() && is_old(list.front(), now)) list.pop_front();
  std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
  auto& list = idle_[origin];
  list.push_back({std::move(stream), now});
  if (list.size() > per_origin_max_) list.pop_front();
}

}  // namespace mayfly::os
