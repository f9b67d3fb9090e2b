#include "lease/lease.h"

#include <doctest/doctest.h>

#include "lease/admission.h"
#include "lease/enforce.h"
#include "lease/testing.h"

namespace mayfly {
namespace {

using namespace testing;
using enum LeaseState;

TEST_CASE("lease: every state and outcome survives being written as text") {
  for (int i = 0; i < 7; ++i) {
    const auto state = static_cast<LeaseState>(i);
    CHECK(parse_lease_state(to_string(state)) == state);
  }
  for (int i = 0; i < 10; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    CHECK(parse_outcome(to_string(outcome)) == outcome);
  }
  CHECK_FALSE(parse_lease_state("Gone").has_value());
}

TEST_CASE("lease: the edges are those of the drawing") {
  CHECK(is_edge(launching, booting));
  CHECK(is_edge(booting, online));
  CHECK(is_edge(online, launching));
  CHECK(is_edge(busy, ending));
  CHECK(is_edge(ending, gone));
  CHECK_FALSE(is_edge(ending, launching));
  CHECK_FALSE(is_edge(launching, gone));
  CHECK_FALSE(is_edge(busy, online));
  for (int i = 0; i < 7; ++i) CHECK_FALSE(is_edge(gone, static_cast<LeaseState>(i)));
}

TEST_CASE("lease: an id follows from its key alone, and another key has another id") {
  const LeaseKey key{RepositoryName{"o/r"}, Architecture::x86_64, "", 1, 1, 0};
  CHECK(lease_id_for("d", key) == lease_id_for("d", key));
  CHECK(parse_lease_id(lease_id_for("d", key).text).has_value());
  LeaseKey other = key;
  other.run_attempt = 2;
  CHECK(lease_id_for("d", key) != lease_id_for("d", other));
  other = key;
  other.architecture = Architecture::arm64;
  CHECK(lease_id_for("d", key) != lease_id_for("d", other));
  CHECK(lease_id_for("d", key) != lease_id_for("e", key));
  other = key;
  other.run_id = 0;
  other.run_attempt = 0;
  other.label = "1";
  CHECK(lease_id_for("d", key) != lease_id_for("d", other));
}

TEST_CASE("lease: only runners that carry our deployment's name are ours") {
  const LeaseId id = lease_in(booting).id;
  const std::string name = runner_name_for("rr", id, 2, 3);
  CHECK(lease_of_runner("rr", name) == id);
  CHECK_FALSE(lease_of_runner("other", name).has_value());
  CHECK_FALSE(lease_of_runner("rr", "ip-10-0-0-1").has_value());
  CHECK_FALSE(lease_of_runner("rr", "mf-rr-l-0123").has_value());
  CHECK_FALSE(lease_of_runner("rr", "mf-rr-" + id.text).has_value());
  CHECK(name.size() <= 64);
}

const Caps k_caps{10, 5, 2, Money{25'000'000}, Money{100'000'000}};

TEST_CASE("admission: the last machine within a cap is admitted and the next is refused") {
  Usage usage;
  usage.machines_of_run[Architecture::arm64] = 1;
  const auto ask = [](int x86_64, int arm64) {
    return Ask{x86_64 + arm64,
               Money{},
               Source::v1,
               {{Architecture::x86_64, x86_64}, {Architecture::arm64, arm64}}};
  };
  CHECK(admit(usage, ask(2, 1), k_caps, k_start).has_value());
  CHECK(admit(usage, ask(0, 2), k_caps, k_start).error().code == Code::limit_run);
  CHECK(admit(usage, ask(3, 0), k_caps, k_start).error().code == Code::limit_run);
  usage = Usage{};
  usage.machines_of_repository = 4;
  CHECK(admit(usage, {1, Money{}}, k_caps, k_start).has_value());
  CHECK(admit(usage, {2, Money{}}, k_caps, k_start).error().code == Code::limit_repository);
  usage = Usage{};
  usage.machines = 9;
  CHECK(admit(usage, {1, Money{}}, k_caps, k_start).has_value());
  CHECK(admit(usage, {2, Money{}}, k_caps, k_start).error().code == Code::limit_machines);
}

TEST_CASE("admission: money counts what is only reserved, and the limit itself may be reached") {
  Usage usage;
  usage.spent_today = Money{10'000'000};
  usage.spent_this_month = Money{20'000'000};
  usage.reserved = Money{14'000'000};
  CHECK(admit(usage, {1, Money{1'000'000}}, k_caps, k_start).has_value());
  CHECK(admit(usage, {1, Money{1'000'001}}, k_caps, k_start).error().code == Code::limit_money_day);
  usage.spent_today = Money{};
  usage.spent_this_month = Money{85'500'000};
  CHECK(admit(usage, {1, Money{1'000'000}}, k_caps, k_start).error().code ==
        Code::limit_money_month);
}

TEST_CASE(
    "admission: the worst case covers the overrun bound and a billed minute for each launch") {
  const Money hour = worst_case(Money{3'600'000'000}, Seconds{3600}, 3);
  CHECK(hour.micros == (3600 + 120 + 180) * 1'000'000LL);
}

TEST_CASE("enforce: a deadline that is missing, unreadable or too far away counts as past") {
  const auto at = [](const std::string& value) {
    return enforce({{k_tag_expires_at, value}}, k_start);
  };
  const long long now = epoch_seconds(k_start);
  CHECK(at(std::to_string(now + 60)) == Enforcement::keep);
  CHECK(at(std::to_string(now)) == Enforcement::past_deadline);
  CHECK(at(std::to_string(now - 1)) == Enforcement::past_deadline);
  CHECK(at(std::to_string(now + 24 * 3600)) == Enforcement::keep);
  for (const char* odd : {"", "soon", "-1", "1e9", " 1", "99999999999999999999", "253402300800"})
    CHECK_MESSAGE(at(odd) == Enforcement::unreadable_deadline, odd);
  CHECK(at(std::to_string(now + 24 * 3600 + 1)) == Enforcement::unreadable_deadline);
  CHECK(enforce({}, k_start) == Enforcement::unreadable_deadline);
}

}  // namespace
}  // namespace mayfly
