#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "base/json.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/process.h"
#include "report/table.h"

namespace mayfly::cli {
namespace {

// Of a list that grows with every lease that somebody tried: the newest.
constexpr std::size_t k_refused_json_max = 1000;
constexpr std::size_t k_refused_shown_max = 20;

json::array refused_json(const std::vector<LeaseEvent>& refused) {
  json::array out;
  for (std::size_t i = 0; i < std::min(refused.size(), k_refused_json_max); ++i) {
    const LeaseEvent& one = refused[i];
    out.push_back(json::object{{"lease", one.lease_id.text},
                               {"first_at", iso8601_millis(one.at)},
                               {"what", one.name},
                               {"reason", one.detail}});
  }
  return out;
}

void print_refused(const std::vector<LeaseEvent>& refused) {
  if (refused.empty()) return;
  report::Table table({"LEASE", "FIRST AT", "REFUSED", "BECAUSE"});
  for (std::size_t i = 0; i < std::min(refused.size(), k_refused_shown_max); ++i) {
    const LeaseEvent& one = refused[i];
    table.add({one.lease_id.text, iso8601(one.at), one.name, printable(one.detail, 80)});
  }
  std::printf("\n%s", table.text().c_str());
  if (refused.size() > k_refused_shown_max)
    std::printf("and %zu more; --json lists up to %zu\n", refused.size() - k_refused_shown_max,
                k_refused_json_max);
}

json::object paused(const LaunchPause& pause) {
  return {{"cause", std::string(info(pause.cause).name)},
          {"failures", pause.failures},
          {"since", iso8601(pause.since)},
          {"until", iso8601(pause.until)}};
}

Result<int> run(const CommonOptions& options) {
  Process process;
  TRY_ASSIGN(const Config config, load_config(process, options.config_path));
  TRY_ASSIGN(const auto ledger, open_ledger(process, config));
  TRY_ASSIGN(const Audit audit, ledger->audit());
  TRY_ASSIGN(const auto refused, ledger->refusals());
  TRY_ASSIGN(const auto pause, ledger->launch_pause(config.limits, process.clock.wall()));
  const bool balanced = audit.launched == audit.ended && audit.runners_left == 0;
  if (options.json) {
    json::object out;
    out["leases"] = audit.leases;
    out["leases_live"] = audit.leases_live;
    out["machines_launched"] = audit.launched;
    out["machines_ended"] = audit.ended;
    out["runners_left"] = audit.runners_left;
    out["spent_usd_at_most"] = human_usd(audit.spent);
    out["reserved_usd"] = human_usd(audit.reserved);
    out["balanced"] = balanced;
    out["refusals"] = refused.size();
    out["refused"] = refused_json(refused);
    out["launches_paused"] = pause ? json::value(paused(*pause)) : json::value(nullptr);
    std::printf("%s\n", json::serialize(out).c_str());
  } else {
    std::printf(
        "leases             %lld, %lld live\n"
        "machines launched  %lld\n"
        "machines ended     %lld\n"
        "runners left       %lld\n"
        "spent, at most     %s\n"
        "reserved           %s\n"
        "refusals           %zu\n"
        "%s\n",
        static_cast<long long>(audit.leases), static_cast<long long>(audit.leases_live),
        static_cast<long long>(audit.launched), static_cast<long long>(audit.ended),
        static_cast<long long>(audit.runners_left), human_usd(audit.spent).c_str(),
        human_usd(audit.reserved).c_str(), refused.size(),
        balanced                ? "launched = ended: every machine is gone"
        : audit.leases_live > 0 ? "machines are in use; the leases' deadlines hold"
                                : "NOT BALANCED: a machine or runner has no live lease");
    print_refused(refused);
    if (pause) std::printf("LAUNCHES PAUSE: %s\n", describe(*pause).c_str());
  }
  return balanced || audit.leases_live > 0 ? 0 : 1;
}

}  // namespace

int audit(const CommonOptions& options) {
  const auto status = run(options);
  return status ? *status : complain(status.error());
}

}  // namespace mayfly::cli
