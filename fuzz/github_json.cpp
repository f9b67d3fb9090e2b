// GitHub's answers, with their headers, through each function of GithubClient. The form of an input
// is that of conversation.h, with one of k_operations in its first line.

#include "fuzz/conversation.h"
#include "github/deliveries.h"
#include "github/testing.h"
#include "http/url.h"

namespace mayfly::fuzz {
namespace {

constexpr auto k_operations = std::to_array<std::string_view>(
    {"run", "run-twice", "live-runs", "jobs", "runners", "find-runner", "jit-config",
     "delete-runner", "downloads", "deliveries"});
constexpr RunId k_run = 42;
constexpr std::string_view k_token = "s3cret-token";

struct Bench {
  explicit Bench(std::string_view input) : wire(input) {}

  Conversation wire;
  github::ManualClock clock;
  github::FixedToken token{Secret(std::string(k_token))};
  github::GithubClient client{wire, clock, token, github::Bench::organization_settings()};
  RepositoryName repository{"octo/repo"};
  SteadyTime deadline{Seconds{10}};
};

void check_refusal(const Error& error) {
  check_error(error);
  law(info(error.code).name.starts_with("github-"), "a failure of GitHub has a code of GitHub",
      error.message);
  law(error.message.find(k_token) == std::string::npos, "no message has the credential");
  if (error.retry_after)
    law(*error.retry_after > Millis{0} && *error.retry_after <= std::chrono::hours{1},
        "no answer closes GitHub for longer than an hour");
  law(error.code != Code::github_throttled || error.retry_after.has_value(),
      "who is throttled is told for how long");
}

void check_run(const Result<github::Run>& run) {
  if (!run) return check_refusal(run.error());
  law(run->id == k_run, "a run is the one asked for");
  law(run->attempt >= 1 && run->attempt <= 100'000, "and has an attempt");
  law(!run->repository.empty(), "and a repository");
}

void check_jobs(Bench& bench) {
  const auto jobs = bench.client.list_jobs(bench.repository, k_run, 1, bench.deadline);
  if (!jobs) return check_refusal(jobs.error());
  std::vector<std::int64_t> ids;
  for (const github::Job& job : *jobs) {
    law(job.run_id == k_run && job.attempt >= 1, "a job is of the run asked for");
    law(!job.runner_id || *job.runner_id > 0, "a job's runner has a number or there is none");
    ids.push_back(job.id);
  }
  std::sort(ids.begin(), ids.end());
  law(std::adjacent_find(ids.begin(), ids.end()) == ids.end(), "no job is listed twice");
}

void check_runners(Bench& bench) {
  const auto runners = bench.client.list_runners(bench.deadline);
  if (!runners) return check_refusal(runners.error());
  std::vector<RunnerId> ids;
  for (const github::Runner& runner : *runners) ids.push_back(runner.id);
  std::sort(ids.begin(), ids.end());
  law(std::adjacent_find(ids.begin(), ids.end()) == ids.end(), "no runner is listed twice");
}

void check_live_runs(Bench& bench) {
  const auto runs = bench.client.list_live_runs(bench.repository, bench.deadline);
  if (!runs) return check_refusal(runs.error());
  for (std::size_t i = 1; i < runs->size(); ++i)
    law((*runs)[i - 1].id > (*runs)[i].id, "runs come newest first, each once");
}

void check_jit_config(Bench& bench) {
  const auto config = bench.client.generate_jit_config({"mf-ci-1", 1, {"label"}}, bench.deadline);
  if (config) {
    law(!config->encoded.empty(), "a JIT config is not empty");
    return;
  }
  check_refusal(config.error());
  const auto& first = bench.wire.first();
  const bool may_be_there = first ? first->ok() : first.error().code == Code::transport_lost;
  if (may_be_there)
    law(config.error().code == Code::github_lost, "a runner that may be there is looked for",
        config.error().message);
}

void check_downloads(Bench& bench) {
  const auto downloads = bench.client.list_downloads(bench.deadline);
  if (!downloads) check_refusal(downloads.error());
}

void check_deliveries(Bench& bench) {
  const auto deliveries = bench.client.list_deliveries(bench.deadline);
  if (!deliveries) return check_refusal(deliveries.error());
  law(deliveries->size() <= github::k_deliveries_max, "no more deliveries than were asked for");
  for (const github::Delivery& one : *deliveries)
    law(one.id > 0 && !one.guid.empty() && one.guid.size() <= 100 && one.status_code >= 0,
        "a delivery has a number, a guid of bounded length, and a status");
}

void check_operation(Bench& bench) {
  switch (bench.wire.operation(k_operations)) {
    case 0:
      return check_run(bench.client.get_run(bench.repository, k_run, bench.deadline));
    case 1:
      check_run(bench.client.get_run(bench.repository, k_run, bench.deadline));
      return check_run(bench.client.get_run(bench.repository, k_run, bench.deadline));
    case 2:
      return check_live_runs(bench);
    case 3:
      return check_jobs(bench);
    case 4:
      return check_runners(bench);
    case 5: {
      const auto runner = bench.client.find_runner("mf-ci-1", bench.deadline);
      if (!runner) return check_refusal(runner.error());
      return law(!*runner || (*runner)->name == "mf-ci-1", "a runner is the one looked for");
    }
    case 6:
      return check_jit_config(bench);
    case 7: {
      const auto gone = bench.client.delete_runner(7, bench.deadline);
      return gone ? void() : check_refusal(gone.error());
    }
    case 8:
      return check_downloads(bench);
    default:
      return check_deliveries(bench);
  }
}

// Whatever was answered: where the credential went, and that a pause is kept.
void check_afterwards(Bench& bench) {
  for (const HttpRequest& request : bench.wire.sent) {
    const auto url = parse_url(request.url);
    law(url && url->scheme == "https" && url->host == "github.test" && url->port == "443",
        "the credential goes to GitHub alone", request.url);
  }
  const github::RateLimit limits = bench.client.rate_limit();
  if (!limits.closed_until) return;
  law(*limits.closed_until <= bench.clock.wall() + std::chrono::hours{1},
      "no answer closes GitHub for longer than an hour");
  const std::size_t sent = bench.wire.sent.size();
  const auto refused = bench.client.list_downloads(bench.deadline);
  law(!refused && refused.error().code == Code::github_throttled && bench.wire.sent.size() == sent,
      "while GitHub asks for a pause it is not asked");
  bench.clock.advance(std::chrono::hours{1});
  (void)bench.client.list_downloads(bench.deadline);
  law(bench.wire.sent.size() > sent, "and after an hour it is asked again");
}

}  // namespace
}  // namespace mayfly::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = mayfly::fuzz::text_of(data, size);
  // libFuzzer learns the token from the comparisons; nothing is shown by an input that says it.
  if (text.find(mayfly::fuzz::k_token) != std::string_view::npos) return 0;
  mayfly::fuzz::Bench bench(text);
  mayfly::fuzz::check_operation(bench);
  mayfly::fuzz::check_afterwards(bench);
  return 0;
}
