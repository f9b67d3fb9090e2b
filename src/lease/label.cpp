#include "lease/label.h"

#include <array>

#include "base/text.h"

namespace mayfly {
namespace {

constexpr int k_index_max = 255;  // limits.machines_per_run is at most 256
constexpr std::array k_architectures = {Architecture::x86_64, Architecture::arm64};

}  // namespace

bool is_seed_label(std::string_view text, std::string_view prefix) {
  constexpr std::string_view k_alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
  return text.size() <= k_seed_label_max && text.size() > prefix.size() &&
         text.starts_with(prefix) && is_all_of(text, k_alphabet);
}

RunnerLabels::RunnerLabels(std::string_view profile) : stem_("mayfly") {
  if (!profile.empty()) stem_ += "-" + std::string(profile);
}

std::string RunnerLabels::derived(RunId run_id, int index, Architecture architecture) const {
  std::string label =
      stem_ + "-" + std::to_string(run_id) + "-" + std::string(to_string(architecture));
  return index == 0 ? label : label + "-" + std::to_string(index);
}

std::optional<DerivedFrom> RunnerLabels::parse_derived(std::string_view label, RunId run_id) const {
  const std::string lower = to_lower(label);
  for (const Architecture architecture : k_architectures) {
    const std::string first = derived(run_id, 0, architecture);
    if (lower == first) return DerivedFrom{architecture, 0};
    if (!lower.starts_with(first + "-")) continue;
    const auto index = parse_int(std::string_view(lower).substr(first.size() + 1));
    if (!index || *index < 1 || *index > k_index_max) return std::nullopt;
    const int small = static_cast<int>(*index);
    if (lower == derived(run_id, small, architecture)) return DerivedFrom{architecture, small};
  }
  return std::nullopt;
}

std::vector<std::string> RunnerLabels::shared(Architecture architecture) const {
  std::vector<std::string> labels = {stem_ + "-" + std::string(to_string(architecture))};
  if (architecture == Architecture::x86_64) labels.push_back(stem_);
  return labels;
}

std::optional<Architecture> RunnerLabels::parse_shared(std::string_view label) const {
  const std::string lower = to_lower(label);
  if (!lower.starts_with(stem_)) return std::nullopt;
  const std::string_view rest = std::string_view(lower).substr(stem_.size());
  if (rest.empty()) return Architecture::x86_64;
  return rest.front() == '-' ? parse_architecture(rest.substr(1)) : std::nullopt;
}

std::string RunnerLabels::shared_name(RunId run_id, Architecture architecture) const {
  return derived(run_id, 0, architecture) + "-shared";
}

std::vector<std::string> RunnerLabels::of_shared_runner(const std::string& name,
                                                        Architecture architecture) const {
  std::vector<std::string> labels = labels_of_runner(name, architecture);
  for (std::string& one : shared(architecture)) labels.push_back(std::move(one));
  return labels;
}

std::string RunnerLabels::canonical(const std::string& label, RunId run_id) const {
  if (const auto from = parse_derived(label, run_id))
    return derived(run_id, from->index, from->architecture);
  const auto architecture = parse_shared(label);
  return architecture ? shared_name(run_id, *architecture) : label;
}

std::string architecture_label(Architecture architecture) {
  return "arch_" + std::string(to_string(architecture));
}

std::vector<std::string> labels_of_runner(const std::string& label, Architecture architecture) {
  return {label, architecture_label(architecture)};
}

}  // namespace mayfly
