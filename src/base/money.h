#pragma once

// US dollars in whole micro-dollars: exact sums, no floating point in any limit.

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace mayfly {

struct Money {
  std::int64_t micros = 0;

  friend constexpr auto operator<=>(Money, Money) = default;
  friend constexpr Money operator+(Money a, Money b) { return {a.micros + b.micros}; }
  friend constexpr Money operator-(Money a, Money b) { return {a.micros - b.micros}; }
  Money& operator+=(Money b) {
    micros += b.micros;
    return *this;
  }
};

// "1.53", "0.0425", "10": up to 6 decimals, no sign, no exponent, below a million dollars.
[[nodiscard]] std::optional<Money> parse_usd(std::string_view text);
// "$1.53", with four decimals below a dollar: "$0.0425".
[[nodiscard]] std::string human_usd(Money m);
// Price for a time, as EC2 bills it: per second, one minute at least, rounded up to a micro-dollar.
// Source: facts.md B5 (EUG ec2-instance-lifecycle.md).
[[nodiscard]] Money price_for(Money per_hour, Millis duration);

}  // namespace mayfly
