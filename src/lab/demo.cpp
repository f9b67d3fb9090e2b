#include "lab/demo.h"

#include <cstdio>
#include <optional>
#include <set>

#include "base/text.h"
#include "lab/demo_report.h"
#include "lab/demo_service.h"
#include "lab/demo_workflow.h"
#include "lab/machine/files.h"
#include "lab/recorder.h"
#include "os/http_transport.h"
#include "os/line_log.h"
#include "os/signals.h"
#include "os/system_clock.h"
#include "os/system_entropy.h"
#include "report/tables.h"

namespace mayfly::lab {
namespace {

constexpr Millis k_run_patience = Seconds{60};
constexpr Millis k_look_every{100};
constexpr Millis k_find_every = Seconds{1};
constexpr int k_bar_columns = 50;

struct ShownLease {
  std::string architecture;
  std::size_t stamps_shown = 0;
  json::object last;
};

class Demo {
 public:
  Demo(const DemoOptions& options, std::string directory, os::StopSignal& stop)
      : options_(options), directory_(std::move(directory)), stop_(stop) {}

  Result<int> play();

 private:
  [[nodiscard]] Status go_on(Millis wait = Millis{0});
  Status play_run(int number, DemoMode mode);
  Status set_up(DemoWorkflow& workflow);
  Status deliver(DemoWorkflow& workflow);
  Status follow(DemoWorkflow& workflow);
  Status find_leases(const DemoWorkflow& workflow);
  Status look_at_leases();
  void look_at_runners(const DemoWorkflow& workflow);
  [[nodiscard]] bool all_gone() const;
  void show_timelines() const;
  Status audit();
  void promise(bool kept, const std::string& text);
  void show(const LambdaCounts& counts);
  void say(const std::string& text);

  const DemoOptions& options_;
  std::string directory_;
  os::StopSignal& stop_;
  os::SystemClock clock_;
  os::SystemEntropy entropy_;
  os::LineLog log_{clock_, {2, LogLevel::warning, os::log_form_for(2)}};
  os::BeastTransport transport_{clock_};
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Emulator> emulator_;
  std::unique_ptr<DemoService> service_;
  SteadyTime started_ = clock_.steady();
  std::map<std::string, ShownLease> leases_;
  std::vector<report::History> histories_;  // of all runs
  std::set<std::string> runners_checked_;
  int broken_ = 0;
};

void Demo::say(const std::string& text) {
  std::printf("%8s  %s\n", human_duration(clock_.steady() - started_).c_str(), text.c_str());
  std::fflush(stdout);
}

// An Error once somebody has stopped it.
Status Demo::go_on(Millis wait) {
  if (stop_.wait_for(wait)) return fail(Code::internal, "stopped by a signal");
  return {};
}

void Demo::promise(bool kept, const std::string& text) {
  std::printf("  %s  %s\n", kept ? "kept  " : "BROKEN", text.c_str());
  if (!kept) ++broken_;
}

void Demo::show(const LambdaCounts& counts) {
  promise(counts.errors == 0, "Lambda: " + std::to_string(counts.invocations) + " invocations, " +
                                  std::to_string(counts.cold_starts) + " cold starts, " +
                                  std::to_string(counts.thaws) + " thaws, " +
                                  std::to_string(counts.errors) + " errors");
}

Status Demo::set_up(DemoWorkflow& workflow) {
  for (const CurlCall& call : workflow.set_up_calls())
    say("setup job: curl POST " + call.path + " " + call.body);
  TRY_ASSIGN(const auto answers, workflow.set_up());
  for (const CurlAnswer& answer : answers) {
    if (answer.status != 0)
      return fail(Code::internal, "curl ended with " + std::to_string(answer.status) + ": " +
                                      printable(answer.output, 400));
    TRY_ASSIGN(const json::value body, parse_json(answer.output));
    const json::array* created =
        body.is_object() ? json_array(body.get_object(), "leases") : nullptr;
    if (created == nullptr) return fail(Code::internal, "the answer names no leases");
    for (const json::value& lease : *created) {
      const json::object& object = lease.as_object();
      leases_[json_string(object, "id").value_or("")].architecture =
          json_string(object, "architecture").value_or("");
    }
  }
  if (!answers.empty()) say("setup job: answered; " + std::to_string(leases_.size()) + " leases");
  return {};
}

Status Demo::deliver(DemoWorkflow& workflow) {
  for (const CurlCall& call : workflow.deliveries()) {
    say("GitHub: POST " + call.path + " " + call.body);
    TRY_ASSIGN(const CurlAnswer answer, workflow.call(call));
    if (answer.status != 0) return fail(Code::internal, "a delivery: " + printable(answer.output));
  }
  return {};
}

// Those that nobody was told of.
Status Demo::find_leases(const DemoWorkflow& workflow) {
  TRY_ASSIGN(const json::value listed, service_->command({"leases", "--all"}));
  if (!listed.is_array()) return fail(Code::internal, "mayfly leases gave no list");
  for (const json::value& each : listed.get_array()) {
    if (!each.is_object()) continue;
    const json::object& lease = each.get_object();
    if (json_int(lease, "run_id") != workflow.run()) continue;
    leases_[json_string(lease, "id").value_or("")].architecture =
        json_string(lease, "architecture").value_or("");
  }
  return {};
}

Status Demo::look_at_leases() {
  for (auto& [id, shown] : leases_) {
    TRY_ASSIGN(shown.last, service_->lease(id));
    const auto timeline = timeline_of(shown.last);
    for (; shown.stamps_shown < timeline.size(); ++shown.stamps_shown) {
      const Stamp& stamp = timeline[shown.stamps_shown];
      std::string name = shown.architecture;
      name.resize(8, ' ');
      say(name + stamp.name + (stamp.detail.empty() ? "" : "  " + stamp.detail));
    }
  }
  return {};
}

// What a workflow writes into runs-on must be among what the runner registers with.
void Demo::look_at_runners(const DemoWorkflow& workflow) {
  for (const GithubRunner& runner : emulator_->github().runners()) {
    if (!runners_checked_.insert(runner.name).second) continue;
    const auto has = [&](const std::string& label) {
      return std::find(runner.labels.begin(), runner.labels.end(), label) != runner.labels.end();
    };
    bool right = false;
    for (const std::string architecture : {"x86_64", "arm64"})
      right = right || (has(workflow.label_for(architecture)) && has("arch_" + architecture));
    if (!right) promise(false, "runner " + runner.name + " has other labels than its job asks for");
  }
}

bool Demo::all_gone() const {
  for (const auto& [id, shown] : leases_)
    if (json_string(shown.last, "state") != "gone") return false;
  return true;
}

Status Demo::follow(DemoWorkflow& workflow) {
  const SteadyTime patience = clock_.steady() + k_run_patience;
  SteadyTime find_at{};
  bool stopped = false;
  while (clock_.steady() < patience) {
    if (workflow.has_unasked() && clock_.steady() >= find_at) {
      TRY(find_leases(workflow));
      find_at = clock_.steady() + k_find_every;
    }
    TRY(look_at_leases());
    look_at_runners(workflow);
    if (!stopped && workflow.tests_are_done()) {
      for (const CurlCall& call : workflow.stop_calls())
        say("stop job: curl POST " + call.path + " " + call.body);
      TRY_ASSIGN(const auto answers, workflow.stop());
      for (const CurlAnswer& answer : answers)
        if (answer.status != 0) return fail(Code::internal, "destroy: " + printable(answer.output));
      stopped = true;
      TRY_ASSIGN(const bool again, workflow.run_again());
      if (again) {
        say("GitHub: the run has failed; somebody presses \"re-run failed jobs\"; "
            "mayfly finds that within half a minute, or at once with a webhook");
        stopped = false;
      }
    }
    if (stopped && all_gone()) return {};
    TRY(go_on(k_look_every));
  }
  return fail(Code::internal, "the run did not end within " + human_duration(k_run_patience));
}

void Demo::show_timelines() const {
  Millis longest{1};
  for (const auto& [id, shown] : leases_) {
    const auto stages = stages_of(timeline_of(shown.last));
    if (!stages.empty()) longest = std::max(longest, stages.back().to);
  }
  std::printf("\nWhere the time went (machines here boot in a second; EC2's take longer):\n");
  for (const auto& [id, shown] : leases_)
    std::printf("  %s %s\n%s", shown.architecture.c_str(), id.c_str(),
                picture(stages_of(timeline_of(shown.last)), longest, k_bar_columns).c_str());
}

Status Demo::play_run(int number, DemoMode mode) {
  leases_.clear();
  DemoWorkflow workflow(*emulator_, entropy_, service_->url(), mode, k_demo_webhook_secret);
  workflow.start();
  if (options_.modes.size() > 1)
    std::printf("\nMode %s: %s\n", std::string(to_string(mode)).c_str(),
                std::string(text_of(mode)).c_str());
  say("GitHub: run " + std::to_string(number) + ", id " + std::to_string(workflow.run()) +
      ", a pull request from contributor/rr");
  TRY(set_up(workflow));
  TRY(deliver(workflow));
  TRY(follow(workflow));
  show_timelines();
  for (const auto& [id, shown] : leases_) histories_.push_back(history_of(shown.last));
  std::printf("\nPromises of run %d:\n", number);
  const auto outcome = emulator_->github().outcome(workflow.run());
  promise(outcome.conclusion == "success",
          "GitHub: the run's conclusion is " +
              (outcome.conclusion.empty() ? "none yet" : outcome.conclusion));
  for (const auto& [id, shown] : leases_) {
    const std::string result = json_string(shown.last, "outcome").value_or("none");
    promise(result == "job-done" && json_int(shown.last, "launches") == 1,
            "lease " + id + " (" + shown.architecture + "): " + result + ", one machine");
  }
  return {};
}

Status Demo::audit() {
  TRY_ASSIGN(const json::value books, service_->command({"audit"}));
  if (!books.is_object()) return fail(Code::internal, "mayfly audit gave no object");
  const json::object& audit = books.get_object();
  const std::int64_t launched = json_int(audit, "machines_launched").value_or(-1);
  const std::int64_t ended = json_int(audit, "machines_ended").value_or(-1);
  std::size_t alive = 0;
  const auto instances = emulator_->aws().instances();
  for (const FakeInstance& instance : instances)
    if (instance.state != aws::InstanceState::terminated) ++alive;
  const std::string booked = json_string(audit, "spent_usd_at_most").value_or("?");
  std::printf("\nAudit, mayfly's books against the emulated clouds:\n");
  promise(launched == ended && launched == static_cast<std::int64_t>(instances.size()),
          "launched " + std::to_string(launched) + " = gone " + std::to_string(ended) +
              " = machines EC2 ever started " + std::to_string(instances.size()));
  promise(alive == 0, "machines alive on EC2: " + std::to_string(alive));
  promise(emulator_->machines_on() == 0,
          "machine processes left: " + std::to_string(emulator_->machines_on()));
  promise(emulator_->github().runners().empty() && json_int(audit, "runners_left") == 0,
          "runners left on GitHub: " + std::to_string(emulator_->github().runners().size()));
  const auto booked_money = parse_usd(std::string_view(booked).substr(1));
  promise(booked_money && *booked_money >= emulator_->aws().spent(),
          "money spent: " + human_usd(emulator_->aws().spent()) + " by EC2's meter, at most " +
              booked + " by the books");
  return {};
}

Result<int> Demo::play() {
  EmulatorOptions emulator_options;
  emulator_options.directory = directory_;
  if (!options_.record.empty()) {
    TRY_ASSIGN(recorder_, Recorder::open(options_.record));
    emulator_options.on_github_exchange = [this](const HttpRequest& request,
                                                 const HttpResponse& response) {
      recorder_->note(request, response);
    };
  }
  TRY_ASSIGN(emulator_, Emulator::start(emulator_options, clock_, entropy_, log_));
  say("emulated EC2 at " + emulator_->aws_url() + ", emulated GitHub at " +
      emulator_->github_url());
  TRY(go_on());
  TRY_ASSIGN(service_, DemoService::start(
                           {options_.mayfly, directory_, options_.on_lambda, options_.with_app},
                           *emulator_, {clock_, entropy_, log_, transport_}));
  say((options_.on_lambda ? "emulated Lambda with mayfly at " : "mayfly serve at ") +
      service_->url());
  int number = 0;
  for (const DemoMode mode : options_.modes)
    for (int i = 0; i < options_.runs; ++i) TRY(play_run(++number, mode));
  std::printf("\nTime until a runner, as `mayfly costs --times` has it:\n%s",
              report::times_table(report::times_of(histories_, {})).c_str());
  TRY(go_on());
  TRY(audit());
  const int status = service_->stop();
  if (const LambdaHost* lambda = service_->lambda())
    show(lambda->counts());
  else
    promise(status == 0, "mayfly serve stopped with status " + std::to_string(status));
  TRY(go_on());
  std::printf("\n%s in %s\n", broken_ == 0 ? "Every promise was kept," : "PROMISES WERE BROKEN,",
              human_duration(clock_.steady() - started_).c_str());
  return broken_ == 0 ? 0 : 1;
}

}  // namespace

int run_demo(const DemoOptions& options) {
  os::ignore_broken_pipes();
  // Before every thread and until all is taken away: Ctrl-C must not leave anything behind.
  os::StopSignal stop;
  const auto made = working_directory(options.keep, "mayfly-demo");
  if (!made) {
    std::fprintf(stderr, "mayfly demo: %s\n", made.error().message.c_str());
    return 2;
  }
  const std::string& directory = *made;
  std::optional<Demo> demo(std::in_place, options, directory, stop);
  const Result<int> status = demo->play();
  const bool was_stopped = stop.has_come();
  demo.reset();  // the service and the machines end before their directory does
  if (!status) std::fprintf(stderr, "mayfly demo: %s\n", status.error().message.c_str());
  if (options.verbose || (!status && !was_stopped))
    if (const auto log = read_file(directory + "/mayfly.log"))
      std::fprintf(stderr, "\nThe service's log:\n%s", log->c_str());
  if (options.keep.empty()) remove_all(directory);
  stop.forget();
  return status ? *status : 2;
}

}  // namespace mayfly::lab
