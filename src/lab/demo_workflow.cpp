#include "lab/demo_workflow.h"

#include "base/text.h"
#include "lab/control.h"
#include "lab/github/job_delivery.h"
#include "lease/label.h"
#include "os/process.h"

namespace mayfly::lab {
namespace {

constexpr Millis k_job_time{1200};
constexpr const char* k_repository = "rr-debugger/rr";
constexpr const char* k_architectures[] = {"x86_64", "arm64"};

}  // namespace

std::string_view to_string(DemoMode mode) {
  switch (mode) {
    case DemoMode::seed:
      return "seed";
    case DemoMode::old_shape:
      return "old-shape";
    case DemoMode::action:
      return "action";
    case DemoMode::webhook:
      return "webhook";
    case DemoMode::rerun:
      return "rerun";
  }
  return "";
}

std::string_view text_of(DemoMode mode) {
  switch (mode) {
    case DemoMode::seed:
      return "rr's workflow: its setup job asks with curl for a label that it made up";
    case DemoMode::old_shape:
      return "rr's workflow of 2024: one call for each architecture";
    case DemoMode::action:
      return "a setup job that asks as the Action does, and waits until the runners are online";
    case DemoMode::webhook:
      return "no setup job asks: GitHub delivers that jobs wait, one for \"mayfly\", one for the "
             "run's own label";
    case DemoMode::rerun:
      return "a test fails, and somebody re-runs the failed jobs: no setup job runs again";
  }
  return "";
}

DemoWorkflow::DemoWorkflow(Emulator& emulator, Entropy& entropy, std::string service_url,
                           DemoMode mode, std::string webhook_secret)
    : emulator_(emulator),
      service_url_(std::move(service_url)),
      id_("rr_runner_" + entropy.hex(16)),
      mode_(mode),
      webhook_secret_(std::move(webhook_secret)) {}

std::string DemoWorkflow::label_for(const std::string& architecture) const {
  if (mode_ == DemoMode::seed) return id_;
  if (mode_ == DemoMode::old_shape) return id_ + "_" + architecture;
  if (mode_ == DemoMode::webhook && architecture == "x86_64") return "mayfly";
  return RunnerLabels().derived(
      run_, 0, architecture == "arm64" ? Architecture::arm64 : Architecture::x86_64);
}

std::vector<CurlCall> DemoWorkflow::set_up_calls() const {
  if (mode_ == DemoMode::webhook) return {};
  if (mode_ == DemoMode::seed)
    return {{"/", R"({"operation":"create","architectures":["x86_64","arm64"],"label":")" + id_ +
                      "\"}"}};
  if (!is_seed())
    return {{"/v1/leases?wait=online&timeout=60",
             std::string(R"({"repository":")") + k_repository + R"(","run_id":)" +
                 std::to_string(run_) +
                 R"(,"runners":[{"architecture":"x86_64"},{"architecture":"arm64"}]})"}};
  std::vector<CurlCall> calls;
  for (const std::string architecture : k_architectures)
    calls.push_back({"/", R"({"operation":"create","architecture":")" + architecture +
                              R"(","label":")" + label_for(architecture) + "\"}"});
  return calls;
}

std::vector<CurlCall> DemoWorkflow::stop_calls() const {
  if (!is_seed()) return {};
  if (mode_ == DemoMode::seed) return {{"/", R"({"operation":"destroy","label":")" + id_ + "\"}"}};
  return {{"/", R"({"operation":"destroy","labels":[")" + label_for("x86_64") + R"(",")" +
                    label_for("arm64") + "\"]}"}};
}

void DemoWorkflow::start() {
  run_ = emulator_.github().next_run_id();
  RunSpec spec = rr_workflow(k_repository, {label_for("x86_64"), label_for("arm64")}, k_job_time);
  if (mode_ == DemoMode::rerun)
    for (JobSpec& job : spec.jobs)
      if (job.name == "test-arm64") job.failing_attempts = 1;
  run_ = emulator_.github().start_run(std::move(spec));
}

std::vector<CurlCall> DemoWorkflow::deliveries() const {
  std::vector<CurlCall> calls;
  if (mode_ != DemoMode::webhook) return calls;
  for (const GithubJob& job : emulator_.github().jobs(run_)) {
    if (job.spec.hosted || job.state != JobState::queued) continue;
    JobDelivery delivery = job_delivery(job, RepositoryName{k_repository}, webhook_secret_);
    CurlCall call{std::string(k_delivery_path), std::move(delivery.body)};
    for (const Header& header : delivery.headers)
      call.headers.push_back(header.name + ": " + header.value);
    calls.push_back(std::move(call));
  }
  return calls;
}

Result<CurlAnswer> DemoWorkflow::call(const CurlCall& call) {
  os::SpawnOptions options;
  options.argv = {
      "curl", "--fail-with-body", "-s", "-X", "POST", "-H", "Content-Type: application/json"};
  for (const std::string& header : call.headers) {
    options.argv.push_back("-H");
    options.argv.push_back(header);
  }
  for (const std::string& word : {std::string("--data"), call.body, service_url_ + call.path})
    options.argv.push_back(word);
  options.output = os::ChildOutput::pipe;
  TRY_ASSIGN(os::ChildProcess child, os::ChildProcess::spawn(options));
  CurlAnswer answer;
  answer.output = child.read_output();
  answer.status = child.wait_for(Seconds{90}).value_or(-1);
  return answer;
}

Result<std::vector<CurlAnswer>> DemoWorkflow::play_hosted(const std::string& job,
                                                          const std::vector<CurlCall>& calls) {
  for (const GithubJob& one : emulator_.github().jobs(run_)) {
    if (one.spec.name != job || one.state != JobState::queued) continue;
    TRY(emulator_.github().begin_job(one.id));
    std::vector<CurlAnswer> answers;
    bool good = true;
    for (const CurlCall& each : calls) {
      TRY_ASSIGN(CurlAnswer answer, call(each));
      good = good && answer.status == 0;
      answers.push_back(std::move(answer));
    }
    TRY(emulator_.github().complete_job(one.id, good ? "success" : "failure"));
    return answers;
  }
  return fail(Code::internal, "the emulated GitHub has not queued the job " + job);
}

Result<std::vector<CurlAnswer>> DemoWorkflow::set_up() {
  return play_hosted("setup", set_up_calls());
}

Result<std::vector<CurlAnswer>> DemoWorkflow::stop() {
  return play_hosted("stop-runners", stop_calls());
}

bool DemoWorkflow::tests_are_done() {
  for (const GithubJob& job : emulator_.github().jobs(run_))
    if (job.spec.name == "stop-runners" && job.state == JobState::queued) return true;
  return false;
}

Result<bool> DemoWorkflow::run_again() {
  if (mode_ != DemoMode::rerun || emulator_.github().outcome(run_).conclusion == "success")
    return false;
  TRY(emulator_.github().rerun(run_, Rerun::failed));
  return true;
}

}  // namespace mayfly::lab
