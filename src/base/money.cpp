#include "base/money.h"

#include <algorithm>

#include "base/text.h"

namespace mayfly {
namespace {

constexpr std::int64_t k_micros = 1'000'000;  // in a dollar
constexpr std::size_t k_whole_digits_max = 6;
constexpr std::size_t k_decimals_max = 6;
constexpr std::int64_t k_seconds_per_hour = 3600;

// n / 10^(digits of n beyond `decimals`) with a point before the decimals.
std::string with_point(std::int64_t n, std::size_t decimals) {
  std::string digits = std::to_string(n);
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  return digits.insert(digits.size() - decimals, ".");
}

}  // namespace

std::optional<Money> parse_usd(std::string_view text) {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const auto dollars = parse_int(whole);
  if (!dollars || whole.size() > k_whole_digits_max) return std::nullopt;
  if (point == std::string_view::npos) return Money{*dollars * k_micros};

  std::string decimals{text.substr(point + 1)};
  if (decimals.empty() || decimals.size() > k_decimals_max) return std::nullopt;
  decimals.resize(k_decimals_max, '0');
  const auto micros = parse_int(decimals);
  if (!micros) return std::nullopt;
  return Money{*dollars * k_micros + *micros};
}

std::string human_usd(Money m) {
  if (m.micros < 0) return "-" + human_usd(Money{-m.micros});
  if (m.micros > 0 && m.micros < k_micros) return "$" + with_point((m.micros + 50) / 100, 4);
  return "$" + with_point((m.micros + 5'000) / 10'000, 2);
}

Money price_for(Money per_hour, Millis duration) {
  const std::int64_t seconds =
      std::max<std::int64_t>(60, std::chrono::ceil<Seconds>(duration).count());
  const std::int64_t rest = per_hour.micros * (seconds % k_seconds_per_hour);
  return {per_hour.micros * (seconds / k_seconds_per_hour) +
          (rest + k_seconds_per_hour - 1) / k_seconds_per_hour};
}

}  // namespace mayfly
