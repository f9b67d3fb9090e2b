#pragma once

// What goes wrong in one simulation, and the record of it. Every place where something can go wrong
// has a name: that of the upstream call, of the ledger's method, of the edge to a caller, or
// "world" for what happens by itself. It is asked each time; the n-th time at one name is one
// point, so that "CreateFleet#3" means the same in a run that is played again.
//
// A plan draws from its seed (a swarm: each kind is on or off for the whole run, at a drawn rate),
// or does exactly what a list says: that is how a failure is replayed and shrunk. One thread.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "lab/rig/seams.h"

namespace mayfly::lab::sim {

enum class FaultKind {
  // Of one call to the clouds, or of one request of a caller or machine to the service.
  refuse,             // not sent
  lose_reply,         // carried out; the answer is lost
  delay,              // carried out; the answer comes amount later, or is lost at the deadline
  server_error,       // 5xx, not carried out
  server_error_done,  // 5xx, carried out
  throttle,           // as facts.md A4 and B4 word it; not carried out
  stale,              // a listing: the answer to the same question some time ago
  truncate,           // carried out; the body is cut
  no_capacity,        // CreateFleet: InsufficientInstanceCapacity as a 5xx, not carried out
  mismatch,           // CreateFleet: IdempotentParameterMismatch, not carried out
  expired,            // the credentials are said to have expired; not carried out
  denied,             // a permission is missing; not carried out
  conflict,           // GitHub: 409; DynamoDB: others write the same items; not carried out
  ledger_error,       // of the ledger: nothing was read or written
  kill,               // the process ends here: before the call, or after it
  // Of the world.
  interrupt,        // spot takes a machine back, at once
  interrupt_later,  // the same with its notice of two minutes
  hide,             // EC2 does not know a machine for a while
  vanish,           // GitHub removes an idle runner
  capacity,         // room and prices of the pools change
  ec2_outage,       // every call to EC2 fails, for amount
  github_outage,    // every call to GitHub fails, for amount
  api_outage,       // nobody reaches the service, for amount
  ledger_outage,    // full or read-only, for amount
  ledger_loss,      // the ledger is empty from now on
  clock_step,       // one server's calendar jumps by amount
  kill_server,      // one server ends, and comes back after amount
  drain,            // somebody else in the account uses up EC2's rate limits
  clock_drift,      // one server's calendar gains amount in each hour
};
inline constexpr int k_fault_kinds = static_cast<int>(FaultKind::clock_drift) + 1;

[[nodiscard]] std::string_view to_string(FaultKind kind);
[[nodiscard]] std::optional<FaultKind> parse_fault_kind(std::string_view text);

struct Injection {
  std::string point;  // "CreateFleet", "ledger.update", "api POST /v1/claims", "world", "io"
  int ordinal = 0;    // from 1; 0: every time
  FaultKind kind = FaultKind::refuse;
  Millis amount{0};

  friend bool operator==(const Injection&, const Injection&) = default;
};
// "CreateFleet#3=lose-reply", "GET /orgs/o/actions/runners#2=delay:2500". A list is joined by ";".
[[nodiscard]] std::string to_string(const Injection& injection);
[[nodiscard]] std::string to_string(const std::vector<Injection>& injections);
[[nodiscard]] Result<std::vector<Injection>> parse_injections(std::string_view text);

// Rates in thousandths, of each point a kind applies to; 0: off. World kinds: mean per simulated
// hour, in thousandths.
struct Swarm {
  std::map<FaultKind, int> per_mille;
};
// Each kind of `possible` is on with one chance in two, at up to its rate there.
[[nodiscard]] Swarm draw_swarm(const Swarm& possible, Entropy& entropy);

// ledger: a file ("ledger.update"), or the calls to a table.
enum class Edge { ec2, github, api, ledger };
inline constexpr std::string_view k_table_write = "TransactWriteItems";
// Whether GitHub answers a call by this name with a list that may be an old one.
[[nodiscard]] bool is_github_listing(std::string_view call);
// Which kinds can befall a call by this name.
[[nodiscard]] bool applies(FaultKind kind, Edge edge, std::string_view call);

struct FaultSpec {
  // Instead of what the seed draws. The swarm and the seed still say when the world's own faults
  // would come.
  std::optional<std::vector<Injection>> exactly = {};
  Swarm swarm;
  std::uint64_t seed = 0;
};

class FaultPlan {
 public:
  explicit FaultPlan(FaultSpec spec);

  // What befalls this call, if anything.
  [[nodiscard]] std::optional<Injection> at(Edge edge, const std::string& call);
  // Whether the process dies at this boundary; each call has one before and one after it. life: the
  // how-manieth process this is, from 1. Beside "io", "life-2" names a boundary by its number
  // within one life, and "every-life" within each. Calls that are seldom made (by their name
  // without numbers) are likelier places: else hardly any process would die there.
  [[nodiscard]] bool dies_at_boundary(int life, std::string_view call);
  // What the world does next and after how long; none: nothing any more. The draw is the same
  // whether or not its turn comes (is_on): a list leaves it out without moving the others.
  struct WorldDraw {
    Injection injection;
    Millis after{0};
    bool is_on = true;
  };
  [[nodiscard]] std::optional<WorldDraw> next_in_world();

  // Whether a call of this plan may be answered with an old list; else none needs to be kept.
  [[nodiscard]] bool keeps_lists() const { return keeps_lists_; }

  // Nothing more goes wrong.
  void heal() { is_healed_ = true; }
  [[nodiscard]] bool is_healed() const { return is_healed_; }
  [[nodiscard]] const std::vector<Injection>& injected() const { return injected_; }
  // Boundaries met so far: what an exhaustive search goes through.
  [[nodiscard]] int boundaries() const { return boundaries_; }
  [[nodiscard]] int boundaries_of_life(int life) const;
  // World faults count when they are carried out.
  void note(const Injection& injection) { injected_.push_back(injection); }

 private:
  [[nodiscard]] std::optional<Injection> listed(const std::string& point, int ordinal) const;
  [[nodiscard]] std::optional<Injection> drawn(Edge edge, const std::string& call, int ordinal);

  std::optional<std::map<std::string, std::vector<Injection>>> exactly_;  // by point
  Swarm swarm_;
  SeededEntropy entropy_;
  SeededEntropy world_entropy_;
  SeededEntropy kill_entropy_;
  std::map<std::string, int, std::less<>> counts_;
  std::map<int, int> boundaries_by_life_;
  std::map<std::string, int> boundaries_by_call_;
  int boundaries_ = 0;
  int world_draws_ = 0;
  bool is_healed_ = false;
  bool keeps_lists_ = false;
  std::vector<Injection> injected_;
};

}  // namespace mayfly::lab::sim
