#include "lab/sim/faults.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace mayfly::lab::sim {
namespace {

constexpr std::array<std::string_view, k_fault_kinds> k_names = {
    "refuse",     "lose-reply",      "delay",      "server-error",  "server-error-done",
    "throttle",   "stale",           "truncate",   "no-capacity",   "mismatch",
    "expired",    "denied",          "conflict",   "ledger-error",  "kill",
    "interrupt",  "interrupt-later", "hide",       "vanish",        "capacity",
    "ec2-outage", "github-outage",   "api-outage", "ledger-outage", "ledger-loss",
    "clock-step", "kill-server",     "drain",      "clock-drift",
};
constexpr int k_first_world_kind = static_cast<int>(FaultKind::interrupt);
// An exhaustive search kills every life at its k-th boundary; after so many the work may go on.
constexpr int k_lives_max = 12;

constexpr int k_rare = 6;
constexpr int k_rare_weight = 50;

std::string without_digits(std::string_view call) {
  std::string text(call);
  std::erase_if(text, [](char c) { return c >= '0' && c <= '9'; });
  return text;
}

bool is_github_registration(std::string_view call) { return call.ends_with("/generate-jitconfig"); }

std::optional<std::int64_t> parse_signed(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  const auto number = parse_int(std::string(text));
  return number && is_negative ? -*number : number;
}

// How long something of this kind lasts, or by how much a clock is moved.
Millis draw_amount(FaultKind kind, Entropy& entropy) {
  const auto seconds = [&](std::uint64_t low, std::uint64_t high) {
    return Millis(Seconds(static_cast<std::int64_t>(low + entropy.below(high - low + 1))));
  };
  switch (kind) {
    case FaultKind::delay:
      return Millis(static_cast<std::int64_t>(100 + entropy.below(12'000)));
    case FaultKind::hide:
      return seconds(1, 60);
    case FaultKind::capacity:
    case FaultKind::ec2_outage:
    case FaultKind::api_outage:
    case FaultKind::ledger_outage:
      return seconds(5, 1200);
    case FaultKind::github_outage:
      return entropy.below(4) == 0 ? seconds(3600, 86'400) : seconds(5, 1800);
    case FaultKind::clock_step:
    case FaultKind::clock_drift:
      return seconds(0, 360) - Millis(Seconds(180));
    case FaultKind::kill_server:
      return entropy.below(3) == 0 ? seconds(60, 3600) : seconds(0, 30);
    default:
      return Millis{0};
  }
}

}  // namespace

std::string_view to_string(FaultKind kind) { return k_names[static_cast<std::size_t>(kind)]; }

std::optional<FaultKind> parse_fault_kind(std::string_view text) {
  const auto found = std::find(k_names.begin(), k_names.end(), text);
  if (found == k_names.end()) return std::nullopt;
  return static_cast<FaultKind>(found - k_names.begin());
}

std::string to_string(const Injection& injection) {
  std::string text = injection.point + "#" + std::to_string(injection.ordinal) + "=" +
                     std::string(to_string(injection.kind));
  if (injection.amount != Millis{0}) text += ":" + std::to_string(injection.amount.count());
  return text;
}

std::string to_string(const std::vector<Injection>& injections) {
  std::string text;
  for (const Injection& one : injections) text += (text.empty() ? "" : ";") + to_string(one);
  return text;
}

Result<std::vector<Injection>> parse_injections(std::string_view text) {
  std::vector<Injection> all;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(text.size(), one.size() + 1));
    const std::size_t hash = one.rfind('#');
    const std::size_t equals = hash == one.npos ? one.npos : one.find('=', hash);
    if (equals == one.npos)
      return fail(Code::bad_field, "not POINT#NUMBER=KIND: " + printable(std::string(one)));
    const std::string_view what = one.substr(equals + 1);
    const std::size_t colon = what.find(':');
    const auto ordinal = parse_int(std::string(one.substr(hash + 1, equals - hash - 1)));
    const auto kind = parse_fault_kind(what.substr(0, colon));
    const auto amount =
        colon == what.npos ? std::optional<std::int64_t>(0) : parse_signed(what.substr(colon + 1));
    if (!ordinal || !kind || !amount)
      return fail(Code::bad_field, "no such fault: " + printable(std::string(one)));
    all.push_back(
        {std::string(one.substr(0, hash)), static_cast<int>(*ordinal), *kind, Millis(*amount)});
  }
  return all;
}

Swarm draw_swarm(const Swarm& possible, Entropy& entropy) {
  Swarm drawn;
  for (const auto& [kind, most] : possible.per_mille) {
    const bool is_on = entropy.below(2) == 0;
    const auto rate = static_cast<int>(entropy.below(static_cast<std::uint64_t>(most)) + 1);
    if (is_on) drawn.per_mille[kind] = rate;
  }
  return drawn;
}

bool is_github_listing(std::string_view call) {
  return call.starts_with("GET ") &&
         (call.ends_with("/runners") || call.ends_with("/jobs") || call.ends_with("/runs") ||
          call.ends_with("/pulls") || call.ends_with("/reviews") || call.ends_with("/deliveries"));
}

bool applies(FaultKind kind, Edge edge, std::string_view call) {
  const bool is_on_disk = edge == Edge::ledger && call.starts_with("ledger.");
  switch (kind) {
    case FaultKind::refuse:
    case FaultKind::lose_reply:
    case FaultKind::delay:
      return !is_on_disk;
    case FaultKind::server_error:
    case FaultKind::server_error_done:
    case FaultKind::throttle:
    case FaultKind::truncate:
    case FaultKind::denied:
    case FaultKind::expired:
      return edge != Edge::api && !is_on_disk;
    case FaultKind::stale:
      return edge == Edge::github && is_github_listing(call);
    case FaultKind::no_capacity:
    case FaultKind::mismatch:
      return call == "CreateFleet";
    case FaultKind::conflict:
      return (edge == Edge::github && is_github_registration(call)) ||
             (edge == Edge::ledger && call == k_table_write);
    case FaultKind::ledger_error:
      return is_on_disk;
    case FaultKind::kill:
      return false;  // at boundaries
    default:
      return false;
  }
}

FaultPlan::FaultPlan(FaultSpec spec)
    : swarm_(std::move(spec.swarm)),
      entropy_(spec.seed),
      world_entropy_(spec.seed + 1'000'003),
      kill_entropy_(spec.seed + 2'000'003) {
  keeps_lists_ = !spec.exactly && swarm_.per_mille.contains(FaultKind::stale);
  if (!spec.exactly) return;
  exactly_.emplace();
  for (Injection& one : *spec.exactly) {
    keeps_lists_ = keeps_lists_ || one.kind == FaultKind::stale;
    std::vector<Injection>& list = (*exactly_)[one.point];
    list.push_back(std::move(one));
  }
}

std::optional<Injection> FaultPlan::listed(const std::string& point, int ordinal) const {
  const auto found = exactly_->find(point);
  if (found == exactly_->end()) return std::nullopt;
  for (const Injection& one : found->second)
    if (one.ordinal == ordinal || one.ordinal == 0) {
      Injection now = one;
      now.ordinal = ordinal;
      return now;
    }
  return std::nullopt;
}

std::optional<Injection> FaultPlan::drawn(Edge edge, const std::string& call, int ordinal) {
  for (const auto& [kind, rate] : swarm_.per_mille) {
    if (!applies(kind, edge, call)) continue;
    if (entropy_.below(1000) >= static_cast<std::uint64_t>(rate)) continue;
    return Injection{call, ordinal, kind, draw_amount(kind, entropy_)};
  }
  return std::nullopt;
}

std::optional<Injection> FaultPlan::at(Edge edge, const std::string& call) {
  const int ordinal = ++counts_[call];
  if (is_healed_) return std::nullopt;
  auto injection = exactly_ ? listed(call, ordinal) : drawn(edge, call, ordinal);
  if (injection) injected_.push_back(*injection);
  return injection;
}

bool FaultPlan::dies_at_boundary(int life, std::string_view call) {
  const int ordinal = ++boundaries_;
  const int in_life = ++boundaries_by_life_[life];
  if (is_healed_) return false;
  if (!exactly_) {
    const auto rate = swarm_.per_mille.find(FaultKind::kill);
    if (rate == swarm_.per_mille.end()) return false;
    // A life has hundreds of boundaries: the rate is of a hundred of them.
    const bool is_rare = ++boundaries_by_call_[without_digits(call)] <= k_rare;
    const int weight = is_rare ? k_rare_weight : 1;
    if (kill_entropy_.below(100'000) >= static_cast<std::uint64_t>(rate->second * weight))
      return false;
    injected_.push_back({"io", ordinal, FaultKind::kill});
    return true;
  }
  if (exactly_->empty()) return false;
  const bool dies = listed("io", ordinal) || listed("life-" + std::to_string(life), in_life) ||
                    (life <= k_lives_max && listed("every-life", in_life));
  if (dies) injected_.push_back({"io", ordinal, FaultKind::kill});
  return dies;
}

std::optional<FaultPlan::WorldDraw> FaultPlan::next_in_world() {
  std::uint64_t total = 0;
  for (const auto& [kind, rate] : swarm_.per_mille)
    if (static_cast<int>(kind) >= k_first_world_kind) total += static_cast<std::uint64_t>(rate);
  if (is_healed_ || total == 0) return std::nullopt;
  // Between 0 and twice the mean of the sum of all rates, which are per thousand hours.
  const std::uint64_t mean = 3'600'000ULL * 1000 / total;
  WorldDraw draw;
  draw.after = Millis(static_cast<std::int64_t>(world_entropy_.below(2 * mean) + 1));
  std::uint64_t choice = world_entropy_.below(total);
  for (const auto& [kind, rate] : swarm_.per_mille) {
    if (static_cast<int>(kind) < k_first_world_kind) continue;
    if (choice < static_cast<std::uint64_t>(rate)) {
      draw.injection.kind = kind;
      break;
    }
    choice -= static_cast<std::uint64_t>(rate);
  }
  draw.injection.point = "world";
  draw.injection.ordinal = ++world_draws_;
  draw.injection.amount = draw_amount(draw.injection.kind, world_entropy_);
  draw.is_on = !exactly_ || listed("world", draw.injection.ordinal).has_value();
  return draw;
}

int FaultPlan::boundaries_of_life(int life) const {
  const auto found = boundaries_by_life_.find(life);
  return found == boundaries_by_life_.end() ? 0 : found->second;
}

}  // namespace mayfly::lab::sim
