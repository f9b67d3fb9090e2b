#pragma once

// What may be decided from an instance's tags alone: whether it is past its deadline. The second
// enforcer knows nothing else: no ledger, no GitHub. A deadline that is missing, unreadable or
// further away than any lease may last counts as past.

#include <map>
#include <string>

#include "base/time.h"

namespace mayfly {

inline constexpr const char* k_tag_deployment = "mayfly:deployment";
inline constexpr const char* k_tag_lease = "mayfly:lease";
inline constexpr const char* k_tag_launch = "mayfly:launch";
inline constexpr const char* k_tag_expires_at = "mayfly:expires-at";
inline constexpr const char* k_tag_claim = "mayfly:claim";
inline constexpr const char* k_tag_api = "mayfly:api";
inline constexpr const char* k_tag_label = "Label";  // the seed's own

enum class Enforcement { keep, past_deadline, unreadable_deadline };

// The longest lifetime that a configuration may name, and so the furthest believable deadline.
inline constexpr Millis k_lifetime_max = std::chrono::hours{24};

[[nodiscard]] Enforcement enforce(const std::map<std::string, std::string>& tags, WallTime now);

}  // namespace mayfly
