#include "lease/label.h"

#include <doctest/doctest.h>

namespace mayfly {
namespace {

TEST_CASE("label: the whole label is checked, not only how it begins") {
  constexpr std::string_view k_prefix = "rr_runner_";
  CHECK(is_seed_label("rr_runner_0123456789abcdef0123456789abcdef", k_prefix));
  CHECK(is_seed_label("rr_runner_0123456789abcdef_x86_64", k_prefix));
  for (const char* hostile :
       {"rr_runner_a\nid", "rr_runner_a;id", "rr_runner_a$(id)", "rr_runner_a`id`", "rr_runner_a #",
        "rr_runner_a,self-hosted,prod", "rr_runner_a\n", "rr_runner_*", "rr_runner_?",
        "rr_runner_a --url https://evil", "rr_runner_", "rr_runner", "xrr_runner_a", "",
        "rr_runner_\xc3\xa9", "rr_runner_a b", "rr_runner_a\"", "RR_RUNNER_a"})
    CHECK_FALSE_MESSAGE(is_seed_label(hostile, k_prefix), hostile);
  CHECK_FALSE(is_seed_label(std::string("rr_runner_a\0b", 13), k_prefix));
  CHECK_FALSE(is_seed_label("rr_runner_" + std::string(k_seed_label_max, 'a'), k_prefix));
}

TEST_CASE("labels: a derived one is that of this run, written as we write it, in any case") {
  const RunnerLabels ours;
  for (const char* good : {"mayfly-42-x86_64", "Mayfly-42-X86_64", "mayfly-42-arm64-255"})
    CHECK_MESSAGE(ours.parse_derived(good, 42).has_value(), good);
  CHECK(ours.parse_derived("mayfly-42-arm64-7", 42)->index == 7);
  CHECK(ours.parse_derived("mayfly-42-arm64-7", 42)->architecture == Architecture::arm64);
  for (const char* bad :
       {"", "mayfly", "mayfly-43-x86_64", "mayfly-42-x86_64-0", "mayfly-42-x86_64-01",
        "mayfly-42-x86_64-256", "mayfly-42-x86_64-", "mayfly-42-x86_64--1", "mayfly-042-x86_64",
        "mayfly-42-x86_64 ", "mayfly-42-riscv", "mayfly-42-x86_64-99999999999999999999"})
    CHECK_MESSAGE(!ours.parse_derived(bad, 42).has_value(), bad);
}

TEST_CASE("labels: jobs of any run may name these, in any case of letters, and no others") {
  const RunnerLabels ours;
  for (const char* x86_64 : {"mayfly", "Mayfly", "mayfly-x86_64", "MAYFLY-X86_64"})
    CHECK_MESSAGE(ours.parse_shared(x86_64) == Architecture::x86_64, x86_64);
  CHECK(ours.parse_shared("mayfly-arm64") == Architecture::arm64);
  for (const char* bad : {"", "mayfl", "mayfly-", "mayfly-riscv", "mayfly-42-x86_64", "mayfly ",
                          "mayflyx86_64", "mayfly_x86_64", "mayfly--x86_64", "mayfly-pmu"})
    CHECK_MESSAGE(!ours.parse_shared(bad).has_value(), bad);
}

TEST_CASE("labels: a deployment with a profile has its name in each, and reads no others") {
  const RunnerLabels pmu("pmu");
  CHECK(pmu.derived(42, 3, Architecture::arm64) == "mayfly-pmu-42-arm64-3");
  CHECK(pmu.parse_derived("mayfly-PMU-42-arm64-3", 42)->index == 3);
  CHECK(pmu.parse_shared("mayfly-pmu") == Architecture::x86_64);
  CHECK(pmu.parse_shared("mayfly-pmu-arm64") == Architecture::arm64);
  for (const char* bad : {"mayfly", "mayfly-x86_64", "mayfly-pmux", "mayfly-kvm", "pmu"})
    CHECK_MESSAGE(!pmu.parse_shared(bad).has_value(), bad);
  CHECK_FALSE(pmu.parse_derived("mayfly-42-arm64-3", 42));
}

TEST_CASE("labels: what was written in any way is known by one text") {
  const RunnerLabels ours;
  CHECK(ours.canonical("Mayfly-42-ARM64-1", 42) == "mayfly-42-arm64-1");
  CHECK(ours.canonical("Mayfly", 42) == "mayfly-42-x86_64-shared");
  CHECK(ours.canonical("mayfly-x86_64", 42) == "mayfly-42-x86_64-shared");
  CHECK(ours.canonical("rr_runner_A", 42) == "rr_runner_A");
}

}  // namespace
}  // namespace mayfly
