#include "github/call_budget.h"

#include <algorithm>

namespace mayfly::github {
namespace {

constexpr Millis k_window = Seconds{60};

}  // namespace

CallBudget::CallBudget(int calls_per_minute) : limit_(calls_per_minute) {
  use(Purpose::sweep).floor = limit_ / 2;
  use(Purpose::claims).floor = limit_ / 6;
}

int CallBudget::taken() const {
  int sum = 0;
  for (const Use& one : uses_) sum += std::max(one.floor, one.calls());
  return sum;
}

// Until the oldest call leaves the window of those that hold what is free for all.
Millis CallBudget::wait(SteadyTime now) const {
  Millis least = k_window;
  for (const Use& one : uses_)
    if (one.calls() > one.floor && !one.finished.empty())
      least = std::min<Millis>(least, one.finished.front() + k_window - now);
  return std::max(least, Millis{1});
}

void CallBudget::forget_old(SteadyTime now) {
  for (Use& one : uses_)
    while (!one.finished.empty() && one.finished.front() + k_window <= now)
      one.finished.pop_front();
}

int CallBudget::calls(SteadyTime now) {
  forget_old(now);
  int sum = 0;
  for (const Use& one : uses_) sum += one.calls();
  return sum;
}

std::optional<Millis> CallBudget::start(Purpose purpose, SteadyTime now) {
  forget_old(now);
  Use& mine = use(purpose);
  if (mine.calls() >= mine.floor && taken() >= limit_) return wait(now);
  ++mine.under_way;
  return std::nullopt;
}

void CallBudget::finish(Purpose purpose, SteadyTime now) {
  Use& mine = use(purpose);
  --mine.under_way;
  mine.finished.push_back(now);
}

}  // namespace mayfly::github
