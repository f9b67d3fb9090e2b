#pragma once

// The commands of `mayfly`, one file each. A command returns the process's exit status:
//   0 done and good   1 done, but something is wrong (check, audit)   2 could not be done
// Diagnostics go to standard error, results to standard output; --json where a script would read
// it.

#include <string>

namespace mayfly::cli {

struct CommonOptions {
  std::string config_path = "mayfly.toml";
  bool json = false;
};

[[nodiscard]] int serve(const CommonOptions& options);
// With a name it only makes a runner group of that name, for the configured repositories alone.
[[nodiscard]] int check(const CommonOptions& options, const std::string& create_runner_group);
[[nodiscard]] int leases(const CommonOptions& options, int count_max, bool all);
[[nodiscard]] int lease(const CommonOptions& options, const std::string& id);
[[nodiscard]] int release(const CommonOptions& options, const std::string& id);
[[nodiscard]] int sweep(const CommonOptions& options, bool stateless);
[[nodiscard]] int audit(const CommonOptions& options);

// Whether Lambda started this process, as its `bootstrap`; and then what it does until Lambda ends
// it. The configuration is MAYFLY_CONFIG, or mayfly.toml beside the program. With MAYFLY_ROLE=sweep
// it is the stateless second enforcer, which reads tags and answers no requests.
[[nodiscard]] bool is_lambda();
[[nodiscard]] int run_lambda();

// Runs mayfly-lab, which stands beside this program, with the same arguments. Returns only on
// failure.
[[nodiscard]] int run_lab(int argc, char** argv);

}  // namespace mayfly::cli
