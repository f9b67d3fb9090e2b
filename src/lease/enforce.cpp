#include "lease/enforce.h"

#include "base/text.h"

namespace mayfly {

Enforcement enforce(const std::map<std::string, std::string>& tags, WallTime now) {
  const auto tag = tags.find(k_tag_expires_at);
  if (tag == tags.end()) return Enforcement::unreadable_deadline;
  const auto seconds = parse_int(tag->second);
  constexpr std::int64_t k_year_9999 = 253402300799;
  if (!seconds || *seconds > k_year_9999) return Enforcement::unreadable_deadline;
  const WallTime deadline = wall_from_epoch_seconds(*seconds);
  if (deadline - now > k_lifetime_max) return Enforcement::unreadable_deadline;
  return now >= deadline ? Enforcement::past_deadline : Enforcement::keep;
}

}  // namespace mayfly
