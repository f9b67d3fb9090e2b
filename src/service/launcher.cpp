#include "service/launcher.h"

#include <algorithm>

#include "aws/fleet_error.h"
#include "aws/fleet_request.h"
#include "base/digest.h"
#include "base/text.h"
#include "lease/enforce.h"
#include "service/records.h"
#include "service/upstream.h"

namespace mayfly {
namespace {

constexpr Millis k_retry_capacity_after = Seconds{20};
constexpr int k_write_tries = 3;
constexpr std::size_t k_reason_max = 500;

// Of the answer to a lease's launch, the machine that is its; none: the fleet was too small.
const aws::LaunchedInstance* machine_for(const Launch& launch, const aws::FleetResult& answer) {
  std::vector<const aws::LaunchedInstance*> machines;
  for (const aws::LaunchedInstance& machine : answer.instances) machines.push_back(&machine);
  std::sort(machines.begin(), machines.end(),
            [](const auto* a, const auto* b) { return a->id < b->id; });
  const auto place = static_cast<std::size_t>(launch.batch_place);
  return place < machines.size() ? machines[place] : nullptr;
}

aws::Tags tags_for(const Config& config, const Lease& lease, const std::string& nonce) {
  return {{"Name", "mayfly-" + config.deployment},
          {k_tag_deployment, config.deployment},
          {k_tag_lease, lease.id.text},
          {k_tag_launch, std::to_string(lease.launch.number)},
          {k_tag_expires_at, std::to_string(epoch_seconds(lease.deadline))},
          {k_tag_claim, nonce},
          {k_tag_api, config.public_url},
          {k_tag_label, lease.label}};
}

std::string describe(const std::vector<aws::FleetError>& errors) {
  std::string text;
  for (const aws::FleetError& error : errors) {
    const std::string one = error.instance_type + " " + error.code;
    if (text.find(one) != std::string::npos) continue;
    text += (text.empty() ? "" : ", ") + one;
  }
  return printable(text.empty() ? "EC2 gave no reason" : text, 300);
}

bool is_definite(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::ambiguous:
    case ErrorKind::unavailable:
    case ErrorKind::throttled:
    case ErrorKind::internal:
      return false;
    default:
      return true;
  }
}

// The first error of a fleet's answer that only the owner can mend: no lack of capacity, and
// nothing that passes by itself, as a rate limit does.
std::optional<Error> refusal_in(const std::vector<aws::FleetError>& errors) {
  for (const aws::FleetError& error : errors) {
    Error meant = aws::interpret(error);
    if (is_definite(meant) && meant.kind() != ErrorKind::capacity) return meant;
  }
  return std::nullopt;
}

Money price_of(const Config& config, const std::string& instance_type, Architecture architecture) {
  for (const InstanceTypeConfig& type : config.instance_types)
    if (type.instance_type == instance_type) return type.usd_per_hour;
  return config.worst_price_for(architecture);
}

}  // namespace

struct Launcher::Answer {
  Result<aws::FleetResult> result;
  bool may_have_happened = false;  // an earlier try's answer was lost
};

bool Launcher::starts_on_demand(const Lease& lease) const {
  const MachineConfig& machine = config_.machine;
  if (machine.on_demand == OnDemand::always) return true;
  return machine.on_demand != OnDemand::never &&
         lease.interruptions >= machine.spot_interruptions_max;
}

void Launcher::note_interrupted(const Launch& launch) {
  pools_.note_interrupted({launch.instance_type, launch.subnet, launch.on_demand});
}

std::vector<Pool> Launcher::pools_for(Architecture architecture, bool on_demand) const {
  std::vector<Pool> pools;
  for (const InstanceTypeConfig& type : config_.types_for(architecture))
    for (const std::string& subnet : config_.aws.subnet_ids)
      pools.push_back({type.instance_type, subnet, on_demand});
  return pools;
}

Status Launcher::intend(Lease& lease, bool on_demand, Pools pools) {
  TRY(intend_for({&lease}, on_demand, pools));
  lease.launch.batch = LeaseId{};
  lease.launch.batch_place = 0;
  lease.launch.batch_size = 1;
  return {};
}

Status Launcher::intend_together(const std::vector<Lease*>& leases, bool on_demand) {
  MAYFLY_CHECK(!leases.empty());
  if (leases.size() == 1) return intend(*leases.front(), on_demand);
  for (Lease* lease : leases) lease->deadline = leases.front()->deadline;  // it stands in the tags
  TRY(intend_for(leases, on_demand, Pools::usable));
  int place = 0;
  for (Lease* lease : leases) {
    lease->launch.batch = leases.front()->id;
    lease->launch.batch_place = place++;
    lease->launch.batch_size = static_cast<int>(leases.size());
  }
  return {};
}

Status Launcher::intend_for(const std::vector<Lease*>& leases, bool on_demand, Pools pools) {
  Lease& first = *leases.front();
  TRY_ASSIGN(const std::string image, images_.image_for(first.architecture));
  TRY_ASSIGN(const TemplateVersion version, templates_.current());
  aws::CreateFleet fleet;
  fleet.launch_template_name = version.name;
  fleet.launch_template_version = version.version;
  std::vector<Pool> named = pools_for(first.architecture, on_demand);
  if (pools == Pools::usable) named = pools_.usable(named);
  for (Pool& pool : named)
    fleet.overrides.push_back({std::move(pool.instance_type), std::move(pool.subnet), image});
  fleet.market = on_demand ? aws::Market::on_demand : aws::Market::spot;
  fleet.count = static_cast<int>(leases.size());
  fleet.client_token = ClientToken{first.id.text + "-" + std::to_string(first.launch.number + 1) +
                                   "-" + seams_.entropy.hex(4)};
  const std::string nonce = seams_.entropy.hex(16);
  for (Lease* lease : leases) {
    Launch& launch = lease->launch;
    launch.number += 1;
    MAYFLY_CHECK(launch.number == first.launch.number);
    launch.pending = true;
    launch.on_demand = on_demand;
    launch.intended_at = seams_.clock.wall();
    launch.instance_id = InstanceId{};
    lease->machine_missing_since.reset();
    launch.instance_type.clear();
    launch.zone.clear();
    launch.subnet.clear();
    launch.usd_per_hour = config_.worst_price_for(lease->architecture);
    launch.nonce_sha256 = sha256_hex(nonce);
    lease->next_launch_at = launch.intended_at + SweepPolicy{}.launch_patience;
  }
  fleet.tags = tags_for(config_, first, nonce);
  const std::string request = aws::encode(fleet);
  for (Lease* lease : leases) {
    lease->launch.client_token = fleet.client_token;
    lease->launch.request = request;
  }
  return {};
}

Launcher::Answer Launcher::ask(const Lease& lease, Intent intent) {
  bool lost = intent == Intent::resent;
  const SteadyTime deadline = call_deadline(seams_.clock);
  auto result = with_retries(k_request_retries, Idempotency::safe_to_repeat, seams_.clock,
                             seams_.entropy, deadline, [&]() -> Result<aws::FleetResult> {
                               auto answer =
                                   seams_.ec2.create_fleet(lease.launch.request, deadline);
                               if (!answer && answer.error().kind() == ErrorKind::ambiguous)
                                 lost = true;
                               return answer;
                             });
  if (result)
    pools_.note(*result, lease.launch.on_demand ? aws::Market::on_demand : aws::Market::spot);
  return {std::move(result), lost};
}

std::optional<Launcher::Try> Launcher::after_no_capacity(const Lease& lease) const {
  const bool on_demand = lease.launch.on_demand;
  const std::size_t named = aws::overrides_in(lease.launch.request);
  if (named < pools_for(lease.architecture, on_demand).size())
    return Try{on_demand, Pools::all, "pools-widened"};
  // After interruptions on-demand comes first, and spot is better than nothing.
  const bool is_paid_first = starts_on_demand(lease);
  if (on_demand && is_paid_first && config_.machine.on_demand != OnDemand::always)
    return Try{false, Pools::usable, "no-on-demand-capacity"};
  if (on_demand || is_paid_first || config_.machine.on_demand != OnDemand::when_no_spot)
    return std::nullopt;
  return Try{true, Pools::usable, "no-spot-capacity"};
}

Result<Lease> Launcher::send(Lease lease, Intent intent) {
  MAYFLY_CHECK(lease.launch.pending);
  Answer answer = ask(lease, intent);
  return settle(std::move(lease), std::move(answer));
}

std::vector<Result<Lease>> Launcher::send_together(std::vector<Lease> leases, Intent intent) {
  for (const Lease& lease : leases) {
    MAYFLY_CHECK(lease.launch.pending);
    MAYFLY_CHECK(lease.launch.client_token == leases.front().launch.client_token);
  }
  const Answer answer = ask(leases.front(), intent);
  std::map<LeaseId, Lease> settled;
  if (answer.result && leases.size() > 1) settled = settle_at_once(leases, *answer.result);
  std::vector<Result<Lease>> sent;
  for (Lease& lease : leases) {
    const auto found = settled.find(lease.id);
    sent.push_back(found != settled.end() ? found->second : settle(std::move(lease), answer));
  }
  return sent;
}

std::map<LeaseId, Lease> Launcher::settle_at_once(const std::vector<Lease>& leases,
                                                  const aws::FleetResult& answer) {
  std::map<LeaseId, Lease> settled;
  std::vector<Update> updates;
  const auto write_some = [&] {
    if (auto written = seams_.ledger.update_all(updates))
      for (Lease& lease : *written) settled.emplace(lease.id, std::move(lease));
    updates.clear();
  };
  for (const Lease& lease : leases) {
    const aws::LaunchedInstance* machine = machine_for(lease.launch, answer);
    if (machine == nullptr) continue;
    Decision decision{lease, true, {}, {}};
    take(decision, *machine);
    const auto record = machine_record(lease, decision.next, seams_.clock.wall());
    updates.push_back({std::move(decision.next), std::move(decision.events), record});
    if (updates.size() == k_updates_max) write_some();
  }
  if (!updates.empty()) write_some();
  return settled;
}

// Another lease of a batch can only have it if EC2 repeats an answer without those that have ended:
// nothing says that it does not.
Result<const aws::LaunchedInstance*> Launcher::free_machine(const Lease& lease,
                                                            const aws::FleetResult& answer) {
  const aws::LaunchedInstance* machine = machine_for(lease.launch, answer);
  if (machine == nullptr || lease.launch.batch.empty()) return machine;
  TRY_ASSIGN(const auto owner, seams_.ledger.lease_of(machine->id));
  return owner && *owner != lease.id ? nullptr : machine;
}

Result<Lease> Launcher::settle(Lease lease, Answer answer) {
  for (;;) {
    if (answer.result) {
      TRY_ASSIGN(const auto* machine, free_machine(lease, *answer.result));
      if (machine != nullptr) return on_machine(std::move(lease), *machine);
    }

    std::optional<Error> refusal;
    std::string why;
    if (answer.result) {
      refusal = refusal_in(answer.result->errors);
      why = describe(answer.result->errors);
    } else {
      const Error& error = answer.result.error();
      if (!is_definite(error) || answer.may_have_happened) {
        seams_.log.warning("launch-unanswered",
                           {{"lease", lease.id.text}, {"reason", error.message}});
        return lease;
      }
      if (error.kind() != ErrorKind::capacity) refusal = error;
      why = error.message;
    }
    if (refusal) return on_refusal(std::move(lease), *refusal);
    const auto next_try = after_no_capacity(lease);
    if (!next_try) return on_no_capacity(std::move(lease), why);

    ClientToken next;
    TRY_ASSIGN(lease, write(std::move(lease), [&](Decision& decision) -> Status {
                 const WallTime now = seams_.clock.wall();
                 decision.events.push_back({decision.next.id, now, next_try->stamp, why});
                 TRY(intend(decision.next, next_try->on_demand, next_try->pools));
                 next = decision.next.launch.client_token;
                 return {};
               }));
    if (lease.launch.client_token != next) return lease;
    answer = ask(lease, Intent::fresh);
  }
}

// What EC2 answered stays true of the launch that it answered, whoever wrote the lease meanwhile: a
// doorbell, say. Where the sweep has settled that launch already, its word stands.
Result<Lease> Launcher::write(Lease lease, const Settle& settle) {
  const ClientToken answered = lease.launch.client_token;
  for (int tries = 1;; ++tries) {
    Decision decision{lease, true, {}, {}};
    TRY(settle(decision));
    auto written = seams_.ledger.update(decision.next, decision.events,
                                        machine_record(lease, decision.next, seams_.clock.wall()));
    if (written || written.error().code != Code::lease_conflict || tries == k_write_tries)
      return written;
    TRY_ASSIGN(auto current, seams_.ledger.find(lease.id));
    if (!current) return fail(Code::lease_not_found, lease.id.text);
    lease = std::move(*current);
    const bool is_open = lease.state == LeaseState::launching && lease.launch.pending &&
                         lease.launch.client_token == answered;
    if (!is_open) return lease;
  }
}

Result<Lease> Launcher::on_machine(Lease lease, const aws::LaunchedInstance& machine) {
  return write(std::move(lease), [&](Decision& decision) -> Status {
    take(decision, machine);
    return {};
  });
}

void Launcher::take(Decision& decision, const aws::LaunchedInstance& machine) {
  Lease& next = decision.next;
  Launch& launch = next.launch;
  const std::string image = aws::image_in(launch.request);
  launch.pending = false;
  launch.request.clear();
  launch.boots += 1;
  launch.instance_id = machine.id;
  launch.instance_type = machine.instance_type;
  launch.zone = machine.availability_zone;
  launch.subnet = machine.subnet_id;
  launch.on_demand = machine.market == aws::Market::on_demand;
  launch.usd_per_hour = price_of(config_, machine.instance_type, next.architecture);
  next.next_launch_at.reset();
  next.give_up_at.reset();
  next.reason.clear();
  move_to(decision, LeaseState::booting, seams_.clock.wall(),
          machine.id.text + " " + machine.instance_type + " " + machine.availability_zone + " " +
              std::string(aws::to_string(machine.market)) + (image.empty() ? "" : " " + image));
}

Result<Lease> Launcher::on_no_capacity(Lease lease, const std::string& why) {
  return write(std::move(lease), [&](Decision& decision) -> Status {
    Lease& next = decision.next;
    const WallTime now = seams_.clock.wall();
    const bool is_first_ask = next.source == Source::seed && next.launch.boots == 0;
    const Millis patience = is_first_ask ? Millis{0} : config_.machine.capacity_patience;
    next.launch.pending = false;
    next.launch.request.clear();
    if (!next.give_up_at) next.give_up_at = now + patience;
    if (now >= *next.give_up_at) {
      end_with(decision, Outcome::no_capacity, now, printable(why, k_reason_max));
      return {};
    }
    next.next_launch_at = now + k_retry_capacity_after;
    next.reason = "no capacity: " + why;
    decision.events.push_back({next.id, now, "no-capacity", why});
    return {};
  });
}

Result<Lease> Launcher::on_refusal(Lease lease, const Error& error) {
  if (error.code == Code::aws_config) {  // an image or template may have been removed
    TRY(images_.forget(lease.architecture));
    TRY(templates_.forget());
  }
  const std::string code(info(error.code).name);
  seams_.log.error("launch-refused",
                   {{"lease", lease.id.text}, {"code", code}, {"reason", error.message}});
  return write(std::move(lease), [&](Decision& decision) -> Status {
    decision.next.launch.pending = false;
    decision.next.launch.request.clear();
    end_with(decision, Outcome::refused, seams_.clock.wall(),
             printable(code + ": " + error.message, k_reason_max));
    return {};
  });
}

}  // namespace mayfly
