#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/process.h"

namespace mayfly::cli {
namespace {

Result<int> run(const CommonOptions& options) {
  Process process;
  TRY_ASSIGN(const Config config, load_config(process, options.config_path));
  TRY_ASSIGN(const auto ledger, open_ledger(config));
  TRY_ASSIGN(const Audit audit, ledger->audit());
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
    std::printf("%s\n", json::serialize(out).c_str());
  } else {
    std::printf(
        "leases             %lld, %lld live\n"
        "machines launched  %lld\n"
        "machines ended     %lld\n"
        "runners left       %lld\n"
        "spent, at most     %s\n"
        "reserved           %s\n"
        "%s\n",
        static_cast<long long>(audit.leases), static_cast<long long>(audit.leases_live),
        static_cast<long long>(audit.launched), static_cast<long long>(audit.ended),
        static_cast<long long>(audit.runners_left), human_usd(audit.spent).c_str(),
        human_usd(audit.reserved).c_str(),
        balanced                ? "launched = ended: every machine is gone"
        : audit.leases_live > 0 ? "machines are in use; the leases' deadlines hold"
                                : "NOT BALANCED: a machine or runner has no live lease");
  }
  return balanced || audit.leases_live > 0 ? 0 : 1;
}

}  // namespace

int audit(const CommonOptions& options) {
  const auto status = run(options);
  return status ? *status : complain(status.error());
}

}  // namespace mayfly::cli
