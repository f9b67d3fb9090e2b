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
struct LeasesAsk {
  bool all = false;
  int count_max = 100;  // with all
  bool watch = false;   // until a signal: the table drawn anew, or where no terminal is, changes
};
[[nodiscard]] int leases(const CommonOptions& options, const LeasesAsk& ask);
[[nodiscard]] int lease(const CommonOptions& options, const std::string& id);
[[nodiscard]] int release(const CommonOptions& options, const std::string& id);
[[nodiscard]] int sweep(const CommonOptions& options, bool stateless);
[[nodiscard]] int audit(const CommonOptions& options);
struct AuditAsk {
  std::string export_to;  // add what is new to this audit file (report/audit_file.h)
  std::string sign_with;  // a reference to the key for that: env:, file: or ssm:
  std::string verify;     // or recompute this one
  std::string key;        // by this public key, a PEM file
};
// 1: it does not add up, or is not signed to its end.
[[nodiscard]] int audit_file(const CommonOptions& options, const AuditAsk& ask);

struct CostsAsk {
  std::string by = "repository";  // report::CostBy
  std::string month;              // "2026-11"; empty: this one
  bool times = false;
  bool markdown = false;
  bool csv = false;
};
// 1: the month has more leases than are read.
[[nodiscard]] int costs(const CommonOptions& options, const CostsAsk& ask);

// Prints a link to the dashboard that is open for so long ("1h").
[[nodiscard]] int operator_link(const CommonOptions& options, const std::string& life);

// Whether Lambda started this process, as its `bootstrap`; and then what it does until Lambda ends
// it. The configuration is MAYFLY_CONFIG, or mayfly.toml beside the program. With MAYFLY_ROLE=sweep
// it is the stateless second enforcer, which reads tags and answers no requests.
[[nodiscard]] bool is_lambda();
[[nodiscard]] int run_lambda();

// Runs mayfly-lab, which stands beside this program, with the same arguments. Returns only on
// failure.
[[nodiscard]] int run_lab(int argc, char** argv);

}  // namespace mayfly::cli
