#pragma once

// What every command needs of the process: the real seams, the configuration, the ledger. Built in
// main's frame and passed by reference; there are no globals.

#include <memory>
#include <optional>
#include <string>

#include "base/secret.h"
#include "cli/commands.h"
#include "config/config.h"
#include "ledger/ledger.h"
#include "os/condition_doorbell.h"
#include "os/core_dumps.h"
#include "os/http_transport.h"
#include "os/line_log.h"
#include "os/system_clock.h"
#include "os/system_entropy.h"
#include "os/system_environment.h"
#include "service/control_plane.h"

namespace mayfly::cli {

struct Process {
  Process() { os::forbid_core_dumps(); }
  os::SystemClock clock;
  os::SystemEntropy entropy;
  os::SystemEnvironment environment;
  os::LineLog log{clock, {2, LogLevel::info, os::log_form_for(2)}};
  os::ConditionDoorbell doorbell{clock};
  os::BeastTransport transport{clock};
};

[[nodiscard]] Result<Config> load_config(Process& process, const std::string& path);
// The file or the table that the configuration names. A table is not asked before its first use.
[[nodiscard]] Result<std::shared_ptr<Ledger>> open_ledger(Process& process, const Config& config);
// Whether the table can be used; none: the ledger is a file, which was opened.
[[nodiscard]] std::optional<Finding> look_at_table(Process& process, const Config& config);

// The service's parts over this process's seams; the configuration and the process outlive them.
struct Parts {
  std::shared_ptr<Ledger> ledger;
  std::unique_ptr<ControlPlane> plane;
};
[[nodiscard]] Result<Parts> put_together(Process& process, const Config& config);

// The secret of listen.admin_token, at least 16 characters; empty where none is named.
[[nodiscard]] Result<Secret> admin_token(Process& process, const Config& config);

// Prints the reason and the remedy to standard error; returns 2.
int complain(const Error& error);

}  // namespace mayfly::cli
