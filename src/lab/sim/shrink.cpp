#include "lab/sim/shrink.h"

#include <algorithm>
#include <set>

namespace mayfly::lab::sim {
namespace {

using Faults = std::vector<Injection>;

class Shrinker {
 public:
  Shrinker(const Simulate& simulate, const SimPlan& plan, std::string law, int tries)
      : simulate_(simulate), plan_(plan), law_(std::move(law)), tries_max_(tries) {
    plan_.on_line = {};
  }

  [[nodiscard]] int tries() const { return tries_; }

  // Whether the list breaks the law. Asked again, out of tries and when stopped, it does not.
  bool still_fails(const Faults& faults) {
    if (plan_.stop != nullptr && *plan_.stop) return false;
    if (tries_ >= tries_max_ || !tried_.insert(to_string(faults)).second) return false;
    ++tries_;
    plan_.exactly = faults;
    const SimResult result = simulate_(plan_);
    return !result.violations.empty() && result.violations.front().law == law_;
  }

  // Zeller and Hildebrandt's ddmin: ever smaller parts are tried alone, then left out.
  Faults minimal(Faults faults) {
    std::size_t parts = 2;
    while (faults.size() >= 2) {
      parts = std::min(parts, faults.size());
      if (auto less = one_part(faults, parts)) {
        faults = std::move(*less);
        parts = 2;
      } else if (auto rest = without_one_part(faults, parts)) {
        faults = std::move(*rest);
        parts = std::max<std::size_t>(parts - 1, 2);
      } else if (parts < faults.size()) {
        parts *= 2;
      } else {
        break;
      }
    }
    return faults;
  }

 private:
  struct Range {
    std::ptrdiff_t from, to;
  };
  static Range part_of(const Faults& faults, std::size_t part, std::size_t parts) {
    return {static_cast<std::ptrdiff_t>(faults.size() * part / parts),
            static_cast<std::ptrdiff_t>(faults.size() * (part + 1) / parts)};
  }

  std::optional<Faults> one_part(const Faults& faults, std::size_t parts) {
    for (std::size_t i = 0; i < parts; ++i) {
      const Range range = part_of(faults, i, parts);
      Faults part(faults.begin() + range.from, faults.begin() + range.to);
      if (still_fails(part)) return part;
    }
    return std::nullopt;
  }

  std::optional<Faults> without_one_part(const Faults& faults, std::size_t parts) {
    for (std::size_t i = 0; i < parts; ++i) {
      const Range range = part_of(faults, i, parts);
      Faults rest(faults.begin(), faults.begin() + range.from);
      rest.insert(rest.end(), faults.begin() + range.to, faults.end());
      if (still_fails(rest)) return rest;
    }
    return std::nullopt;
  }

  const Simulate& simulate_;
  SimPlan plan_;
  const std::string law_;
  const int tries_max_;
  int tries_ = 0;
  std::set<std::string> tried_;
};

std::string command_start(const SimPlan& plan) {
  return "mayfly simulate --scenario " + plan.scenario + " --seed " + std::to_string(plan.seed);
}

}  // namespace

Shrunk shrink_with(const Simulate& simulate, const SimPlan& plan, const SimResult& failed,
                   int tries) {
  const Faults all = plan.exactly ? *plan.exactly : failed.injected;
  if (failed.violations.empty() || tries <= 0) return {all, 0};
  Shrinker shrinker(simulate, plan, failed.violations.front().law, tries);
  const bool is_replayed = shrinker.still_fails(all);
  if (plan.stop != nullptr && *plan.stop) return {all, shrinker.tries()};
  if (!is_replayed) return {all, shrinker.tries(), false};
  if (all.empty() || shrinker.still_fails({})) return {{}, shrinker.tries()};
  Faults least = shrinker.minimal(all);
  return {std::move(least), shrinker.tries()};
}

Shrunk shrink(const SimPlan& plan, const SimResult& failed, int tries) {
  return shrink_with(simulate, plan, failed, tries);
}

std::string command_for(const SimPlan& plan, const Faults& faults) {
  return command_start(plan) + " --faults " +
         (faults.empty() ? std::string(k_no_faults) : shell_quoted(to_string(faults)));
}

std::string command_for(const SimPlan& plan) {
  return plan.exactly ? command_for(plan, *plan.exactly) : command_start(plan) + " --runs 1";
}

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace mayfly::lab::sim
