#pragma once

// Everything that one simulation consists of, under one clock: the emulated clouds and their
// machines, one or two servers with the real control plane on one ledger, the second enforcer,
// callers, faults and laws. All actors are fibers (fibers.h). Parts are public: actors and laws are
// the simulation's own. One thread; one simulation never sees another.

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/config.h"
#include "dynamo/table_ledger.h"
#include "lab/aws/fake_aws.h"
#include "lab/aws/fake_imds.h"
#include "lab/github/fake_github.h"
#include "lab/local_transport.h"
#include "lab/rig/rig.h"
#include "lab/sim/draw.h"
#include "lab/sim/faults.h"
#include "lab/sim/fibers.h"
#include "lab/sim/law.h"
#include "lab/sim/machines.h"
#include "lab/sim/scenario.h"
#include "lab/sim/server.h"
#include "lab/sim/situations.h"
#include "lab/sim/trace.h"
#include "ledger/sqlite_ledger.h"

namespace mayfly::lab::sim {

// For how long EC2's lists show a machine that has ended: here less than the hour of the real one.
inline constexpr Millis k_ended_machines_shown = std::chrono::minutes{10};

// Canaries too: none of them may turn up anywhere but where it belongs.
inline constexpr const char* k_github_token = "github_pat_canary_5f2c9b7e";
inline constexpr const char* k_identity_token = "identity_canary_77aa31";
inline constexpr const char* k_webhook_secret = "webhook_canary_9c41d0e2";
inline constexpr const char* k_role = "arn:aws:iam::123456789012:role/mayfly";

// rr's deployment, with lifetimes, intervals and limits as the seed draws them.
[[nodiscard]] Config draw_config(const Scenario& scenario, std::uint64_t seed);
[[nodiscard]] std::unique_ptr<Environment> make_environment(const Scenario& scenario);

// What the figures at the end are made of.
struct Counts {
  std::uint64_t requests = 0;  // of callers to the API
  std::uint64_t machine_requests = 0;
  std::uint64_t calls = 0;               // upstream, of servers and enforcer
  std::uint64_t ambiguous_launches = 0;  // CreateFleet answers that were lost
  std::uint64_t launch_calls = 0;        // CreateFleet calls
  std::uint64_t sweeps = 0;
  std::uint64_t deaths = 0;     // of servers
  std::uint64_t runs = 0;       // workflow runs begun at the emulated GitHub
  std::uint64_t jobs_done = 0;  // that ran on our machines to their end
  std::uint64_t steps = 0;      // of fibers
  Millis skipped{0};            // simulated time in which nothing existed and nobody looked
  Millis worst_overrun{0};      // of an instance past its deadline, while it lived
};

// How things stand, for laws whose bound depends on it. Times are of the last moment at which it
// was so; the epoch: never.
struct Conditions {
  // Whether the clock of a server was wrong within this time before t.
  [[nodiscard]] bool was_clock_wrong(SteadyTime t, Millis before) const {
    return clock_trouble != SteadyTime{} && clock_trouble + before >= t;
  }

  SteadyTime ec2_trouble{};     // an EC2 call of a server or the enforcer went wrong
  SteadyTime github_trouble{};  // likewise GitHub
  SteadyTime ledger_trouble{};
  SteadyTime server_down{};    // not one server was up
  SteadyTime clock_trouble{};  // a server's calendar was wrong by more than a second
  SteadyTime ledger_lost{};
  SteadyTime pools_moved{};  // in a drought: what has room became another pool
};

class SimWorld {
 public:
  SimWorld(const Scenario& scenario, std::uint64_t seed, FaultSpec faults);
  ~SimWorld();

  // A request from outside, as curl or a machine makes it, from a fiber; from the address that
  // callers or machines share where it names none. An Error: no answer.
  [[nodiscard]] Result<HttpResponse> ask(std::string_view who, HttpRequest request,
                                         SteadyTime deadline);
  // One upstream call of a server or the enforcer to the clouds, faults included; from a fiber.
  // life: none for who cannot be killed.
  [[nodiscard]] Result<HttpResponse> send(std::string_view who, Life* life,
                                          const HttpRequest& request, SteadyTime deadline);

  // What a machine asks of IMDS, GitHub or the service; from its fiber.
  [[nodiscard]] Result<HttpResponse> machine_send(std::string_view who, const HttpRequest& request,
                                                  SteadyTime deadline);

  // Whether nothing exists that anybody could have to act on: no instance, no live lease, no runner
  // of ours, no caller at work. Nobody needs to look then.
  [[nodiscard]] bool is_quiet();
  // Wakes those who do not look because it was quiet.
  void stir();
  // Sleeps until t, or until a server has written the ledger.
  void wait_for_write(SteadyTime t);
  // Sleeps until t; longer while it is quiet.
  void rest_until(SteadyTime t);

  void look();  // lets every law look
  void for_each_law(const std::function<void(Law&)>& fn);
  // Everything works from now on: faults end, clocks are right, servers are up.
  void heal();
  void lose_ledger();
  [[nodiscard]] Ledger& ledger() { return *ledger_; }  // without faults; for laws and reports
  void note_write();                                   // a server has written the ledger
  [[nodiscard]] std::uint64_t ledger_writes() const { return ledger_writes_; }
  [[nodiscard]] WallTime now() { return clock.wall(); }

  const Scenario scenario;
  const std::uint64_t seed;
  Config config;
  VirtualClock clock;
  SeededEntropy entropy;  // of the actors: callers and world; never of a law
  Fibers fibers;
  FaultPlan faults;
  Trace trace;
  Situations situations;
  Counts counts;
  Conditions conditions;
  std::unique_ptr<Environment> environment;  // of servers and enforcer
  std::unique_ptr<FakeAws> aws;
  std::unique_ptr<FakeImds> imds;
  std::unique_ptr<FakeGithub> github;
  std::unique_ptr<SimMachines> machines;
  LocalTransport network;
  std::vector<std::unique_ptr<Server>> servers;
  RunId foreign_run = 0;  // live, of a repository that is not served
  RunId waiting_run = 0;  // waits for an approval
  // When GitHub's facts that a policy judges by last changed (people.h).
  std::map<RunId, SteadyTime> facts_changed;
  int active_callers = 0;  // between a run's begin and its end
  int lives = 0;           // processes ever started
  bool is_healed = false;
  const std::atomic<bool>* stop = nullptr;  // once true, run_until() returns at once
  [[nodiscard]] bool is_stopped() const { return stop != nullptr && *stop; }
  // Until then every call over this edge fails.
  std::array<SteadyTime, 4> outage_until{};
  [[nodiscard]] bool is_out(Edge edge) {
    return outage_until[static_cast<std::size_t>(edge)] > clock.steady();
  }

  // Whoever listens at the edge to callers and machines; draws nothing of theirs.
  std::function<void(std::string_view who, const HttpRequest&)> on_request;

  // A server has had a run run again at GitHub, by this call.
  std::function<void(std::string_view call)> on_rerun;
  // A server has asked GitHub for a delivery that failed.
  std::function<void()> on_redelivery;

  // Runs whatever is ready and moves on to what comes next, until then or until done says so.
  void run_until(SteadyTime end, const std::function<bool()>& done = {});

 private:
  void begin_before_month();
  using Deliver = std::function<Result<HttpResponse>(const HttpRequest&)>;
  struct Asked {
    Edge edge;
    Entropy& draws;
  };
  // What the other side did, whatever the asking side is told of it.
  struct Touched {
    std::optional<HttpResponse> done;
    bool is_old = false;  // an answer that was given before
  };
  [[nodiscard]] Result<HttpResponse> exchange(Edge edge, const std::string& point,
                                              const HttpRequest& request, SteadyTime deadline,
                                              const Deliver& to, Touched& touched);
  [[nodiscard]] Result<HttpResponse> carry_out(const Asked& asked, const Injection& fault,
                                               const HttpRequest& request, SteadyTime deadline,
                                               const Deliver& to, Touched& touched);
  [[nodiscard]] Result<HttpResponse> deliver(const Asked& asked, const HttpRequest& request,
                                             const Deliver& to, Touched& touched);
  [[nodiscard]] HttpResponse refuse(const Asked& asked, FaultKind kind);
  void tell(Edge edge, std::string_view who, std::string_view call, const HttpRequest& request,
            const Touched& touched, const Result<HttpResponse>& answer, SteadyTime began);
  void note_conditions();
  [[nodiscard]] Server* pick_server();
  void note_trouble(Edge edge);
  [[nodiscard]] std::shared_ptr<Ledger> new_ledger();
  [[nodiscard]] bool is_ledger_empty();

  struct Remembered {
    HttpResponse answer;
    SteadyTime at{};
  };
  std::map<std::string, Remembered> listings_;  // the last answer to each listing of GitHub's
  std::set<Fibers::Id> resting_;
  NamedDraws draws_;  // of latencies, and of how trouble is worded
  std::unique_ptr<SeededEntropy> aws_entropy_, github_entropy_;
  std::uint64_t ledger_writes_ = 0;
  std::optional<std::uint64_t> empty_at_write_;  // the ledger had no live lease then
  std::shared_ptr<Ledger> ledger_;
  std::vector<std::shared_ptr<Ledger>> lost_ledgers_;
  std::vector<std::unique_ptr<Law>> laws_;
};

}  // namespace mayfly::lab::sim
