#pragma once

// Something that is dear to read, kept for a while. One reads it anew when it has become old;
// whoever comes meanwhile gets the old one, which is at most three times as old as it may be, else
// why the last who read it could not: so a ledger that answers slowly, or not at all, is asked by
// one at a time and holds up one. Before anybody has read it, several may. Thread rule: safe from
// many threads; no lock is held while it is read.

#include <memory>
#include <mutex>
#include <optional>

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
      if (kept_ && now < read_at_ + (readers_ > 0 ? k_patience * age : age)) return kept_;
      if (readers_ > 0 && failed_) return fail(*failed_);
      readers_ += 1;
    }
    auto fresh = read();
    const std::scoped_lock lock(mutex_);
    readers_ -= 1;
    if (!fresh) {
      failed_ = fresh.error();
      return fail(*failed_);
    }
    failed_.reset();
    auto pointer = std::make_shared<const T>(std::move(*fresh));
    if (kept_ && now < read_at_) return pointer;  // somebody has begun later, and ended sooner
    kept_ = pointer;
    read_at_ = now;
    return pointer;
  }

  // What was read last, however old; nullptr: nothing yet.
  [[nodiscard]] Pointer last() const {
    const std::scoped_lock lock(mutex_);
    return kept_;
  }

 private:
  static constexpr int k_patience = 3;

  mutable std::mutex mutex_;
  Pointer kept_;
  SteadyTime read_at_{};
  std::optional<Error> failed_;  // since it was read last
  int readers_ = 0;
};

}  // namespace mayfly::pages
