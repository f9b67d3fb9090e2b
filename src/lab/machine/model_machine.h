#pragma once

// One machine as a model: what boot.sh and the runner do, seen from outside, without processes. It
// makes the same calls in the same order (IMDS, events, claim, session, polls, job) and repeats
// them under the same rules; only durations are invented. tests/boot holds boot.sh itself. While a
// job runs, the runner polls GitHub, and exits when that no longer knows it.
//
// It powers itself off at its deadline as boot.sh does: within 12 hours of its boot, at first, and
// from its mayfly:expires-at tag in whole minutes of its own clock, at least one, once it has read
// it. Root can cancel that.
// Thread rule: one thread or fiber at a time; stop() may come while a call is on its way.

#include <functional>
#include <optional>
#include <string>

#include "base/json.h"
#include "lab/machine/model_options.h"

namespace mayfly::lab {

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
  // after: the job is over and the runner polls on; stuck: nothing happens but the timer.
  enum class Stage {
    boot,
    clock,
    install,
    claim,
    connect,
    listen,
    ask,
    refuse,
    work,
    after,
    stuck,
    off
  };
  enum class Moment { metadata_read, claiming, claimed, online, job_begun, job_ending, job_done };
  struct Claim {
    std::string lease, instance, key;
  };

  void boot();
  void check_clock();
  void install();
  void claim();
  void connect();
  void listen();
  void work();
  void end_job();
  void poll_on();

  // What a machine that is not honest does at this moment (model_misdeeds.cpp). False: it does not
  // go on from here as an honest one does.
  [[nodiscard]] bool misbehave(Moment moment);
  [[nodiscard]] bool never_exit(Moment moment);
  [[nodiscard]] bool replay_claim(Moment moment);
  [[nodiscard]] bool claim_for_others(Moment moment);
  [[nodiscard]] bool flood_events(Moment moment);
  [[nodiscard]] bool fall_mute(Moment moment);
  [[nodiscard]] bool crash(Moment moment);
  [[nodiscard]] bool hang(Moment moment);
  void draw_wrong_clock();
  void get_stuck() { stage_ = Stage::stuck; }

  [[nodiscard]] Status read_metadata();
  [[nodiscard]] bool take_claim(const std::string& answer);
  void begin_job(const json::object& job);
  void start_job();
  void ask_admission();
  void refuse_job();
  void tell_of_job(const std::string& event, const std::string& conclusion);
  void arm_deadline();
  [[nodiscard]] WallTime wall();  // of its own clock
  [[nodiscard]] bool is_clock_right();
  // One claim, recorded.
  [[nodiscard]] Result<HttpResponse> attempt(const Claim& claim);
  void go(Stage stage, Millis in);
  void try_again(Millis in, Millis limit, const std::string& reason);
  void power_off(const std::string& failure = {});
  void time_out();
  void say_booted();

  [[nodiscard]] Result<HttpResponse> call(HttpRequest request);
  [[nodiscard]] Result<std::string> imds(const std::string& path);
  [[nodiscard]] Result<HttpResponse> post(const std::string& path, const std::string& body,
                                          const std::string& nonce);
  [[nodiscard]] Result<HttpResponse> github(const std::string& path, json::object body);
  // What was answered; empty: nothing.
  std::string report(const std::string& event, const std::string& detail = {});
  void learn_lease(const std::string& answer);

  const InstanceId id_;
  const Behaviour behaviour_;
  const ModelOptions& options_;
  const ModelSeams& seams_;
  bool is_stopped_ = false;
  Stage stage_ = Stage::boot;
  SteadyTime due_;
  SteadyTime stage_since_;
  std::optional<SteadyTime> timer_;  // the power-off that boot.sh armed
  Millis skew_{0};                   // of its clock, until it is set right
  std::optional<SteadyTime> clock_right_at_;
  int clock_tries_ = 0;

  std::string imds_token_, lease_, nonce_, api_;
  WallTime expires_at_{};
  std::string claim_key_;
  std::string repository_;
  RunId run_id_ = 0;
  bool is_shared_ = false;
  RunId job_run_ = 0;
  Millis job_duration_{0};
  std::string server_, secret_, session_;
  RunnerId runner_id_ = 0;
  std::int64_t job_id_ = 0;
  SteadyTime job_ends_{};
  bool has_claimed_ = false;
};

}  // namespace mayfly::lab
