#pragma once

// The instance's side: its progress and its one claim. Both carry the nonce that only the machine's
// tags hold. A claim is bound to lease, launch, instance and a key that the machine made: the same
// machine may repeat it while its answer may have been lost, nobody else can, and it is refused
// once the runner is online or the lease is ending. What is refused is stamped on the lease's
// timeline, once for each reason, for its owner (mayfly audit). Whoever holds the nonce may be
// hostile and claim without end: a lease gets so many registrations a minute, so that one machine
// does not use up the calls to GitHub that are kept for the others' claims. Without the nonce a
// claim costs a look into the ledger, as the public view of a lease does: to count strangers by
// address would let a job starve the machines that boot behind the same NAT. Thread rule: safe from
// many threads.

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "aws/ec2.h"
#include "base/token_bucket.h"
#include "config/config.h"
#include "github/client.h"
#include "ledger/ledger.h"
#include "seam/clock.h"
#include "seam/doorbell.h"
#include "seam/line_limit.h"
#include "seam/log.h"
#include "service/demand.h"
#include "service/exchange.h"
#include "service/runner_packages.h"

namespace mayfly {

struct Claim {
  LeaseId lease_id;
  InstanceId instance_id;
  std::string nonce;
  std::string key;  // 32 hex digits
};

struct ClaimAnswer {
  LeaseId lease_id;  // of the machine: of a batch all machines ask in the name of the first
  RepositoryName repository;
  RunId run_id = 0;
  bool sudo = false;
  bool is_shared = false;  // its runner may be handed jobs of other runs: the hook has to ask
  Seconds idle_limit{0};   // how long the machine lets its runner wait for a job
  Secret jit_config;
};

struct MachineEvent {
  LeaseId lease_id;
  std::string nonce;
  std::string name;    // one of machine_event_names()
  std::string detail;  // printable ASCII, at most 200 bytes
};

struct BootedAnswer {
  LeaseId lease_id;  // of the machine; empty: of its batch, and not known yet
  RunnerPackage package;
};

inline constexpr std::string_view k_job_found = "job-found";

[[nodiscard]] bool is_machine_event(std::string_view name);

struct ClaimSeams {
  Clock& clock;
  Entropy& entropy;
  Log& log;
  Doorbell& doorbell;
  Ledger& ledger;
  github::GithubClient& github;
  aws::Ec2Client& ec2;
};

class Claims {
 public:
  Claims(const Config& config, const ClaimSeams& seams, RunnerPackages& packages)
      : config_(config),
        seams_(seams),
        packages_(packages),
        demand_(seams.github, seams.clock, seams.entropy),
        exchange_(config, {seams.clock, seams.log, seams.ledger}, demand_),
        refusals_(seams.clock, seams.log, k_refusal_lines_per_minute),
        events_(seams.clock, seams.log, k_event_lines_per_minute) {}

  [[nodiscard]] Result<ClaimAnswer> claim(const Claim& claim);
  // For "booted", whose detail is the instance's id, the answer is the lease of that machine and
  // the runner to download; for all others none. A machine may report with the key of its claim in
  // place of the nonce, which others of its batch have too.
  [[nodiscard]] Result<std::optional<BootedAnswer>> record(const MachineEvent& event);
  // "job-found": the runner was handed a job of the run that the event's detail names. With the
  // claim's key alone. Whether the job may begin (exchange.h).
  [[nodiscard]] Result<JobVerdict> admit_job(const MachineEvent& event);

 private:
  static constexpr int k_refusal_lines_per_minute = 120;
  static constexpr int k_event_lines_per_minute = 600;

  [[nodiscard]] Result<ClaimAnswer> try_claim(const Claim& claim);
  // The lease of the machine that asks in the name of this one: the one that has the machine, or
  // itself where none has it yet.
  [[nodiscard]] Result<std::optional<Lease>> lease_of(const LeaseId& named,
                                                      const InstanceId& instance);
  [[nodiscard]] Result<Lease> authorise(const Claim& claim);
  [[nodiscard]] Status pace(const LeaseId& lease);
  [[nodiscard]] tl::unexpected<Error> refuse(const LeaseId& lease, const char* what,
                                             const std::string& why);
  [[nodiscard]] Result<Lease> write_claim(Lease lease, const Claim& claim);
  [[nodiscard]] Result<github::JitConfig> register_runner(Lease& lease);
  void give_up(const Lease& lease, const Error& error);

  const Config& config_;
  ClaimSeams seams_;
  RunnerPackages& packages_;
  Demand demand_;
  Exchange exchange_;
  LineLimit refusals_;  // what strangers cause
  LineLimit events_;    // what machines say, on which strangers are root
  std::mutex mutex_;
  std::map<LeaseId, TokenBucket> registrations_;  // of leases that registered within the minute
};

}  // namespace mayfly
