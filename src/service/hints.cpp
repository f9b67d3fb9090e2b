#include "service/hints.h"

namespace mayfly {

bool Hints::add(const RepositoryName& repository, RunId run) {
  const std::scoped_lock lock(mutex_);
  if (known_.contains({repository.text, run})) return true;
  if (in_order_.size() >= k_kept_max) return false;
  known_.insert({repository.text, run});
  in_order_.emplace_back(repository, run);
  return true;
}

std::optional<std::pair<RepositoryName, RunId>> Hints::take() {
  const std::scoped_lock lock(mutex_);
  if (in_order_.empty()) return std::nullopt;
  auto first = std::move(in_order_.front());
  in_order_.pop_front();
  known_.erase({first.first.text, first.second});
  return first;
}

std::size_t Hints::size() const {
  const std::scoped_lock lock(mutex_);
  return in_order_.size();
}

}  // namespace mayfly
