// What time alone does in the fake GitHub, when it will do so next, and what is forgotten.

#include <doctest/doctest.h>

#include "lab/github/testing.h"

namespace mayfly::lab {
namespace {

// rr's run with its test job queued.
struct Waiting : GithubBench {
  RunId run = 0;
  JobId test = 0;

  explicit Waiting(GithubOptions options = octo_options()) : GithubBench(std::move(options)) {
    run = github.start_run(rr_run());
    play_hosted(run, "setup");
    test = job(run, "test").id;
  }
  std::optional<Millis> until_next() {
    const auto next = github.next_change();
    return next ? std::optional<Millis>(*next - clock.steady()) : std::nullopt;
  }
  // To that moment and through it.
  void go_to_next() { clock.advance(*until_next()); }
  void finish(RunId id) {
    for (const char* name : {"setup", "stop"})
      if (job(id, name).state == JobState::queued) play_hosted(id, name);
  }
};

TEST_CASE("fake github: with nothing queued and no runner, time alone changes nothing") {
  GithubBench bench;
  CHECK(!bench.github.next_change());
}

TEST_CASE("fake github: next comes the end of the queue, and there the job is cancelled") {
  Waiting bench;
  CHECK(bench.until_next() == std::chrono::hours{24});
  bench.clock.advance(*bench.until_next() - Millis{1});
  CHECK(bench.job(bench.run, "test").state == JobState::queued);
  bench.go_to_next();
  CHECK(bench.job(bench.run, "test").conclusion == "cancelled");
  CHECK(!bench.github.next_change());
}

TEST_CASE("fake github: next comes the moment in which an assigned job goes back") {
  Waiting bench;
  const RunnerId id = bench.register_runner("m-1", {"mayfly_1", "arch_x86_64"});
  CHECK(bench.poll(bench.connect(id)) == 200);
  CHECK(bench.until_next() == Seconds{60});
  bench.go_to_next();
  CHECK(!bench.github.find_runner_by_name("m-1")->job);
  CHECK(*bench.until_next() > Seconds{60});
}

TEST_CASE("fake github: a runner whose machine died keeps its job until it is given up") {
  Waiting bench;
  const RunnerId id = bench.register_runner("m-1", {"mayfly_1", "arch_x86_64"});
  const std::string session = bench.connect(id);
  bench.poll(session);
  bench.report(session, bench.test, "started");
  bench.github.disconnect(id);
  CHECK(bench.github.find_runner_by_name("m-1")->job == bench.test);
  CHECK(bench.send("DELETE", "/orgs/octo/actions/runners/" + std::to_string(id)).status == 422);
  CHECK_FALSE(bench.github.vanish(id));
  CHECK(bench.until_next() == Seconds{600});
  bench.clock.advance(Seconds{600} - Millis{1});
  CHECK(bench.github.job_of_runner("m-1")->state == JobState::in_progress);
  bench.go_to_next();
  CHECK(bench.github.job_of_runner("m-1")->conclusion == "failure");
  CHECK(!bench.github.find_runner_by_name("m-1"));
}

TEST_CASE("fake github: an idle runner goes when its time is up, and may vanish before") {
  GithubOptions options = octo_options();
  options.idle_removal = Seconds{20};
  GithubBench bench(options);
  const RunnerId first = bench.register_runner("m-1", {"mayfly_1"});
  const RunnerId second = bench.register_runner("m-2", {"mayfly_1"});
  (void)bench.connect(first);
  CHECK(bench.github.vanish(second));
  CHECK_FALSE(bench.github.vanish(second));
  CHECK(*bench.github.next_change() - bench.clock.steady() == Seconds{20});
  bench.clock.advance(Seconds{20});
  CHECK(bench.github.runners().empty());
  CHECK(!bench.github.next_change());
}

TEST_CASE("fake github: whoever moves from change to change always comes to an end") {
  GithubOptions options = octo_options();
  options.idle_removal = Seconds{45};
  options.forget_after = std::chrono::hours{48};
  Waiting bench(options);
  (void)bench.connect(bench.register_runner("connected", {"other"}));
  bench.register_runner("never", {"other"});
  const std::string lost = bench.connect(bench.register_runner("m-1", {"mayfly_1", "arch_x86_64"}));
  bench.poll(lost);
  bench.report(lost, bench.test, "started");
  int steps = 0;
  while (bench.github.next_change() && ++steps < 50) {
    const Millis gap = *bench.until_next();
    CHECK(gap > Millis{0});
    bench.clock.advance(gap);
    bench.finish(bench.run);
  }
  CHECK(steps < 50);
  CHECK(bench.github.runners().empty());
  CHECK(bench.github.runs().empty());
}

TEST_CASE("fake github: a completed run is forgotten in time, with its jobs and runners") {
  GithubOptions options = octo_options();
  options.forget_after = Seconds{3600};
  Waiting bench(options);
  const std::string session =
      bench.connect(bench.register_runner("m-1", {"mayfly_1", "arch_x86_64"}));
  bench.poll(session);
  bench.report(session, bench.test, "started");
  bench.report(session, bench.test, "completed");
  bench.clock.advance(Seconds{7200});
  CHECK(bench.github.runs().size() == 1);
  bench.play_hosted(bench.run, "stop");
  CHECK(bench.github.outcome(bench.run).conclusion == "success");
  bench.clock.advance(Seconds{3599});
  CHECK(bench.github.job_of_runner("m-1")->conclusion == "success");
  CHECK(bench.until_next() == Seconds{1});
  bench.clock.advance(Seconds{1});
  CHECK(bench.github.runs().empty());
  CHECK(!bench.github.job_of_runner("m-1"));
  CHECK(bench.get("/repos/octo/repo/actions/jobs/" + std::to_string(bench.test)).status == 404);
  CHECK(bench.get("/repos/octo/repo/actions/runs/" + std::to_string(bench.run)).status == 404);
  const RunId next = bench.github.start_run(rr_run());
  CHECK(next > bench.run);
  CHECK(bench.github.runs().front().number == 2);
}

TEST_CASE("fake github: a run that is run again is not forgotten by its earlier end") {
  GithubOptions options = octo_options();
  options.forget_after = Seconds{100};
  GithubBench bench(options);
  const RunId run = bench.github.start_run(rr_run());
  REQUIRE(bench.github.cancel_run(run));
  bench.play_hosted(run, "stop");
  bench.clock.advance(Seconds{99});
  REQUIRE(bench.github.rerun(run, Rerun::all));
  REQUIRE(bench.github.cancel_run(run));
  bench.play_hosted(run, "stop");
  bench.clock.advance(Seconds{99});
  CHECK(bench.github.runs().size() == 1);
  REQUIRE(bench.github.rerun(run, Rerun::all));
  bench.clock.advance(Seconds{1000});
  CHECK(bench.github.runs().size() == 1);
  REQUIRE(bench.github.cancel_run(run));
  bench.play_hosted(run, "stop");
  bench.clock.advance(Seconds{100});
  CHECK(bench.github.runs().empty());
}

TEST_CASE("fake github: what is configured while it runs holds from then on") {
  Waiting bench;
  bench.register_runner("m-1", {"mayfly_1"});
  bench.github.configure([](GithubOptions& o) {
    o.listing_lag = Seconds{30};
    o.calls_per_hour = 3;
  });
  const auto listed = [&] {
    return json_int(bench.body(bench.get("/orgs/octo/actions/runners")), "total_count");
  };
  CHECK(listed() == 0);
  bench.clock.advance(Seconds{30});
  CHECK(listed() == 1);
  CHECK(bench.get("/repos/octo/repo").status == 403);
  bench.github.configure([](GithubOptions& o) { o.calls_per_hour = 5000; });
  CHECK(bench.get("/repos/octo/repo").status == 200);
}

TEST_CASE("fake github: the views show what the copies hold") {
  Waiting bench;
  const RunnerId id = bench.register_runner("m-1", {"mayfly_1"});
  bench.register_runner("m-2", {"mayfly_1"});
  (void)bench.connect(id);
  std::vector<std::pair<std::string, bool>> seen;
  bench.github.for_each_runner([&](const GithubRunner& runner, bool is_online) {
    seen.emplace_back(runner.name, is_online);
  });
  CHECK(seen == std::vector<std::pair<std::string, bool>>{{"m-1", true}, {"m-2", false}});
  std::vector<RunId> runs;
  for (const auto& [run_id, run] : bench.github.world().runs()) runs.push_back(run_id);
  CHECK(runs == std::vector<RunId>{bench.run});
  CHECK(bench.github.find_runner_by_name("m-2")->id == id + 1);
  CHECK(!bench.github.find_runner_by_name("m-3"));
  CHECK(!bench.github.job_of_runner("m-1"));
}

TEST_CASE("fake github: the list of open runs is the list of all runs that are open") {
  GithubBench bench;
  std::vector<RunId> open;
  for (int i = 0; i < 5; ++i) open.push_back(bench.github.start_run(rr_run()));
  for (const std::size_t i : {1U, 3U}) {
    REQUIRE(bench.github.cancel_run(open[i]));
    bench.play_hosted(open[i], "stop");
  }
  bench.play_hosted(open[2], "setup");
  const auto listed = [&](const std::string& status) {
    std::vector<RunId> ids;
    const auto body = bench.body(bench.get("/repos/octo/repo/actions/runs?status=" + status));
    for (const json::value& run : *json_array(body, "workflow_runs"))
      ids.push_back(*json_int(run.as_object(), "id"));
    return ids;
  };
  CHECK(listed("queued") == std::vector<RunId>{open[4], open[0]});
  CHECK(listed("in_progress") == std::vector<RunId>{open[2]});
  CHECK(listed("cancelled") == std::vector<RunId>{open[3], open[1]});
  REQUIRE(bench.github.rerun(open[1], Rerun::all));
  CHECK(listed("queued") == std::vector<RunId>{open[4], open[1], open[0]});
}

TEST_CASE(
    "fake github: a run that waits for an approval is completed, and has no jobs until then") {
  GithubBench bench;
  RunSpec spec = rr_run();
  spec.awaits_approval = true;
  const RunId run = bench.github.start_run(spec);
  const auto told = [&](const char* what) {
    const std::string url = "/repos/octo/repo/actions/runs/" + std::to_string(run);
    return json_string(bench.body(bench.get(url)), what).value_or("");
  };
  CHECK(told("status") == "completed");
  CHECK(told("conclusion") == "action_required");
  CHECK(bench.github.jobs(run).empty());
  CHECK_FALSE(bench.github.rerun(run, Rerun::all));
  CHECK_FALSE(bench.github.cancel_run(run));
  CHECK(bench.github.approve_run(run));
  CHECK_FALSE(bench.github.approve_run(run));
  CHECK_FALSE(bench.github.approve_run(run + 1));
  CHECK(told("status") == "queued");
  CHECK(bench.job(run, "setup").state == JobState::queued);
}

}  // namespace
}  // namespace mayfly::lab
