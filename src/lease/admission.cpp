#include "lease/admission.h"

#include <algorithm>

namespace mayfly {
namespace {

constexpr Millis k_overrun_bound = Seconds{120};
constexpr Millis k_billed_at_least = Seconds{60};

Status refuse_count(Code code, int used, int asked, int cap) {
  return fail(code, std::to_string(used) + " of " + std::to_string(cap) + " in use, " +
                        std::to_string(asked) + " more asked for");
}

Status refuse_money(Code code, Money used, Money asked, Money cap) {
  return fail(code, human_usd(used) + " of " + human_usd(cap) + " spent or reserved, up to " +
                        human_usd(asked) + " more asked for");
}

Error until(Code code, std::string message, Millis wait) {
  return {code, std::move(message), std::max<Millis>(wait, Seconds{1})};
}

// By architecture, so that a stranger who asks for a run's runners before the run does can only ask
// for some that the run itself is given when it asks (a lease is known by its index), and never in
// place of others.
Status admit_of_run(const Usage& usage, const Ask& ask, const Caps& caps) {
  for (const auto& [architecture, asked] : ask.of_run) {
    const auto found = usage.machines_of_run.find(architecture);
    const int used = found == usage.machines_of_run.end() ? 0 : found->second;
    if (used + asked > caps.machines_per_run)
      return refuse_count(Code::limit_run, used, asked, caps.machines_per_run);
  }
  return {};
}

Status admit_machines(const Usage& usage, const Ask& ask, const Caps& caps) {
  TRY(admit_of_run(usage, ask, caps));
  if (usage.machines_of_head + ask.machines > caps.machines_per_pull_request)
    return refuse_count(Code::limit_pull_request, usage.machines_of_head, ask.machines,
                        caps.machines_per_pull_request);
  if (usage.machines_of_actor + ask.machines > caps.machines_per_actor)
    return refuse_count(Code::limit_actor, usage.machines_of_actor, ask.machines,
                        caps.machines_per_actor);
  if (ask.source == Source::seed &&
      usage.machines_for_seed_labels + ask.machines > caps.machines_for_seed_labels)
    return refuse_count(Code::limit_seed_labels, usage.machines_for_seed_labels, ask.machines,
                        caps.machines_for_seed_labels);
  if (usage.machines_of_repository + ask.machines > caps.machines_per_repository)
    return refuse_count(Code::limit_repository, usage.machines_of_repository, ask.machines,
                        caps.machines_per_repository);
  if (usage.machines + ask.machines > caps.machines)
    return refuse_count(Code::limit_machines, usage.machines, ask.machines, caps.machines);
  return {};
}

}  // namespace

Status admit_launches(const LaunchUsage& usage, int launches, const Caps& caps, WallTime now) {
  if (usage.pause)
    return fail(until(Code::launches_paused, describe(*usage.pause), usage.pause->until - now));
  const int used = static_cast<int>(usage.of_hour.size());
  const int too_many = used + launches - caps.launches_per_hour;
  if (too_many <= 0) return {};
  // More at once than an hour may have: no wait helps, and the longest is told.
  const WallTime leaves =
      too_many > used ? now + k_launch_window
                      : usage.of_hour[static_cast<std::size_t>(too_many) - 1] + k_launch_window;
  return fail(until(Code::limit_launches,
                    std::to_string(used) + " of " + std::to_string(caps.launches_per_hour) +
                        " launches in the last hour, " + std::to_string(launches) +
                        " more asked for",
                    leaves - now));
}

Status admit(const Usage& usage, const Ask& ask, const Caps& caps, WallTime now) {
  TRY(admit_machines(usage, ask, caps));
  TRY(admit_launches(usage.launches, ask.machines, caps, now));
  if (usage.reserved + usage.spent_today + ask.reserve > caps.usd_per_day)
    return refuse_money(Code::limit_money_day, usage.reserved + usage.spent_today, ask.reserve,
                        caps.usd_per_day);
  if (usage.reserved + usage.spent_this_month + ask.reserve > caps.usd_per_month)
    return refuse_money(Code::limit_money_month, usage.reserved + usage.spent_this_month,
                        ask.reserve, caps.usd_per_month);
  return {};
}

int money_percent(const Usage& usage, const Caps& caps) {
  const auto percent = [](Money used, Money cap) {
    const std::int64_t hundredth = std::max<std::int64_t>(cap.micros / 100, 1);
    return static_cast<int>(std::min<std::int64_t>(used.micros / hundredth, 1'000'000));
  };
  return std::max(percent(usage.reserved + usage.spent_today, caps.usd_per_day),
                  percent(usage.reserved + usage.spent_this_month, caps.usd_per_month));
}

Money worst_case(Money usd_per_hour, Millis until_deadline, int boots_max) {
  return price_for(usd_per_hour, until_deadline + k_overrun_bound + k_billed_at_least * boots_max);
}

}  // namespace mayfly
