#include "service/launcher.h"

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
  TRY_ASSIGN(const std::string image, images_.image_for(lease.architecture));
  TRY_ASSIGN(const TemplateVersion version, templates_.current());
  aws::CreateFleet fleet;
  fleet.launch_template_name = version.name;
  fleet.launch_template_version = version.version;
  std::vector<Pool> named = pools_for(lease.architecture, on_demand);
  if (pools == Pools::usable) named = pools_.usable(named);
  for (Pool& pool : named)
    fleet.overrides.push_back({std::move(pool.instance_type), std::move(pool.subnet), image});
  fleet.market = on_demand ? aws::Market::on_demand : aws::Market::spot;

  Launch& launch = lease.launch;
  launch.number += 1;
  launch.client_token = ClientToken{lease.id.text + "-" + std::to_string(launch.number) + "-" +
                                    seams_.entropy.hex(4)};
  launch.pending = true;
  launch.on_demand = on_demand;
  launch.intended_at = seams_.clock.wall();
  launch.instance_id = InstanceId{};
  lease.machine_missing_since.reset();
  launch.instance_type.clear();
  launch.zone.clear();
  launch.subnet.clear();
  launch.usd_per_hour = config_.worst_price_for(lease.architecture);
  const std::string nonce = seams_.entropy.hex(16);
  launch.nonce_sha256 = sha256_hex(nonce);
  fleet.client_token = launch.client_token;
  fleet.tags = tags_for(config_, lease, nonce);
  launch.request = aws::encode(fleet);
  lease.next_launch_at = launch.intended_at + SweepPolicy{}.launch_patience;
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
  return {std::move(result), lost};
}

std::optional<Launcher::Try> Launcher::after_no_capacity(const Lease& lease) const {
  const bool on_demand = lease.launch.on_demand;
  const std::size_t named = aws::overrides_in(lease.launch.request);
  if (named < pools_for(lease.architecture, on_demand).size())
    return Try{on_demand, Pools::all, "pools-widened"};
  if (on_demand || config_.machine.on_demand != OnDemand::when_no_spot) return std::nullopt;
  return Try{true, Pools::usable, "no-spot-capacity"};
}

Result<Lease> Launcher::send(Lease lease, Intent intent) {
  for (;;) {
    MAYFLY_CHECK(lease.launch.pending);
    const Answer answer = ask(lease, intent);
    if (answer.result)
      pools_.note(*answer.result,
                  lease.launch.on_demand ? aws::Market::on_demand : aws::Market::spot);
    if (answer.result && !answer.result->instances.empty())
      return on_machine(std::move(lease), answer.result->instances.front());

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
    intent = Intent::fresh;
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
    return {};
  });
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
