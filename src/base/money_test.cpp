#include "base/money.h"

#include <doctest/doctest.h>

namespace mayfly {
namespace {

Money usd(std::string_view text) {
  const auto money = parse_usd(text);
  REQUIRE_MESSAGE(money.has_value(), text);
  return *money;
}

TEST_CASE("money: dollars are read exactly") {
  CHECK(usd("1.53").micros == 1'530'000);
  CHECK(usd("0.0425").micros == 42'500);
  CHECK(usd("10").micros == 10'000'000);
  CHECK(usd("0.000001").micros == 1);
  CHECK(usd("999999.999999").micros == 999'999'999'999);
}

TEST_CASE("money: signs, exponents, bare points and too many digits are refused") {
  for (const char* text : {"", ".", "1.", ".5", "-1", "+1", "1e3", "1,50", "$1", " 1", "1 ",
                           "1000000", "0.0000001", "1.2.3", "1.-5", "nan", "0000001"})
    CHECK_FALSE_MESSAGE(parse_usd(text), text);
}

TEST_CASE("money: people see cents, and four decimals below a dollar") {
  CHECK(human_usd(usd("1.53")) == "$1.53");
  CHECK(human_usd(usd("25")) == "$25.00");
  CHECK(human_usd(usd("0.0425")) == "$0.0425");
  CHECK(human_usd(usd("0.5")) == "$0.5000");
  CHECK(human_usd(usd("1.005")) == "$1.01");
  CHECK(human_usd(Money{0}) == "$0.00");
  CHECK(human_usd(Money{0} - usd("1.53")) == "-$1.53");
}

TEST_CASE("money: a whole hour costs the price of an hour") {
  CHECK(price_for(usd("1.53"), Seconds{3600}) == usd("1.53"));
  CHECK(price_for(usd("1.53"), Seconds{7200}) == usd("3.06"));
}

TEST_CASE("money: the first minute is always paid") {
  const Money minute = price_for(usd("3.6"), Seconds{60});
  CHECK(minute == usd("0.06"));
  CHECK(price_for(usd("3.6"), Millis{0}) == minute);
  CHECK(price_for(usd("3.6"), Millis{1}) == minute);
  CHECK(price_for(usd("3.6"), Seconds{-5}) == minute);
  CHECK(price_for(usd("3.6"), Seconds{61}) > minute);
}

TEST_CASE("money: a begun second is paid, and parts of a micro-dollar are rounded up") {
  CHECK(price_for(usd("3.6"), Millis{60'001}) == usd("0.061"));
  CHECK(price_for(Money{1}, Seconds{60}).micros == 1);
  CHECK(price_for(usd("1"), Seconds{61}).micros == 16'945);  // 16944.4…
  CHECK(price_for(Money{0}, Seconds{61}).micros == 0);
}

TEST_CASE("money: the dearest price for a year does not overflow") {
  CHECK(price_for(usd("999999.999999"), Seconds{365 * 86'400}).micros == 999'999'999'999 * 8'760);
}

TEST_CASE("money: sums are exact") {
  Money sum;
  for (int i = 0; i < 10; ++i) sum += usd("0.1");
  CHECK(sum == usd("1"));
  CHECK(sum - usd("0.1") == usd("0.9"));
}

}  // namespace
}  // namespace mayfly
