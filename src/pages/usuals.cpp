#include "pages/usuals.h"

namespace mayfly::pages {
namespace {

constexpr Millis k_known_for = Seconds{60};

}  // namespace

std::optional<StageKind> kind_of(report::Stage stage) {
  switch (stage) {
    case report::Stage::verify:
      return StageKind::verify;
    case report::Stage::relaunch:
      return std::nullopt;
    case report::Stage::launch:
      return StageKind::launch;
    case report::Stage::boot:
      return StageKind::boot;
    case report::Stage::runner:
      return StageKind::prepare;
    case report::Stage::claim:
      return StageKind::claim;
    case report::Stage::online:
      return StageKind::connect;
    case report::Stage::job:
      return StageKind::wait_job;
  }
  return std::nullopt;
}

Usuals usuals_in(const report::RecentTimes& times, Architecture architecture) {
  Usuals usuals;
  for (const auto& [stage, usual] : times.usual(architecture))
    if (const auto kind = kind_of(stage)) usuals[*kind] = usual;
  return usuals;
}

Usuals UsualTimes::of(Architecture architecture) {
  const SteadyTime now = clock_.steady();
  {
    const std::scoped_lock lock(mutex_);
    if (until_ && now < *until_) return known_[architecture];
    until_ = now + k_known_for;  // whoever comes meanwhile gets the old ones
  }
  auto fresh = read();
  const std::scoped_lock lock(mutex_);
  known_ = std::move(fresh);
  return known_[architecture];
}

std::map<Architecture, Usuals> UsualTimes::read() {
  const auto times = report::recent_times(ledger_);
  if (!times) return {};
  std::map<Architecture, Usuals> usuals;
  for (const Architecture architecture : {Architecture::x86_64, Architecture::arm64})
    usuals[architecture] = usuals_in(*times, architecture);
  return usuals;
}

}  // namespace mayfly::pages
