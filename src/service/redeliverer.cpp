#include "service/redeliverer.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/text.h"

namespace mayfly {
namespace {

constexpr Millis k_round = std::chrono::minutes{1};
constexpr Millis k_call_least = Seconds{1};  // else it would only seem that GitHub is silent
constexpr std::size_t k_per_round_max = 10;
constexpr std::size_t k_word_max = 100;
constexpr std::size_t k_reason_max = 300;

// All attempts at one delivery that are in the list.
struct History {
  const github::Delivery* latest = nullptr;
  const github::Delivery* first = nullptr;  // none: beyond the list, and then so may others be
  int attempts = 0;
  bool has_arrived = false;
};

bool is_about_jobs(const github::Delivery& delivery) {
  return delivery.event == "workflow_job" &&
         (delivery.action == "queued" || delivery.action == "completed");
}

bool has_arrived(int status) { return status >= 200 && status < 300; }

// 429 is Lambda's own answer where too many come at once.
bool may_pass_next_time(int status) { return status < 100 || status == 429 || status >= 500; }

bool is_worth_it(const History& history, WallTime now) {
  return history.first != nullptr && !history.has_arrived &&
         history.attempts < k_delivery_attempts_max &&
         now - history.first->delivered_at <= k_redeliver_within &&
         may_pass_next_time(history.latest->status_code);
}

}  // namespace

std::vector<github::Delivery> worth_sending_again(const std::vector<github::Delivery>& listed,
                                                  WallTime now, std::size_t most) {
  std::map<std::string, History> histories;
  for (const github::Delivery& one : listed) {
    if (!is_about_jobs(one)) continue;
    History& history = histories[one.guid];
    const bool is_later =
        history.latest == nullptr || history.latest->delivered_at < one.delivered_at;
    if (is_later) history.latest = &one;
    if (!one.is_redelivery) history.first = &one;
    history.attempts += 1;
    history.has_arrived = history.has_arrived || has_arrived(one.status_code);
  }
  std::vector<github::Delivery> worth;
  for (const auto& [guid, history] : histories)
    if (is_worth_it(history, now)) worth.push_back(*history.latest);
  std::sort(worth.begin(), worth.end(), [](const auto& a, const auto& b) {
    return a.delivered_at != b.delivered_at ? a.delivered_at > b.delivered_at : a.id > b.id;
  });
  worth.resize(std::min(worth.size(), most));
  return worth;
}

bool may_redeliver(const Config& config) {
  return config.github.app && config.github.webhook_secret &&
         std::any_of(config.repositories.begin(), config.repositories.end(),
                     [](const RepositoryConfig& one) { return one.webhook != Webhook::off; });
}

void Redeliverer::look(SteadyTime until) {
  const auto has_time = [&] { return clock_.steady() + k_call_least <= until; };
  if (!app_ || clock_.steady() < next_round_ || !has_time()) return;
  next_round_ = clock_.steady() + k_round;
  const auto listed = app_->list_deliveries(until);
  if (!listed) return say(fail(listed.error()));
  Status outcome;
  for (const github::Delivery& one :
       worth_sending_again(*listed, clock_.wall(), std::min(k_per_round_max, most_))) {
    if (!has_time()) break;
    const Status asked = app_->redeliver(one.id, until);
    if (!asked) {
      outcome = asked;
      continue;
    }
    log_.info("delivery-sent-again", {{"delivery", std::to_string(one.id)},
                                      {"guid", printable(one.guid, k_word_max)},
                                      {"status", std::to_string(one.status_code)}});
  }
  say(outcome);
}

void Redeliverer::say(const Status& outcome) {
  if (outcome) {
    said_.reset();
    return;
  }
  if (said_ == outcome.error().code) return;
  said_ = outcome.error().code;
  log_.warning("deliveries-not-sent-again",
               {{"reason", printable(outcome.error().message, k_reason_max)}});
}

}  // namespace mayfly
