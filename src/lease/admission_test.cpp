#include "lease/admission.h"

#include <doctest/doctest.h>

#include "lease/testing.h"

namespace mayfly {
namespace {

using namespace testing;

constexpr Money k_much{1'000'000'000};

Caps wide() { return {1000, 1000, 1000, k_much, k_much, 1000, 1000, 1000, 1000, 5}; }

TEST_CASE("admission: an account, a pull request and bare labels have caps of their own") {
  struct Row {
    int Usage::*used;
    int Caps::*cap;
    Code code;
  };
  for (const Row row :
       {Row{&Usage::machines_of_actor, &Caps::machines_per_actor, Code::limit_actor},
        Row{&Usage::machines_of_head, &Caps::machines_per_pull_request, Code::limit_pull_request},
        Row{&Usage::machines_for_seed_labels, &Caps::machines_for_seed_labels,
            Code::limit_seed_labels}}) {
    CAPTURE(info(row.code).name);
    Usage usage;
    usage.*row.used = 2;
    Caps caps = wide();
    caps.*row.cap = 4;
    CHECK(admit(usage, {2, Money{}, Source::seed}, caps, k_start));
    const Status refused = admit(usage, {3, Money{}, Source::seed}, caps, k_start);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == row.code);
    CHECK(refused.error().message == "2 of 4 in use, 3 more asked for");
  }
}

TEST_CASE("admission: the cap of bare labels is no concern of who names a run") {
  Usage usage;
  usage.machines_for_seed_labels = 4;
  Caps caps = wide();
  caps.machines_for_seed_labels = 4;
  CHECK(admit(usage, {3, Money{}, Source::v1}, caps, k_start));
  CHECK_FALSE(admit(usage, {1, Money{}, Source::seed}, caps, k_start));
}

TEST_CASE("admission: a launch waits until enough of the hour's launches have left it") {
  LaunchUsage usage;
  for (const int minutes : {50, 20, 10}) usage.of_hour.push_back(k_start - Seconds{60 * minutes});
  Caps caps = wide();
  caps.launches_per_hour = 4;
  CHECK(admit_launches(usage, 1, caps, k_start));
  const auto wait_for = [&](int launches) {
    const Status refused = admit_launches(usage, launches, caps, k_start);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == Code::limit_launches);
    return refused.error().retry_after;
  };
  CHECK(wait_for(2) == Seconds{10 * 60});
  CHECK(wait_for(3) == Seconds{40 * 60});
  CHECK(wait_for(4) == Seconds{50 * 60});
  CHECK(wait_for(5) == Seconds{60 * 60});  // never: the longest
}

TEST_CASE(
    "admission: while launches pause none is let through, and the cause and the end are told") {
  Usage usage;
  usage.launches.pause = LaunchPause{Code::aws_config, 5, k_start, k_start + Seconds{900}};
  const Status refused = admit(usage, {1, Money{}}, wide(), k_start + Seconds{60});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::launches_paused);
  CHECK(refused.error().retry_after == Seconds{840});
  CHECK(refused.error().message.find("aws-config") != std::string::npos);
  CHECK(refused.error().message.find(iso8601(k_start + Seconds{900})) != std::string::npos);
}

TEST_CASE("admission: a wait is never told as no time at all") {
  LaunchUsage usage;
  usage.pause = LaunchPause{Code::boot_failed, 5, k_start, k_start + Millis{5}};
  CHECK(admit_launches(usage, 1, wide(), k_start).error().retry_after == Seconds{1});
}

TEST_CASE("admission: the nearer cap says how much of the money is spoken for, rounded down") {
  Caps caps = wide();
  caps.usd_per_day = Money{10'000'000};
  caps.usd_per_month = Money{40'000'000};
  Usage usage;
  CHECK(money_percent(usage, caps) == 0);
  usage.reserved = Money{3'000'000};
  usage.spent_today = Money{4'999'999};
  CHECK(money_percent(usage, caps) == 79);
  usage.spent_today = Money{5'000'000};
  CHECK(money_percent(usage, caps) == 80);
  usage.spent_this_month = Money{37'000'000};
  CHECK(money_percent(usage, caps) == 100);
  usage.reserved = Money{40'000'000};
  CHECK(money_percent(usage, caps) == 450);
}

}  // namespace
}  // namespace mayfly
