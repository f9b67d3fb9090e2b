#pragma once

// `mayfly emulate`: the emulated EC2 and GitHub on fixed ports, for a `mayfly serve` of one's own,
// the AWS CLI or curl, until Ctrl-C. Prints the environment and configuration that reach it.

#include <cstdint>
#include <string>

#include "lab/emulator.h"

namespace mayfly::lab {

struct EmulateOptions {
  std::uint16_t aws_port = 4566;
  std::uint16_t github_port = 4567;
  std::string directory = {};        // of the machines; empty: a temporary one
  std::string record = {};           // file for every exchange with GitHub, one JSON object a line
  std::string session_token = {};    // of the AWS key; empty: a long-lived key
  std::string machine_command = {};  // as in EmulatorOptions
  std::string machines_see_github = {};  // as in EmulatorOptions
  MachineKind machines = MachineKind::processes;
  bool limits = true;  // AWS throttles, and GitHub counts calls
  int slow_ms = 0;     // each call of AWS or GitHub takes a drawn time of at most this
};

[[nodiscard]] int run_emulate(const EmulateOptions& options);

}  // namespace mayfly::lab
