#pragma once

// Has GitHub send again what it could not deliver, where the credential is an App and the App's own
// webhook tells of jobs: once a minute it reads the newest deliveries and asks for those that
// failed. A delivery is a hint (webhooks.h), so that nothing depends on this: it shortens the wait
// where the look-out's rounds are rare, or a run stands beyond the page that they read. Nothing is
// remembered but when the next round is due; what GitHub lists says how often each was tried. What
// goes wrong is said in the log when it changes, and has no other consequence.
//
// Thread rule: one caller at a time per object.

#include <optional>
#include <vector>

#include "config/config.h"
#include "github/client.h"
#include "github/deliveries.h"
#include "seam/clock.h"
#include "seam/log.h"

namespace mayfly {

// A job that has waited longer is found by the look-out, or has been seen.
inline constexpr Millis k_redeliver_within = std::chrono::minutes{30};
inline constexpr int k_delivery_attempts_max = 4;  // the first one included

// Deliveries about jobs, each by its latest attempt, newest first, at most so many: those that
// never arrived, because of a 5xx, a 429 or no answer at all. What we refused (any other 4xx) is
// not asked for again, nor what is too old or was tried too often, nor what has its first attempt
// beyond the list. Pure.
[[nodiscard]] std::vector<github::Delivery> worth_sending_again(
    const std::vector<github::Delivery>& listed, WallTime now, std::size_t most);

// Where the owner takes webhooks, lets them ask in some repository, and has an App.
[[nodiscard]] bool may_redeliver(const Config& config);

class Redeliverer {
 public:
  // github: its calls serve the sweep.
  Redeliverer(const Config& config, Clock& clock, Log& log, const github::GithubClient& github)
      : clock_(clock),
        log_(log),
        most_(static_cast<std::size_t>(config.github.calls_per_minute) / k_share_of_calls),
        app_(may_redeliver(config) ? github.as_app() : std::nullopt) {}

  void look(SteadyTime until);

 private:
  static constexpr std::size_t k_share_of_calls = 16;

  void say(const Status& outcome);

  Clock& clock_;
  Log& log_;
  const std::size_t most_;
  std::optional<github::GithubClient> app_;
  SteadyTime next_round_{};
  std::optional<Code> said_;  // of the trouble that goes on
};

}  // namespace mayfly
