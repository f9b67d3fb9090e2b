#pragma once

// "Look at this run now": what webhooks say. Kept in memory, each run once, and bounded: one that
// is lost, or left out because there are too many, costs time only, for the lookout comes round by
// itself. Thread rule: safe from many threads.

#include <deque>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/ids.h"

namespace mayfly {

class Hints {
 public:
  static constexpr std::size_t k_kept_max = 4096;

  // False: there are too many.
  bool add(const RepositoryName& repository, RunId run);
  // Oldest first.
  [[nodiscard]] std::optional<std::pair<RepositoryName, RunId>> take();
  [[nodiscard]] std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::deque<std::pair<RepositoryName, RunId>> in_order_;
  std::set<std::pair<std::string, RunId>> known_;
};

}  // namespace mayfly
