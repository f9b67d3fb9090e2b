#pragma once

// `mayfly demo`: the main job of the seed's page, end to end, on this machine alone. Starts the
// emulator and a real `mayfly serve` process (or an emulated Lambda that runs mayfly), plays rr's
// workflow with real curl calls and machines that run the real boot script, shows what happens
// while it happens, then the timeline of each lease and the audit, counted independently on the
// emulator's side.

#include <string>
#include <vector>

#include "lab/demo_workflow.h"

namespace mayfly::lab {

struct DemoOptions {
  std::string mayfly;       // path of the program
  std::string keep = {};    // keep the working directory there; empty: removed at the end
  std::string record = {};  // file for the exchanges with the emulated GitHub
  int runs = 1;             // workflow runs in each mode, one after the other
  std::vector<DemoMode> modes = {DemoMode::seed};
  bool with_app = false;   // a GitHub App in place of the token
  bool on_lambda = false;  // behind an emulated Lambda instead of `mayfly serve`
  bool verbose = false;    // show the service's log as well
};

// 0 when every promise held, 1 when one broke, 2 when it could not be played.
[[nodiscard]] int run_demo(const DemoOptions& options);

}  // namespace mayfly::lab
