#include "service/breaker_notice.h"

#include "base/text.h"

namespace mayfly {
namespace {

constexpr const char* k_said = "launches-pause-until";

// Until when launches pause, by what was said last; nothing if the last word was that they go on.
Result<std::optional<WallTime>> said_until(Ledger& ledger) {
  TRY_ASSIGN(const auto fact, ledger.fact(k_said));
  const auto millis = fact ? parse_int(*fact) : std::nullopt;
  if (!millis) return std::optional<WallTime>{};
  return std::optional<WallTime>{wall_from_epoch_millis(*millis)};
}

}  // namespace

Status notice_breaker(const Config& config, const BreakerNoticeSeams& seams) {
  TRY_ASSIGN(const auto pause, seams.ledger.launch_pause(config.limits, seams.clock.wall()));
  TRY_ASSIGN(const auto said, said_until(seams.ledger));
  if (!pause && !said) return {};
  if (!pause) {
    TRY(seams.ledger.set_fact(k_said, ""));
    seams.log.info("launch-breaker-closed", {});
    return {};
  }
  if (said && *said == pause->until) return {};
  TRY(seams.ledger.set_fact(k_said, std::to_string(epoch_millis(pause->until))));
  const bool goes_on = said && *said >= pause->since;
  if (goes_on) return {};
  seams.log.error("launch-breaker-opened", {{"cause", std::string(info(pause->cause).name)},
                                            {"failures", std::to_string(pause->failures)},
                                            {"until", iso8601(pause->until)}});
  return {};
}

}  // namespace mayfly
