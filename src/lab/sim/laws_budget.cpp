// Calls to GitHub, as GitHub sees them.

#include <deque>

#include "github/call_budget.h"
#include "lab/rig/faulty_transport.h"
#include "lab/sim/laws.h"
#include "lab/sim/scout.h"
#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {
namespace {

constexpr Millis k_minute{60'000};
// A call is counted by its process until a minute after its end, which may be ten seconds after it
// arrived; and the answer to a claim is some time on its way.
constexpr Millis k_remembered{80'000};
constexpr Millis k_just_now{60'000};
constexpr std::size_t k_under_way = 3;  // calls that have begun and have not arrived

// At most the configured number in any minute, of one process: one that was killed has forgotten
// what it asked. And whatever strangers ask, a claim is not refused for the budget before the
// claims themselves have used what is kept for them.
class BudgetLaw final : public Law {
 public:
  explicit BudgetLaw(SharedBooks) {}
  std::string_view name() const override { return "GitHub is asked no more than was agreed"; }

  void before(SimWorld& world, std::string_view who, std::string_view call,
              const HttpRequest& request) override {
    if (!request.url.starts_with(k_github_url) || is_for_token(request.url)) return;
    const SteadyTime now = world.clock.steady();
    if (is_for_claims(call)) claims_.push_back(now);
    for (const auto& server : world.servers)
      if (server->who() == who) count(world, *server, now);
  }

  void after(SimWorld& world, const Exchange& exchange) override {
    const bool never_arrived = exchange.done == nullptr;
    if (exchange.edge == Edge::github && never_arrived && is_for_claims(exchange.call))
      claims_.push_back(world.clock.steady());
    if (exchange.edge == Edge::api && exchange.done != nullptr) judge_answer(world, exchange);
  }

 private:
  struct Asked {
    int life = 0;
    std::deque<SteadyTime> at = {};
  };

  // Not counted (github/app_token.h): two or three an hour, and few more while GitHub fails.
  static bool is_for_token(std::string_view url) {
    return url.ends_with("/installation") || url.find("/app/installations/") != url.npos;
  }

  static bool is_for_claims(std::string_view call) {
    return call.ends_with("/generate-jitconfig") || call.ends_with("/downloads");
  }

  void count(SimWorld& world, const Server& server, SteadyTime now) {
    Asked& asked = asked_[server.who()];
    if (asked.life != server.life()) asked = Asked{server.life()};
    asked.at.push_back(now);
    while (asked.at.front() + k_minute <= now) asked.at.pop_front();
    held();
    if (asked.at.size() > static_cast<std::size_t>(world.config.github.calls_per_minute))
      broken(world, server.who() + " asked GitHub " + std::to_string(asked.at.size()) +
                        " times within a minute");
  }

  void judge_answer(SimWorld& world, const Exchange& exchange) {
    const SteadyTime now = world.clock.steady();
    const std::string& body = exchange.done->body;
    const bool is_refused = body.find("\"github-budget\"") != std::string::npos;
    if (exchange.call != "POST /v1/claims") {
      if (is_refused) ask_refused_ = now;
      return;
    }
    if (exchange.done->status == 200 && ask_refused_ && *ask_refused_ + k_just_now > now)
      mark(world, "claimed_past_budget");
    if (!is_refused) return;
    while (!claims_.empty() && claims_.front() + k_remembered + exchange.took <= now)
      claims_.pop_front();
    const github::CallBudget agreed(world.config.github.calls_per_minute);
    const auto kept = static_cast<std::size_t>(agreed.floor_of(github::Purpose::claims));
    expect(claims_.size() + k_under_way >= kept, world,
           "a claim was refused for the budget after " + std::to_string(claims_.size()) +
               " calls for claims, of " + std::to_string(kept) + " that are kept for them");
  }

  std::map<std::string, Asked> asked_;  // by server
  std::deque<SteadyTime> claims_;       // when calls for claims were made, of all servers
  std::optional<SteadyTime> ask_refused_;
};

}  // namespace

std::unique_ptr<Law> make_budget_law(SharedBooks books) {
  return std::make_unique<BudgetLaw>(std::move(books));
}

}  // namespace mayfly::lab::sim
