#pragma once

// Many simulations on several threads. Each lives wholly on one; results are taken in the order of
// their plans, so that everything but times is the same however many threads there are. Each is
// played twice and has to give the same history; one that fails is shrunk where it was found.

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>

#include "lab/sim/shrink.h"
#include "lab/sim/totals.h"
#include "seam/clock.h"

namespace mayfly::lab::sim {

struct CampaignOptions {
  int threads = 1;
  bool repeats = true;
  int shrink_tries = 300;                // simulations for each failure; 0: failures are not shrunk
  int failures_max = 5;                  // ends there
  std::optional<Millis> simulated = {};  // ends when so much was simulated
  std::optional<std::uint64_t> requests = {};  // ends when callers have made so many
  bool until_situations = false;               // ends when each that is not rare was reached
  std::optional<Millis> real = {};             // begins nothing more after so much real time
};

class Campaign {
 public:
  // The next plan; none: that was all. Called under a lock, in order.
  using Source = std::function<std::optional<SimPlan>()>;
  // Each result, in order, under the same lock; not for those after the end.
  using OnResult = std::function<void(const SimPlan&, const SimResult&)>;

  Campaign(CampaignOptions options, Simulate simulate, Clock& clock);

  // Blocks until the source is empty or an option ends it. May be called again, with another
  // source; totals add up. on_begin: when a simulation is about to begin, from any thread.
  void play(Source source, OnResult on_result = {});
  void on_begin(std::function<void(const SimPlan&)> on_begin) { on_begin_ = std::move(on_begin); }

  // From any thread:
  [[nodiscard]] Totals totals();
  [[nodiscard]] Millis elapsed() { return clock_.steady() - began_; }
  // What has begun ends at once, and counts only where it has already broken a promise.
  void stop();
  // An option or stop() has ended it: no further play() begins anything.
  [[nodiscard]] bool is_over();

 private:
  struct Played {
    SimPlan plan;
    SimResult result;
    Millis busy{0};
    bool is_repeated = false;
    bool is_lost = false;  // stopped before it found anything
    std::optional<Failure> failure;
  };

  void work(const Source& source, const OnResult& on_result);
  [[nodiscard]] Played play_one(SimPlan plan);
  [[nodiscard]] SimResult timed(const SimPlan& plan, Millis& busy);
  void note_violations(Played& played);
  void take_in_order(const OnResult& on_result);
  [[nodiscard]] bool is_complete() const;
  [[nodiscard]] bool may_not_begin();

  const CampaignOptions options_;
  const Simulate simulate_;
  Clock& clock_;
  const SteadyTime began_;
  std::function<void(const SimPlan&)> on_begin_;
  std::mutex mutex_;  // of everything below
  Totals totals_;
  std::map<std::uint64_t, Played> pending_;  // played, but one before it is not
  std::uint64_t begun_ = 0, taken_ = 0;
  std::atomic<bool> is_stopped_ = false;  // read without it
};

// Seeds from `first` on, at most `runs` of them. Without a scenario the seed says which of them all
// it plays, so that a seed means the same wherever it stands.
[[nodiscard]] Campaign::Source seeds_from(std::uint64_t first, std::optional<std::uint64_t> runs,
                                          std::optional<std::string> scenario);
[[nodiscard]] std::string scenario_of_seed(std::uint64_t seed);
[[nodiscard]] Campaign::Source plans_of(std::vector<SimPlan> plans);

// Sixteen hexadecimal digits.
[[nodiscard]] std::string hash_text(std::uint64_t hash);

// Where two plays of one plan part: the line of each. For a history that differs.
[[nodiscard]] std::string first_difference(const Simulate& simulate, SimPlan plan);

}  // namespace mayfly::lab::sim
