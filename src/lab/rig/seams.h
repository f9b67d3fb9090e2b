#pragma once

// The fake seams of a rig: virtual time, seeded randomness, a log that remembers, a doorbell that
// only notes its ring, and an environment of fixed variables. One thread; no real time anywhere.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "seam/clock.h"
#include "seam/doorbell.h"
#include "seam/entropy.h"
#include "seam/environment.h"
#include "seam/log.h"

namespace mayfly::lab {

// Time passes only when told: by pass(), or by a sleeper, for whom the world goes on meanwhile.
class VirtualClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() override { return wall_; }
  [[nodiscard]] SteadyTime steady() override { return steady_; }
  // Lets the world live until t; without a world time just passes.
  void sleep_until(SteadyTime t) override;

  void pass(Millis d);
  // As NTP or an operator does: the calendar jumps, durations go on.
  void step_wall(Millis d) { wall_ += d; }
  // Called by every sleeper with its hour; has to bring the clock there with pass().
  void on_sleep(std::function<void(SteadyTime)> live) { live_ = std::move(live); }

 private:
  WallTime wall_ = wall_from_epoch_seconds(1'800'000'000);
  SteadyTime steady_{Seconds{5000}};
  std::function<void(SteadyTime)> live_;
};

// splitmix64: the same seed gives the same bytes.
class SeededEntropy final : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  std::uint64_t state_;
};

class CapturingLog final : public Log {
 public:
  struct Line {
    LogLevel level = LogLevel::info;
    std::string event;
    std::map<std::string, std::string> fields;
  };

  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override;
  [[nodiscard]] const std::vector<Line>& lines() const { return lines_; }
  [[nodiscard]] int count(std::string_view event) const;

 private:
  std::vector<Line> lines_;
};

class FlagDoorbell final : public Doorbell {
 public:
  void ring() override { is_rung_ = true; }
  void wait_until(SteadyTime) override { is_rung_ = false; }
  [[nodiscard]] bool is_rung() const { return is_rung_; }

 private:
  bool is_rung_ = false;
};

class FixedEnvironment final : public Environment {
 public:
  explicit FixedEnvironment(std::map<std::string, std::string> variables,
                            std::map<std::string, std::string> files = {})
      : variables_(std::move(variables)), files_(std::move(files)) {}
  std::optional<std::string> variable(const std::string& name) override;
  Result<std::string> read_file(const std::string& path) override;

 private:
  std::map<std::string, std::string> variables_;
  std::map<std::string, std::string> files_;  // by path
};

}  // namespace mayfly::lab
