#pragma once

// One machine as a model: what boot.sh and the runner do, seen from outside, without processes. It
// makes the same calls in the same order (IMDS, events, claim, session, polls, job) and repeats
// them under the same rules; only durations are invented. tests/boot holds boot.sh itself.
// Thread rule: one thread or fiber at a time; stop() may come while a call is on its way.

#include <functional>
#include <optional>
#include <string>

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
  std::optional<Millis> job = {};                           // instead of the job's own duration
  std::function<Behaviour(const Machine&)> behaviour = {};  // none: honest
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
};

}  // namespace mayfly::lab
