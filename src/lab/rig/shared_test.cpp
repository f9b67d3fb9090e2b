// Labels that jobs of every run may name: whoever GitHub hands a machine to, no job that may have
// one fails for it, and none that may not begins.

#include "github/webhook.h"
#include "lab/rig/testing.h"

namespace mayfly {
namespace {

using namespace lab;

RigOptions with_shared_labels() {
  RigOptions options = rr_options();
  RepositoryConfig& repository = options.config.repositories.front();
  repository.webhook = Webhook::shared;
  repository.policy.denied_actors = {"mallory"};
  options.config.github.webhook_secret =
      SecretReference{SecretReference::Kind::environment, "WEBHOOK_SECRET"};
  return options;
}

RunId start(Rig& rig, const std::vector<std::string>& labels, const std::string& actor = "ann") {
  RunSpec spec;
  spec.repository = RepositoryName{"rr-debugger/rr"};
  spec.actor = actor;
  for (const std::string& label : labels)
    spec.jobs.push_back({.name = "job-" + std::to_string(spec.jobs.size()),
                         .labels = {label},
                         .duration = Seconds{120}});
  return rig.github().start_run(std::move(spec));
}

// GitHub tells of it, so that its lease comes before those of runs that nobody told of.
void tell(Rig& rig, RunId run) {
  const std::string body = R"({"action":"queued","workflow_job":{"run_id":)" + std::to_string(run) +
                           R"(,"labels":["mayfly"]},"repository":{"full_name":"rr-debugger/rr"}})";
  const auto answer =
      rig.ask("POST", "/v1/webhooks/github", body,
              {{"Content-Type", "application/json"},
               {"X-GitHub-Event", "workflow_job"},
               {"X-Hub-Signature-256", github::delivery_signature(k_rig_webhook_secret, body)}});
  REQUIRE(answer);
  CHECK(answer->status == 202);
}

bool is_over(Rig& rig, RunId run) { return rig.github().outcome(run).state == JobState::completed; }

std::string conclusion(Rig& rig, RunId run) { return rig.github().outcome(run).conclusion; }

std::vector<RunId> runs_of(const std::vector<Lease>& leases) {
  std::vector<RunId> runs;
  for (const Lease& lease : leases) runs.push_back(lease.run_id);
  std::sort(runs.begin(), runs.end());
  return runs;
}

std::size_t changes(Rig& rig) {
  std::size_t count = 0;
  for (const Lease& lease : leases(rig))
    for (const std::string& stamp : stamps_of(rig, lease.id)) count += stamp == "run-changed";
  return count;
}

// Of two runs the younger one's lease comes first, and its runner is handed the older one's job.
struct Mixed {
  explicit Mixed(Rig& rig, const std::string& older_actor = "ann") {
    rig.run_for(Seconds{3});
    older = start(rig, {"mayfly"}, older_actor);
    younger = start(rig, {"mayfly"});
    tell(rig, younger);
    REQUIRE(rig.run_until([&] { return !leases(rig).empty(); }, Seconds{6}));
    CHECK(runs_of(leases(rig)) == std::vector<RunId>{younger});
  }
  RunId older = 0, younger = 0;
};

TEST_CASE("rig: jobs that name labels without any run get their runners") {
  Rig rig(with_shared_labels());
  const RunId run = start(rig, {"mayfly", "mayfly-x86_64", "mayfly-arm64"});
  tell(rig, run);
  REQUIRE(rig.run_until([&] { return is_over(rig, run); }, Seconds{600}));
  CHECK(conclusion(rig, run) == "success");
  CHECK(leases(rig).size() == 3);
  CHECK(changes(rig) == 0);
  REQUIRE(rig.run_until_quiet(Seconds{300}));
  check_settled(rig);
}

TEST_CASE("rig: a runner handed another run's job changes runs, each keeps its number") {
  Rig rig(with_shared_labels());
  const Mixed runs(rig);
  REQUIRE(rig.run_until([&] { return is_over(rig, runs.older) && is_over(rig, runs.younger); },
                        Seconds{900}));
  CHECK(conclusion(rig, runs.older) == "success");
  CHECK(conclusion(rig, runs.younger) == "success");
  CHECK(runs_of(leases(rig)) == std::vector<RunId>{runs.older, runs.younger});
  CHECK(changes(rig) == 2);
  REQUIRE(rig.run_until_quiet(Seconds{300}));
  check_settled(rig);
}

TEST_CASE("rig: a refused run's job does not begin on a shared runner") {
  Rig rig(with_shared_labels());
  const Mixed runs(rig, "mallory");
  REQUIRE(rig.run_until([&] { return is_over(rig, runs.older) && is_over(rig, runs.younger); },
                        Seconds{1800}));
  CHECK(conclusion(rig, runs.older) == "failure");
  CHECK(conclusion(rig, runs.younger) == "success");
  CHECK(runs_of(leases(rig)) == std::vector<RunId>{runs.younger});
  CHECK(changes(rig) == 0);
  REQUIRE(rig.run_until_quiet(Seconds{300}));
  check_settled(rig);
}

TEST_CASE("rig: a run that is cancelled takes no machine with it that has another run's job") {
  Rig rig(with_shared_labels());
  const Mixed runs(rig);
  REQUIRE(rig.run_until(
      [&] { return job_named(rig.github(), runs.older, "job-0")->state == JobState::in_progress; },
      Seconds{600}));
  REQUIRE(rig.github().cancel_run(runs.younger).has_value());
  REQUIRE(rig.run_until([&] { return is_over(rig, runs.older); }, Seconds{900}));
  CHECK(conclusion(rig, runs.older) == "success");
  REQUIRE(rig.run_until_quiet(Seconds{300}));
  check_settled(rig);
}

TEST_CASE("rig: while the service cannot be reached the hook waits, and the job is not lost") {
  Rig rig(with_shared_labels());
  const Mixed runs(rig);
  rig.upstream().add(answered("/jobs", 503, 4));
  REQUIRE(rig.run_until([&] { return is_over(rig, runs.older) && is_over(rig, runs.younger); },
                        Seconds{1800}));
  CHECK(conclusion(rig, runs.older) == "success");
  CHECK(conclusion(rig, runs.younger) == "success");
}

TEST_CASE("rig: jobs that name a profile get its machines, and those of other labels nothing") {
  RigOptions options = with_shared_labels();
  options.config.profile = "pmu";
  Rig rig(options);
  const RunId run = start(rig, {"mayfly-pmu", "mayfly-pmu-arm64"});
  const RunId other = start(rig, {"mayfly", "mayfly-kvm"});
  REQUIRE(rig.run_until([&] { return is_over(rig, run); }, Seconds{600}));
  CHECK(conclusion(rig, run) == "success");
  CHECK(runs_of(leases(rig)) == std::vector<RunId>{run, run});
  CHECK_FALSE(is_over(rig, other));
}

TEST_CASE("rig: where labels are not shared such a job gets nothing") {
  RigOptions options = with_shared_labels();
  options.config.repositories.front().webhook = Webhook::derived;
  Rig rig(options);
  (void)start(rig, {"mayfly"});
  rig.run_for(Seconds{120});
  CHECK(leases(rig).empty());
}

}  // namespace
}  // namespace mayfly
