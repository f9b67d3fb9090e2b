#pragma once

// How many calls mayfly makes to GitHub, whatever it is asked: at most calls_per_minute in any 60
// seconds, with shares that are kept for what must not wait. Arithmetic over a list of moments;
// time is passed in. Not thread-safe.
//
// A call counts from the moment it is let through until 60 seconds after it was answered or given
// up, so that the promise also holds for when it reaches GitHub, however long it was on its way. (A
// call that was given up and arrives even later is not seen here.)
//
// Each purpose has a floor that nobody else can use; what lies beyond all floors is free for all.
// The invariant: over all purposes, the sum of the larger of floor and use is at most the limit. So
// a floor is never refused, and the sum of all uses never passes the limit.

#include <array>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/time.h"

namespace mayfly::github {

// Whom a call serves.
enum class Purpose {
  asks,    // strangers' questions: no floor
  sweep,   // what the machines that are there need: half
  claims,  // what a booted machine waits for: a sixth
};

class CallBudget {
 public:
  explicit CallBudget(int calls_per_minute);

  // None: the call may be made, and is counted; finish() must follow. Else how long until one may
  // be, if nobody else takes it.
  [[nodiscard]] std::optional<Millis> start(Purpose purpose, SteadyTime now);
  void finish(Purpose purpose, SteadyTime now);

  [[nodiscard]] int limit() const { return limit_; }
  // Calls of the last minute, those under way included.
  [[nodiscard]] int calls(SteadyTime now);
  [[nodiscard]] int floor_of(Purpose purpose) const { return use(purpose).floor; }

 private:
  struct Use {
    int floor = 0;
    int under_way = 0;
    std::deque<SteadyTime> finished = {};  // within the last minute, oldest first

    [[nodiscard]] int calls() const { return under_way + static_cast<int>(finished.size()); }
  };
  [[nodiscard]] const Use& use(Purpose p) const { return uses_[static_cast<std::size_t>(p)]; }
  [[nodiscard]] Use& use(Purpose p) { return uses_[static_cast<std::size_t>(p)]; }
  void forget_old(SteadyTime now);
  [[nodiscard]] int taken() const;
  [[nodiscard]] Millis wait(SteadyTime now) const;

  const int limit_;
  std::array<Use, 3> uses_;
};

}  // namespace mayfly::github
