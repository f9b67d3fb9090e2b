#include "lab/sim/aim.h"

#include <algorithm>
#include <array>

#include "lab/sim/books.h"
#include "lab/sim/draw.h"
#include "lab/sim/scout.h"

namespace mayfly::lab::sim {
namespace {

constexpr std::string_view k_before_deadline = "deadline";
constexpr std::array<std::string_view, 8> k_moments = {
    "launch_pending", "waiting", "booting", "claimed",
    "online",         "busy",    "ending",  k_before_deadline};
constexpr Millis k_before = Seconds{15};
constexpr Millis k_patience = std::chrono::hours{3};

bool is_in(SimWorld& world, const Lease& lease, std::string_view moment) {
  if (moment != k_before_deadline) return moment_of(lease) == moment;
  const Millis left = lease.deadline - world.now();
  return left > Millis{0} && left <= k_before;
}

// When the first of these is about to reach its deadline.
SteadyTime next_deadline(SimWorld& world, const std::vector<Lease>& leases, SteadyTime end) {
  for (const Lease& lease : leases) {
    const SteadyTime at = steady_at(world, lease.deadline) - k_before;
    if (at > world.clock.steady()) end = std::min(end, at);
  }
  return end;
}

void send(SimWorld& world, const std::string& method, const std::string& path,
          const std::string& body) {
  HttpRequest request{method, path, {{"Host", "mayfly.test"}}, body};
  if (!body.empty()) request.headers.add("Content-Type", "application/json");
  (void)world.ask("meddler", std::move(request), world.clock.steady() + Seconds{60});
}

void meddle(SimWorld& world, const Lease& lease, std::uint64_t how) {
  if (how == 0) return send(world, "DELETE", "/v1/leases/" + lease.id.text, "");
  if (how == 1)
    return send(world, "POST", "/", R"({"operation":"destroy","label":")" + lease.label + "\"}");
  if (!world.github->cancel_run(lease.run_id)) return;
  mark_cancelled(world, lease.run_id);
  world.trace.line(world.clock.steady(), "github", "run-cancelled", std::to_string(lease.run_id));
}

}  // namespace

std::optional<Lease> await_moment(SimWorld& world, Entropy& entropy) {
  const std::string_view moment = k_moments[entropy.below(k_moments.size())];
  const SteadyTime end = world.clock.steady() + k_patience;
  while (!world.is_healed && world.clock.steady() < end) {
    const auto live = world.ledger().live();
    if (!live) return std::nullopt;
    const auto found = std::find_if(live->begin(), live->end(), [&](const Lease& lease) {
      return is_in(world, lease, moment);
    });
    if (found != live->end()) return *found;
    world.wait_for_write(next_deadline(world, *live, end));
  }
  return std::nullopt;
}

void meddle_forever(SimWorld& world) {
  SeededEntropy entropy(world.seed * 104'729 + 777'787);
  while (!world.is_healed) {
    world.rest_until(world.clock.steady() + draw_between(entropy, Seconds{1}, Seconds{900}));
    const auto lease = await_moment(world, entropy);
    const std::uint64_t how = entropy.below(3);
    if (lease && !world.is_healed) meddle(world, *lease, how);
  }
}

}  // namespace mayfly::lab::sim
