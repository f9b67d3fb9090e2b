#pragma once

// Times, money and states as people say them.

#include <string>

#include "base/time.h"
#include "lease/lease.h"

namespace mayfly::pages {

// "0.4 s", "12 s", "4 min 10 s", "2 h 5 min", "3 d 4 h". page.js counts on in the same words.
[[nodiscard]] std::string spoken(Millis duration);
// "2026-11-23 20:15:30 UTC"
[[nodiscard]] std::string spoken(WallTime at);
// "20:15:30 UTC", with the day where it is not that of now.
[[nodiscard]] std::string spoken(WallTime at, WallTime now);

// "The machine boots", "Ended: no job came in time": where a lease stands, as one short sentence
// without its dot.
[[nodiscard]] std::string standing(const Lease& lease);
// The same in two words at most: for a badge.
[[nodiscard]] std::string short_standing(const Lease& lease);
// What a stamp of the timeline says; the stamp's own name where there are no words for it.
[[nodiscard]] std::string words_for_event(const std::string& name);

// How it went, for colours: nothing depends on these alone.
enum class Mood { waiting, good, over, bad };
[[nodiscard]] Mood mood_of(const Lease& lease);
[[nodiscard]] std::string to_string(Mood mood);

}  // namespace mayfly::pages
