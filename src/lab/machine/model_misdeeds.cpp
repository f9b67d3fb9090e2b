// What the machines do that are not honest: one function each, by the moment in their life.

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <tuple>

#include "lab/machine/model_machine.h"

namespace mayfly::lab {
namespace {

constexpr std::size_t k_others_max = 8;
constexpr std::size_t k_huge = 6'000;
constexpr std::array<const char*, 7> k_events = {
    "booted",         "runner-downloading", "runner-ready", "claiming",
    "runner-started", "job-started",        "job-completed"};

// The body of the nth event of a flood: known names, unknown ones, and what is no event at all.
std::string flood_body(int n) {
  const std::string known = k_events[static_cast<std::size_t>(n / 6) % k_events.size()];
  switch (n % 6) {
    case 0:
      return json::serialize(json::object{{"event", known}, {"detail", "flood"}});
    case 1:
      return json::serialize(json::object{{"event", "no-such-" + std::to_string(n)}});
    case 2:
      return json::serialize(json::object{{"event", known}, {"detail", std::string(k_huge, 'x')}});
    case 3:
      return "{\"event\":\"" + known;
    case 4:
      return json::serialize(json::object{{"event", n}, {"detail", json::object()}});
    default:
      return json::serialize(json::object{{"event", known}});  // with a wrong nonce
  }
}

}  // namespace

std::string_view to_string(Behaviour behaviour) {
  switch (behaviour) {
    case Behaviour::honest:
      return "honest";
    case Behaviour::dead:
      return "dead";
    case Behaviour::slow_boot:
      return "slow-boot";
    case Behaviour::never_exits:
      return "never-exits";
    case Behaviour::replays_claim:
      return "replays-claim";
    case Behaviour::claims_for_another:
      return "claims-for-another";
    case Behaviour::floods_events:
      return "floods-events";
    case Behaviour::mute_after_claim:
      return "mute-after-claim";
    case Behaviour::crashes_in_job:
      return "crashes-in-job";
    case Behaviour::hangs:
      return "hangs";
    case Behaviour::clock_off:
      return "clock-off";
  }
  return "";
}

bool ModelMachine::misbehave(Moment moment) {
  switch (behaviour_) {
    case Behaviour::never_exits:
      return never_exit(moment);
    case Behaviour::replays_claim:
      return replay_claim(moment);
    case Behaviour::claims_for_another:
      return claim_for_others(moment);
    case Behaviour::floods_events:
      return flood_events(moment);
    case Behaviour::mute_after_claim:
      return fall_mute(moment);
    case Behaviour::crashes_in_job:
      return crash(moment);
    case Behaviour::hangs:
      return hang(moment);
    case Behaviour::honest:
    case Behaviour::dead:
    case Behaviour::slow_boot:
    case Behaviour::clock_off:
      return true;
  }
  return true;
}

// The job is root from its first step on. Whether its runner goes on asking is drawn.
bool ModelMachine::never_exit(Moment moment) {
  if (moment == Moment::job_begun) timer_.reset();
  if (moment != Moment::job_done) return true;
  if (seams_.entropy.below(2) == 0) {
    get_stuck();
  } else {
    go(Stage::after, options_.heartbeat);
  }
  return false;
}

bool ModelMachine::replay_claim(Moment moment) {
  if (moment != Moment::claimed && moment != Moment::online && moment != Moment::job_done)
    return true;
  std::ignore = attempt({lease_, id_.text, claim_key_});
  const std::string other_key = seams_.entropy.hex(16);
  std::ignore = attempt({lease_, id_.text, other_key});
  return true;
}

bool ModelMachine::claim_for_others(Moment moment) {
  if (moment != Moment::claiming || !options_.others) return true;
  auto others = options_.others();
  others.resize(std::min(others.size(), k_others_max));
  for (const auto& [lease, instance] : others) {
    for (const Claim& claim :
         {Claim{lease, id_.text, ""}, Claim{lease, instance, ""}, Claim{lease_, instance, ""}}) {
      if (claim.lease == lease_ && claim.instance == id_.text) continue;
      std::ignore = attempt({claim.lease, claim.instance, seams_.entropy.hex(16)});
    }
  }
  return true;
}

bool ModelMachine::flood_events(Moment moment) {
  if (moment != Moment::metadata_read && moment != Moment::claimed && moment != Moment::job_begun)
    return true;
  for (int n = 0; n < options_.flood && !is_stopped_; ++n) {
    const bool has_wrong_nonce = n % 6 == 5;
    const auto answer = post("/v1/leases/" + lease_ + "/events", flood_body(n),
                             has_wrong_nonce ? std::string(32, '0') : nonce_);
    if (options_.counts == nullptr) continue;
    ++options_.counts->events_flooded;
    options_.counts->events_refused += answer && answer->status >= 400 && answer->status < 500;
  }
  return true;
}

bool ModelMachine::fall_mute(Moment moment) {
  if (moment != Moment::claimed) return true;
  get_stuck();
  return false;
}

bool ModelMachine::crash(Moment moment) {
  const SteadyTime now = seams_.clock.steady();
  if (moment == Moment::job_begun) job_ends_ = now + (job_ends_ - now) / 2;
  if (moment != Moment::job_ending) return true;
  stage_ = Stage::off;
  return false;
}

// Before it takes a job, or in it.
bool ModelMachine::hang(Moment moment) {
  const bool is_now =
      moment == Moment::job_begun || (moment == Moment::online && seams_.entropy.below(2) == 0);
  if (is_now) get_stuck();
  return !is_now;
}

// Wrong by 3 minutes to 3 hours, either way, until it is set right from outside, which comes in
// time for the boot as often as not.
void ModelMachine::draw_wrong_clock() {
  const auto size = static_cast<std::int64_t>(180 + seams_.entropy.below(10'620));
  const bool is_ahead = seams_.entropy.below(2) == 0;
  const auto right_after = static_cast<std::int64_t>(seams_.entropy.below(120));
  skew_ = Seconds{is_ahead ? size : -size};
  clock_right_at_ = due_ + Seconds{right_after};
}

}  // namespace mayfly::lab
