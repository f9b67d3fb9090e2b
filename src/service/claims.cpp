#include "service/claims.h"

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/text.h"
#include "lease/decide.h"
#include "lease/entitlement.h"
#include "service/upstream.h"

namespace mayfly {
namespace {

constexpr std::array<std::string_view, 10> k_event_names = {
    k_job_found,      "booted",      "runner-downloading", "runner-ready",  "claiming",
    "runner-started", "job-started", "job-completed",      "runner-exited", "failed"};
constexpr int k_register_tries = 3;
// An honest machine repeats its claim every ten seconds or so while GitHub does not answer.
constexpr BucketSize k_registrations = {6, 6};
constexpr std::size_t k_paced_max = 1000;

// One answer for every reason, so that a stranger learns nothing about leases; the log has the
// reason.
tl::unexpected<Error> refusal(LineLimit& log, const LeaseId& lease, const char* what,
                              const std::string& why) {
  log.warning(what, {{"lease", lease.text}, {"reason", why}});
  return fail(Code::claim_refused, "this machine has no claim to answer");
}

bool knows_nonce(const Lease& lease, const std::string& nonce) {
  return !lease.launch.nonce_sha256.empty() &&
         equal_in_constant_time(sha256_hex(nonce), lease.launch.nonce_sha256);
}

// That of its claim: no other machine has it, and it claims nothing without the nonce.
bool knows_key(const Lease& lease, const std::string& key) {
  return !lease.claim_key_sha256.empty() &&
         equal_in_constant_time(sha256_hex(key), lease.claim_key_sha256);
}

// Of a batch all machines name the first lease; whose each is becomes known with the launch's
// answer.
bool is_early(const Lease& named, const InstanceId& instance) {
  return !named.launch.batch.empty() && named.launch.instance_id != instance;
}

// The number at the end of a runner's name counts registrations.
int tries_in(const std::string& runner_name) {
  if (runner_name.empty()) return 0;
  const auto number = parse_int(runner_name.substr(runner_name.rfind('-') + 1));
  return number ? static_cast<int>(*number) : 0;
}

// The machine gives up a minute after the sweep does, which knows more: whether GitHub has given
// the runner a job that is not there yet.
Seconds idle_limit(Millis idle_timeout) {
  return std::chrono::duration_cast<Seconds>(idle_timeout) + Seconds{60};
}

}  // namespace

bool is_machine_event(std::string_view name) {
  return std::find(k_event_names.begin(), k_event_names.end(), name) != k_event_names.end();
}

// Of a lease that there is. The reasons are few, so that a flood of refusals leaves few stamps.
tl::unexpected<Error> Claims::refuse(const LeaseId& lease, const char* what,
                                     const std::string& why) {
  if (auto written = seams_.ledger.append_once({lease, seams_.clock.wall(), what, why}); !written)
    seams_.log.warning("refusal-not-stamped",
                       {{"lease", lease.text}, {"reason", written.error().message}});
  return refusal(refusals_, lease, what, why);
}

// All machines of a batch name its first lease until they are told their own.
Result<std::optional<Lease>> Claims::lease_of(const LeaseId& named, const InstanceId& instance) {
  TRY_ASSIGN(auto found, seams_.ledger.find(named));
  if (!found || found->launch.instance_id == instance) return found;
  TRY_ASSIGN(const auto owner, seams_.ledger.lease_of(instance));
  if (!owner || *owner == named) return found;
  TRY_ASSIGN(auto own, seams_.ledger.find(*owner));
  return own && tagged_lease(*own) == named ? own : found;
}

Result<Lease> Claims::authorise(const Claim& claim) {
  TRY_ASSIGN(auto found, lease_of(claim.lease_id, claim.instance_id));
  if (!found) return refusal(refusals_, claim.lease_id, k_claim_refused, "no such lease");
  Lease& lease = *found;
  if (!knows_nonce(lease, claim.nonce)) return refuse(lease.id, k_claim_refused, "wrong nonce");
  if (seams_.clock.wall() >= lease.deadline)
    return refuse(lease.id, k_claim_refused, "past the deadline");
  if (is_early(lease, claim.instance_id) ||
      (lease.state == LeaseState::launching && lease.launch.pending)) {
    seams_.doorbell.ring();  // the sweep finds the machine by its tag
    Error error{Code::claim_not_yet, "the launch's answer is still outstanding", Seconds{2}};
    return fail(std::move(error));
  }
  if (lease.launch.instance_id != claim.instance_id)
    return refuse(lease.id, k_claim_refused, "another instance");
  if (is_binding_open(lease, seams_.clock.wall())) {
    seams_.doorbell.ring();  // the answer names the run, so the sweep must find it first
    return fail(Error{Code::claim_not_yet, "the label's run is still looked for", Seconds{2}});
  }
  if (lease.state == LeaseState::booting) return std::move(lease);
  if (lease.state == LeaseState::claimed && knows_key(lease, claim.key)) return std::move(lease);
  const bool is_claimed = lease.state == LeaseState::claimed;
  return refuse(
      lease.id, k_claim_refused,
      is_claimed ? "another claim key" : "state is " + std::string(to_string(lease.state)));
}

Status Claims::pace(const LeaseId& lease) {
  const SteadyTime now = seams_.clock.steady();
  const std::scoped_lock lock(mutex_);
  if (registrations_.size() >= k_paced_max)
    std::erase_if(registrations_, [now](const auto& entry) { return entry.second.is_full(now); });
  TokenBucket& bucket = registrations_[lease];
  if (const auto wait = bucket.wait(k_registrations, now))
    return fail(Error{Code::claim_not_yet, "this machine claims again and again", *wait});
  bucket.take(k_registrations, now);
  return {};
}

// The name of the runner is written before GitHub is asked to make it, so that a runner whose
// answer is lost is known to be ours and unwanted once a later try has another name.
Result<Lease> Claims::write_claim(Lease lease, const Claim& claim) {
  const WallTime now = seams_.clock.wall();
  Decision decision{std::move(lease), true, {}, {}};
  decision.next.claim_key_sha256 = sha256_hex(claim.key);
  if (decision.next.state != LeaseState::claimed)
    move_to(decision, LeaseState::claimed, now, claim.instance_id.text);
  const int tries = tries_in(decision.next.runner_name);
  decision.next.runner_name =
      runner_name_for(config_.deployment, decision.next.id, decision.next.launch.number, tries + 1);
  decision.next.runner_id.reset();
  decision.next.runner_missing_since.reset();  // that was another name
  return seams_.ledger.update(decision.next, decision.events, std::nullopt);
}

Result<github::JitConfig> Claims::register_runner(Lease& lease) {
  const github::JitRequest request{lease.runner_name, config_.github.runner_group_id, lease.labels};
  TRY_ASSIGN(github::JitConfig jit,
             seams_.github.generate_jit_config(request, call_deadline(seams_.clock)));
  lease.runner_id = jit.runner.id;
  TRY_ASSIGN(lease, seams_.ledger.update(lease, {}, std::nullopt));
  return jit;
}

// Only the owner can mend a refusal: the lease ends now, with the reason, instead of launching
// again.
void Claims::give_up(const Lease& lease, const Error& error) {
  if (error.kind() != ErrorKind::misconfigured) return;
  Decision decision{lease, true, {}, {}};
  end_with(decision, Outcome::refused, seams_.clock.wall(),
           std::string(info(error.code).name) + ": " + printable(error.message, 400));
  if (auto written = seams_.ledger.update(decision.next, decision.events, std::nullopt); !written)
    seams_.log.warning("claim-not-ended",
                       {{"lease", lease.id.text}, {"reason", written.error().message}});
  seams_.doorbell.ring();
}

Result<ClaimAnswer> Claims::try_claim(const Claim& claim) {
  TRY_ASSIGN(Lease lease, authorise(claim));
  TRY(pace(lease.id));
  TRY_ASSIGN(lease, write_claim(std::move(lease), claim));
  if (!lease.metadata_off) {
    auto off = seams_.ec2.disable_metadata(lease.launch.instance_id, call_deadline(seams_.clock));
    lease.metadata_off = off.has_value();  // if it failed, the sweep repeats it
    if (!off)
      seams_.log.warning("metadata-still-on",
                         {{"lease", lease.id.text}, {"reason", off.error().message}});
  }
  auto jit = register_runner(lease);
  if (!jit) {
    seams_.log.error("runner-not-registered", {{"lease", lease.id.text},
                                               {"code", std::string(info(jit.error().code).name)},
                                               {"reason", jit.error().message}});
    give_up(lease, jit.error());
    return fail(jit.error());
  }
  seams_.log.info("claimed", {{"lease", lease.id.text}, {"runner", lease.runner_name}});
  return ClaimAnswer{lease.id,
                     lease.repository,
                     lease.run_id,
                     config_.machine.sudo,
                     lease.source == Source::shared,
                     idle_limit(config_.machine.idle_timeout),
                     std::move(jit->encoded)};
}

Result<ClaimAnswer> Claims::claim(const Claim& claim) {
  for (int attempt = 1;; ++attempt) {
    auto answer = try_claim(claim);
    if (answer || attempt == k_register_tries) return answer;
    // Either the name exists (our own lost answer), the answer was lost just now, or the sweep
    // wrote the lease meanwhile: each is mended by starting over with a new name.
    const ErrorKind kind = answer.error().kind();
    if (kind != ErrorKind::conflict && kind != ErrorKind::ambiguous) return answer;
  }
}

Result<std::optional<BootedAnswer>> Claims::record(const MachineEvent& event) {
  const auto instance = parse_instance_id(event.name == "booted" ? event.detail : "");
  TRY_ASSIGN(auto found,
             instance ? lease_of(event.lease_id, *instance) : seams_.ledger.find(event.lease_id));
  if (!found) return refusal(refusals_, event.lease_id, k_event_refused, "no such lease");
  Lease& lease = *found;
  const bool is_known = knows_nonce(lease, event.nonce) || knows_key(lease, event.nonce);
  if (lease.state == LeaseState::gone || !is_known)
    return refuse(lease.id, k_event_refused,
                  lease.state == LeaseState::gone ? "the lease is gone" : "wrong nonce");
  const bool is_own = !instance || !is_early(lease, *instance);
  if (is_own)
    TRY(seams_.ledger.append(
        {lease.id, seams_.clock.wall(), "machine-" + event.name, event.detail}));
  events_.info("machine-event",
               {{"lease", lease.id.text}, {"name", event.name}, {"detail", event.detail}});
  const bool is_up = lease.state == LeaseState::claimed || lease.state == LeaseState::online ||
                     lease.state == LeaseState::busy;
  if (event.name == "job-started" && !lease.job_confirmed && is_up) {
    // The hook lets only its own run's job begin. A liar gives up its own right to a relaunch.
    lease.job_seen = lease.job_confirmed = true;
    (void)seams_.ledger.update(lease, {}, std::nullopt);
  }
  seams_.doorbell.ring();
  if (event.name != "booted") return std::optional<BootedAnswer>{};
  TRY_ASSIGN(RunnerPackage package, packages_.package_for(lease.architecture));
  return std::optional<BootedAnswer>({is_own ? lease.id : LeaseId{}, std::move(package)});
}

Result<JobVerdict> Claims::admit_job(const MachineEvent& event) {
  TRY_ASSIGN(auto lease, seams_.ledger.find(event.lease_id));
  if (!lease) return refusal(refusals_, event.lease_id, k_event_refused, "no such lease");
  if (!knows_key(*lease, event.nonce)) return refuse(lease->id, k_event_refused, "wrong key");
  const auto run = parse_int(event.detail);
  if (!run || *run < 1) return fail(Code::bad_field, "\"detail\" must be the number of a run");
  TRY(pace(lease->id));
  TRY_ASSIGN(JobVerdict verdict, exchange_.admit(std::move(*lease), *run));
  events_.info("machine-event",
               {{"lease", event.lease_id.text},
                {"name", event.name},
                {"detail", event.detail + (verdict.is_admitted ? "" : ": " + verdict.why)}});
  seams_.doorbell.ring();
  return verdict;
}

}  // namespace mayfly
