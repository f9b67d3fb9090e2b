#include "lease/admission.h"

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

}  // namespace

Status admit(const Usage& usage, const Ask& ask, const Caps& caps) {
  if (usage.machines_of_run + ask.machines > caps.machines_per_run)
    return refuse_count(Code::limit_run, usage.machines_of_run, ask.machines,
                        caps.machines_per_run);
  if (usage.machines_of_repository + ask.machines > caps.machines_per_repository)
    return refuse_count(Code::limit_repository, usage.machines_of_repository, ask.machines,
                        caps.machines_per_repository);
  if (usage.machines + ask.machines > caps.machines)
    return refuse_count(Code::limit_machines, usage.machines, ask.machines, caps.machines);
  if (usage.reserved + usage.spent_today + ask.reserve > caps.usd_per_day)
    return refuse_money(Code::limit_money_day, usage.reserved + usage.spent_today, ask.reserve,
                        caps.usd_per_day);
  if (usage.reserved + usage.spent_this_month + ask.reserve > caps.usd_per_month)
    return refuse_money(Code::limit_money_month, usage.reserved + usage.spent_this_month,
                        ask.reserve, caps.usd_per_month);
  return {};
}

Money worst_case(Money usd_per_hour, Millis until_deadline, int boots_max) {
  return price_for(usd_per_hour, until_deadline + k_overrun_bound + k_billed_at_least * boots_max);
}

}  // namespace mayfly
