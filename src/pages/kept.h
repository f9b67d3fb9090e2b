#pragma once

// Something that is dear to read, kept for a while. Thread rule: safe from many threads; no lock is
// held while it is read, so at a moment at which it has just become old several may read it anew.

#include <memory>
#include <mutex>

#include "base/result.h"
#include "base/time.h"

namespace mayfly::pages {

template <typename T>
class Kept {
 public:
  using Pointer = std::shared_ptr<const T>;

  // What was read at most `age` ago, else what read() gives: Result<T>, or why it could not.
  template <typename Read>
  [[nodiscard]] Result<Pointer> get(SteadyTime now, Millis age, const Read& read) {
    {
      const std::scoped_lock lock(mutex_);
      if (kept_ && now < read_at_ + age) return kept_;
    }
    TRY_ASSIGN(T fresh, read());
    auto pointer = std::make_shared<const T>(std::move(fresh));
    const std::scoped_lock lock(mutex_);
    kept_ = pointer;
    read_at_ = now;
    return pointer;
  }

 private:
  std::mutex mutex_;
  Pointer kept_;
  SteadyTime read_at_{};
};

}  // namespace mayfly::pages
