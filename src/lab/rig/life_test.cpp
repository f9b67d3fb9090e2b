// Lives from beginning to end when nothing, or only a caller, goes wrong.

#include <set>

#include "base/text.h"
#include "lab/rig/testing.h"

namespace mayfly {
namespace {

using namespace lab;

std::vector<std::string> runner_labels(Rig& rig, const std::string& name) {
  for (const GithubRunner& runner : rig.github().runners())
    if (runner.name == name) return runner.labels;
  return {};
}

std::size_t machines_ever(Rig& rig) { return rig.aws().instances().size(); }

TEST_CASE("rig: a stranger who asks in a live run's name first takes nothing from the run") {
  RigOptions options = rr_options();
  options.config.limits.machines_per_run = 1;
  Rig rig(options);
  const RunId run = start_v1_run(rig.github(), Seconds{60});
  begin_hosted(rig.github(), run, "setup");
  json::object theirs = v1_ask(run);
  theirs["runners"] = json::array{json::object{{"architecture", "x86_64"}}};
  REQUIRE(rig.post("/v1/leases", theirs).status == 201);
  CHECK(rig.post("/v1/leases", v1_ask(run)).status == 201);
  finish_hosted(rig.github(), run, "setup");
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{900}));
  CHECK(conclusion_of(rig.github(), run, "test-x86_64") == "success");
  CHECK(conclusion_of(rig.github(), run, "test-arm64") == "success");
  CHECK(rig.aws().instances().size() == 2);
}

TEST_CASE("rig: rr's workflow of today runs to its end and leaves nothing behind") {
  Rig rig;
  const RunId run = begin_and_create(rig, k_label);
  REQUIRE(rig.run_until([&] { return rig.github().runners().size() == 2; }, Seconds{120}));
  for (const char* architecture : {"x86_64", "arm64"}) {
    const Lease lease = lease_of(rig, k_label, *parse_architecture(architecture));
    const std::vector<std::string> expected{k_label, std::string("arch_") + architecture};
    CHECK(runner_labels(rig, lease.runner_name) == expected);
  }
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{900}));
  stop_run(rig, run, seed_destroy(k_label));
  REQUIRE(rig.run_until_quiet(Seconds{120}));
  CHECK(rig.github().outcome(run).conclusion == "success");
  CHECK(machines_ever(rig) == 2);
  for (const Lease& lease : leases(rig)) CHECK(lease.outcome == Outcome::job_done);
  check_settled(rig);
}

TEST_CASE("rig: rr's workflow of 2024 runs to its end and leaves nothing behind") {
  Rig rig;
  const RrLabels labels{k_label + "_x86_64", k_label + "_arm64"};
  const RunId run = begin_run(rig, labels);
  CHECK(rig.post("/", seed_create_2024(labels.x86_64, "x86_64")).status == 200);
  CHECK(rig.post("/", seed_create_2024(labels.arm64, "arm64")).status == 200);
  finish_hosted(rig.github(), run, "setup");
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{900}));
  stop_run(rig, run, seed_destroy_2024(labels));
  REQUIRE(rig.run_until_quiet(Seconds{120}));
  CHECK(rig.github().outcome(run).conclusion == "success");
  CHECK(machines_ever(rig) == 2);
  check_settled(rig);
}

TEST_CASE("rig: a v1 ask that waits answers when its runners are online") {
  Rig rig;
  const RunId run = start_v1_run(rig.github());
  const HttpResponse answer = rig.post("/v1/leases?wait=online&timeout=120", v1_ask(run));
  CHECK_MESSAGE(answer.status == 201, answer.body);
  CHECK(all_in(rig, LeaseState::online));
  finish_hosted(rig.github(), run, "setup");
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{900}));
  finish_hosted(rig.github(), run, "stop");
  REQUIRE(rig.run_until_quiet(Seconds{120}));
  CHECK(rig.github().outcome(run).conclusion == "success");
  check_settled(rig);
}

TEST_CASE("rig: a v1 ask that waits too short is told so, and its machines go on") {
  RigOptions options = rr_options();
  options.machines.boot = Seconds{60};
  Rig rig(options);
  const RunId run = start_v1_run(rig.github());
  const HttpResponse answer = rig.post("/v1/leases?wait=online&timeout=20", v1_ask(run));
  CHECK(answer.status == 504);
  CHECK(code_of(answer) == "wait-timeout");
  CHECK(rig.run_until([&] { return all_in(rig, LeaseState::online); }, Seconds{120}));
}

TEST_CASE("rig: asking again gives the same leases and no second machine") {
  Rig rig;
  const RunId run = begin_and_create(rig, k_label);
  const RunId v1 = start_v1_run(rig.github());
  CHECK(rig.post("/v1/leases", v1_ask(v1)).status == 201);
  std::set<std::string> ids;
  for (int i = 0; i < 6; ++i) {
    CHECK(rig.post("/", seed_create(k_label)).status == 200);
    CHECK(rig.post("/v1/leases", v1_ask(v1)).status == 200);
    for (const Lease& lease : leases(rig)) ids.insert(lease.id.text);
    rig.run_for(Seconds{15});
  }
  CHECK(ids.size() == 4);
  CHECK(machines_ever(rig) == 4);
  CHECK(conclusion_of(rig.github(), run, "test-arm64") == "(in progress)");
}

TEST_CASE("rig: a limit refuses with 429 and a time to come back, and starts nothing") {
  RigOptions options = rr_options();
  std::string code;
  SUBCASE("per repository") {
    options.config.limits.machines_per_repository = 1;
    code = "limit-repository";
  }
  SUBCASE("in all") {
    options.config.limits.machines = 1;
    code = "limit-machines";
  }
  SUBCASE("per account") {
    options.config.limits.machines_per_actor = 1;
    code = "limit-actor";
  }
  SUBCASE("per pull request") {
    options.config.limits.machines_per_pull_request = 1;
    code = "limit-pull-request";
  }
  SUBCASE("for bare labels") {
    options.config.limits.machines_for_seed_labels = 1;
    code = "limit-seed-labels";
  }
  SUBCASE("launches an hour") {
    options.config.limits.launches_per_hour = 1;
    code = "limit-launches";
  }
  SUBCASE("a day's money, worst case") {
    options.config.limits.usd_per_day = Money{2'000'000};
    code = "limit-money-day";
  }
  SUBCASE("a month's money, worst case") {
    options.config.limits.usd_per_month = Money{2'000'000};
    code = "limit-money-month";
  }
  Rig rig(options);
  begin_run(rig, {k_label, k_label});
  const HttpResponse answer = rig.post("/", seed_create(k_label));
  CHECK(answer.status == 429);
  CHECK(code_of(answer) == code);
  CHECK(answer.headers.find("Retry-After").has_value());
  rig.run_for(Seconds{60});
  CHECK(leases(rig).empty());
  CHECK(machines_ever(rig) == 0);
}

TEST_CASE("rig: a limit that was reached opens again when machines have ended") {
  RigOptions options = rr_options();
  options.config.limits.machines = 2;
  Rig rig(options);
  const RunId first = begin_and_create(rig, k_label, Seconds{60});
  const RunId second = begin_run(rig, {k_other_label, k_other_label});
  CHECK(rig.post("/", seed_create(k_other_label)).status == 429);
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, first); }, Seconds{300}));
  rig.run_for(Seconds{30});
  CHECK(rig.post("/", seed_create(k_other_label)).status == 200);
  CHECK(lease_of(rig, k_other_label, Architecture::arm64).run_id == second);
  CHECK_MESSAGE(rig.watch().violations().empty(), rig.watch().text());
}

TEST_CASE("rig: an hour's launches are used up by what has ended too, until the hour is over") {
  RigOptions options = rr_options();
  options.config.limits.launches_per_hour = 3;
  Rig rig(options);
  const RunId first = begin_and_create(rig, k_label, Seconds{60});
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, first); }, Seconds{300}));
  stop_run(rig, first, seed_destroy(k_label));
  REQUIRE(rig.run_until_quiet(Seconds{300}));
  begin_run(rig, {k_other_label, k_other_label});
  const HttpResponse answer = rig.post("/", seed_create(k_other_label));
  CHECK(code_of(answer) == "limit-launches");
  const auto wait = parse_int(answer.headers.find("Retry-After").value_or(""));
  REQUIRE(wait);
  rig.run_for(Seconds{*wait - 5});
  CHECK(code_of(rig.post("/", seed_create(k_other_label))) == "limit-launches");
  rig.run_for(Seconds{6});
  CHECK(rig.post("/", seed_create(k_other_label)).status == 200);
  CHECK(machines_ever(rig) == 4);
}

TEST_CASE("rig: two bare labels bound to each other's runs still serve the right jobs") {
  Rig rig;
  const RunId first = begin_run(rig, {k_label, k_label});
  const RunId second = begin_run(rig, {k_other_label, k_other_label});
  // The first label is bound to the newest run, which is not the one that asked.
  REQUIRE(rig.post("/", seed_create(k_label)).status == 200);
  REQUIRE(rig.post("/", seed_create(k_other_label)).status == 200);
  CHECK(lease_of(rig, k_label, Architecture::x86_64).run_id == second);
  finish_hosted(rig.github(), first, "setup");
  finish_hosted(rig.github(), second, "setup");
  const auto both = [&] { return tests_are_over(rig, first) && tests_are_over(rig, second); };
  REQUIRE(rig.run_until(both, Seconds{1800}));
  for (const RunId run : {first, second})
    for (const char* job : {"test-x86_64", "test-arm64"})
      CHECK(conclusion_of(rig.github(), run, job) == "success");
  CHECK(machines_ever(rig) == 4);
  stop_run(rig, first, seed_destroy(k_label));
  stop_run(rig, second, seed_destroy(k_other_label));
  CHECK(rig.run_until_quiet(Seconds{600}));
  check_settled(rig);
}

TEST_CASE("rig: a bare label that turns out to be of a run with all of its machines ends") {
  RigOptions options = rr_options();
  options.config.limits.machines_per_run = 1;
  Rig rig(options);
  const RunId first = begin_run(rig, {k_label, k_label});
  const RunId second = begin_run(rig, {k_other_label, k_other_label});
  REQUIRE(rig.post("/", seed_create(k_label)).status == 200);
  CHECK(lease_of(rig, k_label, Architecture::x86_64).run_id == second);
  const auto asked = rig.ask("POST", "/v1/leases",
                             R"({"repository":"rr-debugger/rr","run_id":)" + std::to_string(first) +
                                 R"(,"runners":[{"architecture":"x86_64"}]})");
  REQUIRE(asked);
  CHECK(asked->status == 201);
  finish_hosted(rig.github(), first, "setup");
  const auto is_gone = [&] {
    return lease_of(rig, k_label, Architecture::x86_64).state == LeaseState::gone;
  };
  REQUIRE(rig.run_until(is_gone, Seconds{120}));
  const Lease surplus = lease_of(rig, k_label, Architecture::x86_64);
  CHECK(surplus.reason.find("limits.machines_per_run allows: 1") != std::string::npos);
  CHECK(is_live(lease_of(rig, k_label, Architecture::arm64).state));
  CHECK(lease_of(rig, k_label, Architecture::arm64).run_id == first);
}

TEST_CASE("rig: a label whose run was not bound to it outlives the end of the other run") {
  Rig rig;
  const RunId first = begin_run(rig, {k_label, k_label});
  const RunId second = begin_run(rig, {k_other_label, k_other_label});
  REQUIRE(rig.post("/", seed_create(k_label)).status == 200);
  REQUIRE(lease_of(rig, k_label, Architecture::x86_64).run_id == second);
  REQUIRE(rig.github().cancel_run(second).has_value());
  finish_hosted(rig.github(), second, "stop");
  rig.run_for(Seconds{15});
  finish_hosted(rig.github(), first, "setup");
  REQUIRE(rig.run_until([&] { return tests_are_over(rig, first); }, Seconds{1200}));
  CHECK(conclusion_of(rig.github(), first, "test-x86_64") == "success");
  CHECK(machines_ever(rig) == 2);
}

TEST_CASE("rig: a run cancelled before its jobs were picked up keeps no machine") {
  Rig rig;
  const RunId run = begin_and_create(rig, k_label);
  rig.run_for(Seconds{10});
  REQUIRE(rig.github().cancel_run(run).has_value());
  bool asks = false;
  SUBCASE("the stop job rings") { asks = true; }
  SUBCASE("the stop job runs but its request is lost") {}
  if (asks) {
    stop_run(rig, run, seed_destroy(k_label));
  } else {
    finish_hosted(rig.github(), run, "stop");
  }
  CHECK(rig.run_until([&] { return live_count(rig) == 0; }, Seconds{30}));
  CHECK(rig.run_until_quiet(Seconds{300}));
  for (const Lease& lease : leases(rig)) CHECK(lease.outcome == Outcome::run_over);
  check_settled(rig);
}

TEST_CASE("rig: a runner whose job never comes ends after the idle time") {
  Rig rig;
  begin_run(rig, {k_label, k_label});  // its setup job never ends
  REQUIRE(rig.post("/", seed_create(k_label)).status == 200);
  CHECK(rig.run_until([&] { return live_count(rig) == 2; }, Seconds{1}));
  CHECK(rig.run_until([&] { return live_count(rig) == 0; }, Seconds{800}));
  CHECK(rig.run_until_quiet(Seconds{120}));
  for (const Lease& lease : leases(rig)) CHECK(lease.outcome == Outcome::idle);
  check_settled(rig);
}

TEST_CASE("rig: the same options give the same history") {
  const auto history = [] {
    Rig rig;
    rig.upstream().add(lost("CreateFleet"));
    const RunId run = begin_and_create(rig, k_label, Seconds{60});
    rig.run_until([&] { return tests_are_over(rig, run); }, Seconds{900});
    stop_run(rig, run, seed_destroy(k_label));
    rig.run_until_quiet(Seconds{600});
    std::string all;
    for (const CapturingLog::Line& line : rig.log().lines()) {
      all += line.event;
      for (const auto& [name, value] : line.fields) all += " " + name + "=" + value;
      all += '\n';
    }
    return all;
  };
  const std::string once = history();
  CHECK(once.size() > 1000);
  CHECK(once == history());
}

}  // namespace
}  // namespace mayfly
