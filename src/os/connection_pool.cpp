#include "os/connection_pool.h"

namespace mayfly::os {

std::unique_ptr<ByteStream> ConnectionPool::take(const Origin& origin, SteadyTime now) {
  while (auto stream = pop(origin, now))
    if (!stream->has_unexpected_input()) return stream;
  return nullptr;
}

std::unique_ptr<ByteStream> ConnectionPool::pop(const Origin& origin, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = idle_.find(origin);
  if (found == idle_.end() || found->second.empty()) return nullptr;
  Idle newest = std::move(found->second.back());
  found->second.pop_back();
  if (now - newest.since > idle_max_) {
    found->second.clear();  // the others are older still
    return nullptr;
  }
  return std::move(newest.stream);
}

void ConnectionPool::put(const Origin& origin, std::unique_ptr<ByteStream> stream, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  for (auto& [other, list] : idle_)
    while (!list.empty() && now - list.front().since > idle_max_) list.pop_front();
  std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
  auto& list = idle_[origin];
  list.push_back({std::move(stream), now});
  if (list.size() > per_origin_max_) list.pop_front();
}

}  // namespace mayfly::os
