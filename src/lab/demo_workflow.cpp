#include "lab/demo_workflow.h"

#include "lab/control.h"
#include "os/process.h"

namespace mayfly::lab {
namespace {

constexpr Millis k_job_time{1200};

}  // namespace

DemoWorkflow::DemoWorkflow(Emulator& emulator, Entropy& entropy, std::string service_url,
                           bool old_shape)
    : emulator_(emulator),
      service_url_(std::move(service_url)),
      id_("rr_runner_" + entropy.hex(16)),
      old_shape_(old_shape) {}

std::string DemoWorkflow::label_for(const std::string& architecture) const {
  return old_shape_ ? id_ + "_" + architecture : id_;
}

std::vector<std::string> DemoWorkflow::create_bodies() const {
  if (!old_shape_)
    return {R"({"operation":"create","architectures":["x86_64","arm64"],"label":")" + id_ + "\"}"};
  std::vector<std::string> bodies;
  for (const std::string architecture : {"x86_64", "arm64"})
    bodies.push_back(R"({"operation":"create","architecture":")" + architecture + R"(","label":")" +
                     label_for(architecture) + "\"}");
  return bodies;
}

std::vector<std::string> DemoWorkflow::destroy_bodies() const {
  if (!old_shape_) return {R"({"operation":"destroy","label":")" + id_ + "\"}"};
  return {R"({"operation":"destroy","labels":[")" + label_for("x86_64") + R"(",")" +
          label_for("arm64") + "\"]}"};
}

void DemoWorkflow::start() {
  run_ = emulator_.github().start_run(
      rr_workflow("rr-debugger/rr", {label_for("x86_64"), label_for("arm64")}, k_job_time));
}

Result<CurlAnswer> DemoWorkflow::curl(const std::string& body) {
  os::SpawnOptions options;
  options.argv = {"curl",
                  "--fail-with-body",
                  "-s",
                  "-X",
                  "POST",
                  "-H",
                  "Content-Type: application/json",
                  "--data",
                  body,
                  service_url_};
  options.output = os::ChildOutput::pipe;
  TRY_ASSIGN(os::ChildProcess child, os::ChildProcess::spawn(options));
  CurlAnswer answer;
  answer.output = child.read_output();
  answer.status = child.wait_for(Seconds{30}).value_or(-1);
  return answer;
}

Result<std::vector<CurlAnswer>> DemoWorkflow::play_hosted(const std::string& job,
                                                          const std::vector<std::string>& bodies) {
  for (const GithubJob& one : emulator_.github().jobs(run_)) {
    if (one.spec.name != job || one.state != JobState::queued) continue;
    TRY(emulator_.github().begin_job(one.id));
    std::vector<CurlAnswer> answers;
    bool good = true;
    for (const std::string& body : bodies) {
      TRY_ASSIGN(CurlAnswer answer, curl(body));
      good = good && answer.status == 0;
      answers.push_back(std::move(answer));
    }
    TRY(emulator_.github().complete_job(one.id, good ? "success" : "failure"));
    return answers;
  }
  return fail(Code::internal, "the emulated GitHub has not queued the job " + job);
}

Result<std::vector<CurlAnswer>> DemoWorkflow::set_up() {
  return play_hosted("setup", create_bodies());
}

Result<std::vector<CurlAnswer>> DemoWorkflow::stop() {
  return play_hosted("stop-runners", destroy_bodies());
}

bool DemoWorkflow::tests_are_done() {
  for (const GithubJob& job : emulator_.github().jobs(run_))
    if (job.spec.name == "stop-runners" && job.state == JobState::queued) return true;
  return false;
}

}  // namespace mayfly::lab
