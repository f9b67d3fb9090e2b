#include <doctest/doctest.h>

#include "lab/github/testing.h"

namespace mayfly::lab {
namespace {

// A bench whose run has its test job queued.
struct Waiting : GithubBench {
  RunId run = 0;
  JobId test = 0;

  explicit Waiting(GithubOptions options = octo_options(), RunSpec spec = rr_run())
      : GithubBench(std::move(options)) {
    run = github.start_run(std::move(spec));
    play_hosted(run, "setup");
    test = job(run, "test").id;
  }
  std::string runner(std::initializer_list<const char*> labels, const std::string& name = "m-1") {
    return connect(register_runner(name, labels));
  }
  int runner_status(RunnerId id) {
    return get("/orgs/octo/actions/runners/" + std::to_string(id)).status;
  }
};

TEST_CASE("fake github: a job goes to a runner that has all of its labels, whatever their case") {
  Waiting bench;
  CHECK(bench.poll(bench.runner({"mayfly_1"}, "few")) == 204);
  CHECK(bench.poll(bench.runner({"mayfly_2", "arch_x86_64"}, "other")) == 204);
  CHECK(bench.poll(bench.runner({"MAYFLY_1", "Arch_x86_64", "more"}, "right")) == 200);
  CHECK(bench.poll(bench.runner({"mayfly_1", "arch_x86_64"}, "late")) == 204);
}

TEST_CASE("fake github: a job is offered until it is started, and seen in the API from then") {
  Waiting bench;
  const std::string session = bench.runner({"mayfly_1", "arch_x86_64"});
  CHECK(bench.poll(session) == 200);
  CHECK(bench.poll(session) == 200);
  CHECK(bench.job(bench.run, "test").state == JobState::queued);
  CHECK(bench.report(session, bench.test, "started") == 200);
  CHECK(bench.poll(session) == 204);
  CHECK(bench.job(bench.run, "test").state == JobState::in_progress);
  CHECK(bench.job(bench.run, "test").runner_name == "m-1");
}

TEST_CASE("fake github: a runner takes one job and is gone with it") {
  Waiting bench;
  const RunnerId id = bench.register_runner("m-1", {"mayfly_1", "arch_x86_64"});
  const std::string session = bench.connect(id);
  bench.poll(session);
  CHECK(bench.report(session, bench.test + 100, "started") == 409);
  CHECK(bench.report(session, bench.test, "completed") == 409);
  CHECK(bench.report(session, bench.test, "started") == 200);
  CHECK(bench.report(session, bench.test, "started") == 200);
  CHECK(bench.report(session, bench.test, "dreamt") == 422);
  CHECK(bench.report(session, bench.test, "completed") == 200);
  CHECK(bench.job(bench.run, "test").conclusion == "success");
  CHECK(bench.runner_status(id) == 404);
  CHECK(bench.poll(session) == 410);
  CHECK(bench.report(session, bench.test, "completed") == 410);
}

TEST_CASE("fake github: an assigned job that is not started in time goes back to the queue") {
  Waiting bench;
  const std::string first = bench.runner({"mayfly_1", "arch_x86_64"}, "slow");
  CHECK(bench.poll(first) == 200);
  bench.clock.advance(Seconds{60});
  const std::string second = bench.runner({"mayfly_1", "arch_x86_64"}, "quick");
  CHECK(bench.poll(second) == 200);
  CHECK(bench.report(first, bench.test, "started") == 409);
  CHECK(bench.report(second, bench.test, "started") == 200);
}

TEST_CASE("fake github: a runner that does not poll is offline, and its job fails in the end") {
  Waiting bench;
  const RunnerId id = bench.register_runner("m-1", {"mayfly_1", "arch_x86_64"});
  const std::string session = bench.connect(id);
  bench.poll(session);
  bench.report(session, bench.test, "started");
  const auto state = [&] {
    const auto runner = bench.body(bench.get("/orgs/octo/actions/runners/" + std::to_string(id)));
    return *json_string(runner, "status") + (*json_bool(runner, "busy") ? " busy" : "");
  };
  bench.clock.advance(Seconds{30});
  CHECK(state() == "online busy");
  bench.clock.advance(Seconds{1});
  CHECK(state() == "offline busy");
  const HttpResponse removal =
      bench.send("DELETE", "/orgs/octo/actions/runners/" + std::to_string(id));
  CHECK(removal.status == 422);
  bench.clock.advance(Seconds{569});
  CHECK(bench.job(bench.run, "test").conclusion == "failure");
  CHECK(bench.runner_status(id) == 404);
}

TEST_CASE("fake github: a machine that dies takes its runner offline at once") {
  Waiting bench;
  const RunnerId id = bench.register_runner("m-1", {"x"});
  const std::string session = bench.connect(id);
  bench.github.disconnect(id);
  const auto body = bench.body(bench.get("/orgs/octo/actions/runners/" + std::to_string(id)));
  CHECK(json_string(body, "status") == "offline");
  CHECK(bench.poll(session) == 204);
  CHECK(bench.runner_call("disconnect", {{"session", session}}).status == 200);
  CHECK(bench.runner_call("disconnect", {{"session", "none"}}).status == 410);
}

TEST_CASE("fake github: a session needs the secret, and there is one at a time") {
  Waiting bench;
  const RunnerId id = bench.register_runner("m-1", {"x"});
  const auto open = [&](RunnerId runner, const std::string& secret) {
    return bench.runner_call("session", {{"runner_id", runner}, {"secret", secret}}).status;
  };
  const std::string secret = bench.secret_of(id);
  CHECK(open(id, "wrong") == 401);
  CHECK(open(id + 1, secret) == 410);
  CHECK(open(id, secret) == 200);
  CHECK(open(id, secret) == 409);
  bench.clock.advance(Seconds{31});
  CHECK(open(id, secret) == 200);
}

TEST_CASE("fake github: a runner serves only the repositories of its scope") {
  RunSpec foreign = rr_run();
  foreign.repository = {"stranger/repo"};
  Waiting bench(octo_options(), foreign);
  CHECK(bench.poll(bench.runner({"mayfly_1", "arch_x86_64"})) == 204);
}

TEST_CASE("fake github: a group closed to public repositories leaves their jobs waiting") {
  GithubOptions options = octo_options();
  options.group_allows_public = false;
  Waiting bench(options);
  CHECK(bench.poll(bench.runner({"mayfly_1", "arch_x86_64"})) == 204);
}

TEST_CASE("fake github: idle and never connected runners are removed in time") {
  GithubOptions options = octo_options();
  options.idle_removal = Seconds{120};
  options.offline_after = Seconds{600};
  Waiting bench(options);
  const RunnerId never = bench.register_runner("never", {"x"});
  const RunnerId idle = bench.register_runner("idle", {"x"});
  const std::string session = bench.connect(idle);
  bench.clock.advance(Seconds{119});
  CHECK(bench.poll(session) == 204);
  bench.clock.advance(Seconds{1});
  CHECK(bench.poll(session) == 410);
  CHECK(bench.runner_status(never) == 200);
  bench.clock.advance(std::chrono::hours{24});
  CHECK(bench.runner_status(never) == 404);
}

TEST_CASE("fake github: a new runner may be missing from the list, but is there by its id") {
  GithubOptions options = octo_options();
  options.listing_lag = Seconds{5};
  Waiting bench(options);
  const RunnerId id = bench.register_runner("m-1", {"x"});
  const auto listed = [&] {
    return json_int(bench.body(bench.get("/orgs/octo/actions/runners")), "total_count");
  };
  CHECK(listed() == 0);
  CHECK(bench.runner_status(id) == 200);
  bench.clock.advance(Seconds{5});
  CHECK(listed() == 1);
}

}  // namespace
}  // namespace mayfly::lab
