#pragma once

// What may stand on the command line: one definition, from which --help, the manual page and the
// completion of shells are made. A command's callback runs it and leaves its exit status.

#include <CLI/App.hpp>
#include <string>
#include <string_view>

#include "cli/commands.h"

namespace mayfly::cli {

// What was given; CLI11 writes into it, so it outlives the App.
struct Given {
  CommonOptions options;
  std::string id;
  std::string group_name;
  LeasesAsk leases;
  bool stateless = false;
  CostsAsk costs;
  AuditAsk audit;
  std::string link_life = "1h";
  std::string topic;
  bool man = false;
  std::string shell;
  int status = 2;
};

void define_commands(CLI::App& app, Given& given);

// Commands that live in mayfly-lab; --help lists them.
[[nodiscard]] bool is_lab_command(std::string_view name);

}  // namespace mayfly::cli
