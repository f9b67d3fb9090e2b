#pragma once

// One machine as a model: what boot.sh and the runner do, seen from outside, without processes. It
// makes the same calls in the same order (IMDS, events, claim, session, polls, job) and repeats
// them under the same rules; only durations are invented. tests/boot holds boot.sh itself.
// Thread rule: one thread or fiber at a time; stop() may come while a call is on its way.

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "lab/aws/machine_observer.h"
#include "seam/clock.h"
#include "seam/entropy.h"
#include "seam/transport.h"

namespace mayfly::lab {

enum class Behaviour {
  honest,
  dead,       // never says a word: a broken image
  slow_boot,  // honest, but takes ten times as long to boot
  // Faulty.
  crashes_in_job,    // switches itself off in the middle of its job, without a word
  hangs,             // its runner goes silent when it is online; the machine stays up
  mute_after_claim,  // claims, and never connects to GitHub; the machine stays up
  // Hostile: the job is root, and has cancelled the timer.
  never_exits,         // its job ends at GitHub; the machine stays up for ever
  replays_claim,       // claims again, with the same key and with another
  claims_for_another,  // claims with its own nonce for other leases and instances
  floods_events,       // hundreds of events: true, false, malformed, with a wrong nonce
};

struct ModelOptions {
  std::string imds_url = "http://169.254.169.254/imds";  // the machine's id is added
  Millis boot{15'000};                                   // from running to the first call
  Millis install{8'000};                                 // the runner's download
  Millis poll{2'000};                                    // between questions for a job
  Millis retry{2'000};                                   // after a failed call
  Millis claim_retry{5'000};                             // where the service names no Retry-After
  Millis claim_limit{120'000};
  Millis idle_limit{900'000};
  Millis call_limit{20'000};
  Millis heartbeat{20'000};                                 // between questions while a job runs
  int flood = 200;                                          // events of one that floods
  std::optional<Millis> job = {};                           // instead of the job's own duration
  std::function<Behaviour(const Machine&)> behaviour = {};  // none: honest
  // Of leases and instances that are not its own; what claims_for_another tries.
  std::function<std::vector<std::pair<std::string, std::string>>()> others = {};
};

struct ModelSeams {
  HttpTransport& transport;
  Clock& clock;
  Entropy& entropy;
};

class ModelMachine {
 public:
  ModelMachine(const Machine& machine, const ModelOptions& options, const ModelSeams& seams);

  // Does what is due, which is one stage at most.
  void step();
  // When the next thing is due; none: never (off, or dead).
  [[nodiscard]] std::optional<SteadyTime> due() const;
  [[nodiscard]] bool is_off() const { return stage_ == Stage::off; }
  // Silences it for good, also in the middle of a step.
  void stop() { is_stopped_ = true; }

 private:
  enum class Stage { boot, install, claim, connect, listen, work, off };

  void boot();
  void install();
  void claim();
  void connect();
  void listen();
  void work();

  [[nodiscard]] Status read_metadata();
  [[nodiscard]] bool take_claim(const std::string& answer);
  void begin_job(const json::object& job);
  void beat();
  void misbehave();
  void claim_as(const std::string& lease, const std::string& instance, const std::string& key);
  void flood();
  // Stays up and does nothing more.
  void get_stuck() { is_stuck_ = true; }
  void go(Stage stage, Millis in);
  void try_again(Millis in, Millis limit, const std::string& reason);
  void power_off(const std::string& failure = {});

  [[nodiscard]] Result<HttpResponse> call(HttpRequest request);
  [[nodiscard]] Result<std::string> imds(const std::string& path);
  [[nodiscard]] Result<HttpResponse> post(const std::string& path, const json::object& body);
  [[nodiscard]] Result<HttpResponse> github(const std::string& path, json::object body);
  void report(const std::string& event, const std::string& detail = {});

  const InstanceId id_;
  const Behaviour behaviour_;
  const ModelOptions& options_;
  const ModelSeams& seams_;
  bool is_stopped_ = false;
  bool is_stuck_ = false;
  Stage stage_ = Stage::boot;
  SteadyTime due_;
  SteadyTime stage_since_;

  std::string imds_token_, lease_, nonce_, api_;
  std::string claim_key_;
  std::string repository_;
  RunId run_id_ = 0;
  std::string server_, secret_, session_;
  RunnerId runner_id_ = 0;
  std::int64_t job_id_ = 0;
  SteadyTime job_until_{};
};

}  // namespace mayfly::lab
