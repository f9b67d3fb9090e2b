#include "lease/lease.h"

#include <array>
#include <utility>

#include "base/digest.h"
#include "base/text.h"

namespace mayfly {
namespace {

template <class Enum, std::size_t N>
using Names = std::array<std::pair<Enum, std::string_view>, N>;

template <class Enum, std::size_t N>
std::string_view name_of(const Names<Enum, N>& names, Enum value) {
  for (const auto& [key, name] : names)
    if (key == value) return name;
  return "unknown";
}

template <class Enum, std::size_t N>
std::optional<Enum> value_of(const Names<Enum, N>& names, std::string_view text) {
  for (const auto& [key, name] : names)
    if (name == text) return key;
  return std::nullopt;
}

constexpr Names<LeaseState, 7> k_states = {{
    {LeaseState::launching, "launching"},
    {LeaseState::booting, "booting"},
    {LeaseState::claimed, "claimed"},
    {LeaseState::online, "online"},
    {LeaseState::busy, "busy"},
    {LeaseState::ending, "ending"},
    {LeaseState::gone, "gone"},
}};

constexpr Names<Outcome, 10> k_outcomes = {{
    {Outcome::none, "none"},
    {Outcome::job_done, "job-done"},
    {Outcome::run_over, "run-over"},
    {Outcome::released, "released"},
    {Outcome::no_capacity, "no-capacity"},
    {Outcome::refused, "refused"},
    {Outcome::boot_failed, "boot-failed"},
    {Outcome::idle, "idle"},
    {Outcome::deadline, "deadline"},
    {Outcome::interrupted, "interrupted"},
}};

constexpr Names<Source, 3> k_sources = {
    {{Source::seed, "seed"}, {Source::v1, "v1"}, {Source::shared, "shared"}}};

constexpr std::size_t k_id_digits = 20;

}  // namespace

Code code_of_refusal(const Lease& lease) {
  return code_named(lease.reason.substr(0, lease.reason.find(':'))).value_or(Code::aws_config);
}

std::string_view to_string(LeaseState state) { return name_of(k_states, state); }
std::optional<LeaseState> parse_lease_state(std::string_view text) {
  return value_of(k_states, text);
}
std::string_view to_string(Outcome outcome) { return name_of(k_outcomes, outcome); }
std::optional<Outcome> parse_outcome(std::string_view text) { return value_of(k_outcomes, text); }
std::string_view to_string(Source source) { return name_of(k_sources, source); }
std::optional<Source> parse_source(std::string_view text) { return value_of(k_sources, text); }

bool is_edge(LeaseState from, LeaseState to) {
  using enum LeaseState;
  if (from == to || from == gone) return false;
  if (to == gone) return from == ending;
  if (to == ending) return true;
  if (from == ending) return false;
  if (to == launching) return true;
  return to > from;  // a sweep may miss a stage that was short
}

bool is_live(LeaseState state) { return state != LeaseState::gone; }

bool is_refusal(const LeaseEvent& event) {
  return event.name == k_claim_refused || event.name == k_event_refused;
}

LeaseId lease_id_for(const std::string& deployment, const LeaseKey& key) {
  std::string identity = deployment + '\n' + key.repository.text + '\n' +
                         std::string(to_string(key.architecture)) + '\n';
  identity += key.label.empty()
                  ? "run\n" + std::to_string(key.run_id) + '\n' + std::to_string(key.run_attempt) +
                        '\n' + std::to_string(key.index)
                  : "label\n" + key.label;
  if (!key.label.empty() && key.run_attempt != 0)
    identity += "\nrun\n" + std::to_string(key.run_id) + '\n' + std::to_string(key.run_attempt);
  if (key.source == Source::shared) identity += "\nshared";
  return LeaseId{"l-" + sha256_hex(identity).substr(0, k_id_digits)};
}

std::string runner_name_prefix(const std::string& deployment) { return "mf-" + deployment + "-"; }

std::string runner_name_for(const std::string& deployment, const LeaseId& lease, int launch,
                            int attempt) {
  return runner_name_prefix(deployment) + lease.text + "-" + std::to_string(launch) + "-" +
         std::to_string(attempt);
}

std::optional<LeaseId> lease_of_runner(const std::string& deployment,
                                       std::string_view runner_name) {
  const std::string prefix = runner_name_prefix(deployment);
  if (!runner_name.starts_with(prefix)) return std::nullopt;
  const std::string_view rest = runner_name.substr(prefix.size());
  const std::size_t id_size = 2 + k_id_digits;
  if (rest.size() <= id_size || rest[id_size] != '-') return std::nullopt;
  return parse_lease_id(rest.substr(0, id_size));
}

}  // namespace mayfly
