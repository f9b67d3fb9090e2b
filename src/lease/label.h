#pragma once

// The labels that jobs are matched to runners by: those that seed clients make up, and ours. GitHub
// compares labels without case, and so does all that reads one here. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace mayfly {

inline constexpr std::size_t k_seed_label_max = 100;

// The label a seed client sends. The whole text must match: the configured prefix, then letters,
// digits and underscores only. So a label can be no option, no list, no wildcard and no second
// line; the seed checked only how it began (reliability.md 3.3).
[[nodiscard]] bool is_seed_label(std::string_view text, std::string_view prefix);

// What a derived label says.
struct DerivedFrom {
  Architecture architecture = Architecture::x86_64;
  int index = 0;
};

// What a deployment's runners are called in runs-on. Every label begins with "mayfly", or with
// "mayfly-<profile>" where the owner named one, so that several deployments with other machines
// can serve one repository.
class RunnerLabels {
 public:
  // profile: a letter, then letters and digits, all small; or nothing.
  explicit RunnerLabels(std::string_view profile = {});

  // "mayfly-<run_id>-<arch>", and "-<index>" behind it from 1 on: only jobs of this run name it.
  [[nodiscard]] std::string derived(RunId run_id, int index, Architecture architecture) const;
  // None for every text that derived() would not give for this run.
  [[nodiscard]] std::optional<DerivedFrom> parse_derived(std::string_view label,
                                                         RunId run_id) const;
  // Labels that jobs of any run may name: "mayfly-<arch>", and "mayfly", which is x86_64.
  [[nodiscard]] std::vector<std::string> shared(Architecture architecture) const;
  [[nodiscard]] std::optional<Architecture> parse_shared(std::string_view label) const;
  // What the leases of one run for such jobs are known by.
  [[nodiscard]] std::string shared_name(RunId run_id, Architecture architecture) const;
  // The runner of such a lease registers with its name and all that it shares.
  [[nodiscard]] std::vector<std::string> of_shared_runner(const std::string& name,
                                                          Architecture architecture) const;
  // As the ledger spells it: derived, or the shared name; every other label as it is.
  [[nodiscard]] std::string canonical(const std::string& label, RunId run_id) const;

 private:
  std::string stem_;
};

// "arch_<arch>": every runner of ours has it beside its own label.
[[nodiscard]] std::string architecture_label(Architecture architecture);
[[nodiscard]] std::vector<std::string> labels_of_runner(const std::string& label,
                                                        Architecture architecture);

}  // namespace mayfly
