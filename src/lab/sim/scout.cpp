#include "lab/sim/scout.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "lab/sim/sim_world.h"
#include "lease/decide.h"

namespace mayfly::lab::sim {
namespace {

using Names = std::pair<std::string_view, std::string_view>;

constexpr std::array<Names, 18> k_exact = {{{"CreateFleet", "create_fleet"},
                                            {"DescribeInstances", "describe_instances"},
                                            {"TerminateInstances", "terminate_instances"},
                                            {"ModifyInstanceMetadataOptions", "metadata_off"},
                                            {"DescribeImages", "describe_images"},
                                            {"CreateLaunchTemplate", "create_template"},
                                            {"ledger.reserve", "ledger_reserve"},
                                            {"ledger.update", "ledger_update"},
                                            {"ledger.append", "ledger_append"},
                                            {"ledger.launch_again", "ledger_launch_again"},
                                            {"ledger.live", "ledger_live"},
                                            {"ledger.set_fact", "ledger_set_fact"},
                                            {"api POST /", "ask"},
                                            {"api POST /v1/leases", "ask"},
                                            {"api POST /v1/claims", "claim"},
                                            {"api POST /v1/leases/ID/events", "event"},
                                            {"world", "world"},
                                            {"io", "io"}}};

// What ended a claim, by how its reason in the log begins (service/claims.cpp).
constexpr std::array<Names, 6> k_refusals = {{{"wrong nonce", "refused_wrong_nonce"},
                                              {"past the deadline", "refused_past_deadline"},
                                              {"another instance", "refused_another_instance"},
                                              {"no such lease", "refused_no_such_lease"},
                                              {"another claim key", "refused_state"},
                                              {"state is", "refused_state"}}};

std::string with_underscores(std::string text) {
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

std::string github_name(std::string_view call) {
  if (call.ends_with("/generate-jitconfig")) return "make_runner";
  if (call.starts_with("DELETE ")) return "remove_runner";
  if (call.ends_with("/actions/runners")) return "list_runners";
  if (call.ends_with("/jobs")) return "list_jobs";
  if (call.ends_with("/pulls")) return "list_pulls";
  if (call.ends_with("/reviews")) return "list_reviews";
  if (call.ends_with("/actions/runs")) return "list_runs";
  if (call.ends_with("/rerun-failed-jobs")) return "rerun_failed_jobs";
  if (call.find("/actions/runs/") != call.npos) return "get_run";
  return "";
}

bool has_machine(const std::string& moment) {
  return moment != "launch_pending" && moment != "waiting";
}

bool is_ask(const Exchange& exchange) {
  return exchange.call == "POST /" || exchange.call == "POST /v1/leases";
}

std::string field(const CapturingLog::Line& line, const std::string& name) {
  const auto found = line.fields.find(name);
  return found == line.fields.end() ? "" : found->second;
}

}  // namespace

std::string moment_of(const Lease& lease) {
  if (lease.state == LeaseState::launching)
    return lease.launch.pending ? "launch_pending" : "waiting";
  return std::string(to_string(lease.state));
}

std::string short_name(std::string_view call) {
  for (const auto& [name, text] : k_exact)
    if (name == call) return std::string(text);
  const bool is_github = call.starts_with("GET /") || call.starts_with("POST /orgs/") ||
                         call.starts_with("POST /repos/") || call.starts_with("DELETE /");
  return is_github ? github_name(call) : "";
}

void mark(SimWorld& world, std::string_view name) {
  if (const auto situation = situation_named(name)) world.situations.reached(*situation);
}

void mark_cancelled(SimWorld& world, RunId run) {
  const auto leases = world.ledger().recent(50);
  if (!leases) return;
  bool has_any = false;
  for (const Lease& lease : *leases) {
    if (lease.run_id != run) continue;
    has_any = true;
    mark(world, "cancelled_" + moment_of(lease));
  }
  if (!has_any) mark(world, "cancelled_unasked");
}

void mark_killed(SimWorld& world, std::string_view call, bool is_done) {
  const std::string name = short_name(call);
  if (!name.empty()) mark(world, (is_done ? "killed_after_" : "killed_before_") + name);
}

std::string_view Scout::name() const { return "every corner that is met is noted"; }

// --- The ledger ---------------------------------------------------------------------------------

void Scout::read_ledger(SimWorld& world) {
  if (writes_seen_ == world.ledger_writes()) return;
  writes_seen_ = world.ledger_writes();
  const auto live = world.ledger().live();
  if (!live) return;
  for (auto& [id, known] : leases_) known.moment = "gone";
  for (const Lease& lease : *live) {
    Known& known = leases_[lease.id.text];
    known.label = lease.label;
    known.run_id = lease.run_id;
    known.instance_id = lease.launch.instance_id;
    known.deadline = lease.deadline;
    known.moment = moment_of(lease);
    if (lease.outcome != Outcome::none)
      mark(world, "ended_" + with_underscores(std::string(to_string(lease.outcome))));
    if (lease.repository != live->front().repository) mark(world, "two_repositories");
    const bool is_second_choice = world.config.machine.on_demand == OnDemand::when_no_spot;
    if (is_second_choice && lease.launch.on_demand) mark(world, "no_spot_capacity");
  }
}

void Scout::mark_all_live(SimWorld& world, const std::string& family) {
  for (const auto& [id, known] : leases_)
    if (known.moment != "gone") mark(world, family + "_" + known.moment);
}

// --- Faults -------------------------------------------------------------------------------------

void Scout::read_faults(SimWorld& world) {
  const auto& injected = world.faults.injected();
  for (; faults_seen_ < injected.size(); ++faults_seen_) note_fault(world, injected[faults_seen_]);
}

void Scout::note_fault(SimWorld& world, const Injection& injection) {
  switch (injection.kind) {
    case FaultKind::ec2_outage:
      return mark_all_live(world, "ec2_out");
    case FaultKind::github_outage:
      return mark_all_live(world, "github_out");
    case FaultKind::api_outage:
      return mark_all_live(world, "api_out");
    case FaultKind::ledger_outage:
      return mark_all_live(world, "ledger_out");
    case FaultKind::interrupt:
      return note_interruption(world, "interrupted");
    case FaultKind::interrupt_later:
      return note_interruption(world, "noticed");
    default:
      break;
  }
  const std::string call = short_name(injection.point);
  const std::string kind = with_underscores(std::string(to_string(injection.kind)));
  if (!call.empty()) mark(world, kind + "_" + call);
}

// Whose machine spot has just taken back, or says that it will.
void Scout::note_interruption(SimWorld& world, const std::string& family) {
  for (const auto& [id, known] : leases_) {
    if (known.moment == "gone" || known.instance_id.empty()) continue;
    const auto instance = world.aws->find(known.instance_id);
    if (!instance) continue;
    const bool is_taken = instance->reason_code.starts_with("Server.Spot");
    if (is_taken || instance->interruption_notice) mark(world, family + "_" + known.moment);
  }
}

void Scout::note_deaths(SimWorld& world) {
  if (deaths_seen_ == world.counts.deaths) return;
  deaths_seen_ = world.counts.deaths;
  const SteadyTime at = world.clock.steady();
  if (died_at_ && at - *died_at_ <= Seconds{10}) mark(world, "killed_twice");
  died_at_ = at;
  mark(world, "server_killed");
  mark_all_live(world, "killed");
}

// --- Time ---------------------------------------------------------------------------------------

void Scout::note_deadline(SimWorld& world, const Known& lease) {
  mark(world, "deadline_" + lease.moment);
  if (world.is_out(Edge::ec2)) mark(world, "deadline_ec2_out");
  if (world.is_out(Edge::github)) mark(world, "deadline_github_out");
  if (world.is_out(Edge::ledger)) mark(world, "deadline_ledger_out");
  if (world.is_out(Edge::api)) mark(world, "deadline_api_out");
  bool is_any_up = false;
  for (const auto& server : world.servers) {
    is_any_up = is_any_up || server->is_up();
    if (server->clock().skew() > Seconds{1}) mark(world, "deadline_clock_ahead");
    if (server->clock().skew() < -Seconds{1}) mark(world, "deadline_clock_behind");
  }
  if (!is_any_up) mark(world, "deadline_server_down");
}

void Scout::note_deadlines(SimWorld& world) {
  for (auto& [id, known] : leases_) {
    if (known.is_overdue || world.now() < known.deadline) continue;
    known.is_overdue = true;
    if (known.moment != "gone" && known.moment != "ending") note_deadline(world, known);
  }
}

void Scout::note_calendar(SimWorld& world) {
  const WallTime before = std::exchange(looked_at_, world.now());
  const bool lives = std::any_of(leases_.begin(), leases_.end(), [](const auto& entry) {
    return entry.second.moment != "gone" && has_machine(entry.second.moment);
  });
  if (!lives || before == WallTime{}) return;
  if (start_of_day(before) != start_of_day(looked_at_)) mark(world, "day_began");
  if (start_of_month(before) != start_of_month(looked_at_)) mark(world, "month_began");
}

// By what was known before it.
void Scout::ledger_lost(SimWorld& world) { mark_all_live(world, "ledger_lost"); }

void Scout::look(SimWorld& world) {
  note_deaths(world);  // with what was known before them
  read_ledger(world);
  read_faults(world);
  note_deadlines(world);
  note_calendar(world);
}

// --- Exchanges ----------------------------------------------------------------------------------

// Asks for the same, the doorbell and deletions, by the moment in which they find the lease.
void Scout::note_request(SimWorld& world, const Exchange& exchange) {
  const std::string& body = exchange.request.body;
  const bool is_doorbell = body.find("\"destroy\"") != body.npos;
  const bool is_deletion = exchange.call == "DELETE /v1/leases/ID";
  if (!is_ask(exchange) && !is_deletion) return;
  const bool is_again = is_ask(exchange) && !is_doorbell && ++bodies_[body] > 1;
  if (!is_again && !is_doorbell && !is_deletion) return;
  const std::string family = is_deletion ? "deleted_" : is_doorbell ? "doorbell_" : "asked_again_";
  for (const auto& [id, known] : leases_) {
    const std::string run = "\"run_id\":" + std::to_string(known.run_id);
    const bool is_meant = is_deletion ? exchange.request.url.ends_with(id)
                                      : body.find("\"" + known.label + "\"") != body.npos ||
                                            body.find(run) != body.npos;
    if (is_meant) mark(world, family + known.moment);
  }
}

// A launch for several leases.
void Scout::note_batch(SimWorld& world, const Exchange& exchange) {
  const std::string& asked = exchange.request.body;
  const std::string key = "TotalTargetCapacity=";
  const auto at = std::min(asked.find(key), asked.size() - key.size()) + key.size();
  const auto count = parse_int(asked.substr(at, asked.find('&', at) - at)).value_or(1);
  if (count < 2) return;
  mark(world, "batch");
  std::int64_t launched = 0;
  const std::string& body = exchange.done->body;
  for (auto id = body.find("<item>i-"); id != body.npos; id = body.find("<item>i-", id + 1))
    ++launched;
  if (launched > 0 && launched < count) mark(world, "batch_partial");
  if (launched > 0 && !exchange.answer) mark(world, "batch_lost");
  if (!batches_.insert(asked).second) mark(world, "batch_repeated");
}

void Scout::note_upstream(SimWorld& world, const Exchange& exchange) {
  const std::string call = short_name(exchange.call);
  if (exchange.done == nullptr) return;
  if (call == "remove_runner" && exchange.done->status == 422) mark(world, "busy_at_removal");
  const std::string& asked = exchange.request.body;
  if (exchange.edge == Edge::ledger && exchange.done->ok() && exchange.call == k_table_write &&
      asked.find(R"("S":"leases")") != asked.npos && asked.find(R"("S":"books")") == asked.npos)
    mark(world, "pointed_ahead");
  const std::string& body = exchange.done->body;
  if (call == "create_fleet" && body.find("<instanceIds><item>") != body.npos &&
      body.find("<errorCode>") != body.npos)
    mark(world, "partial_fleet");
  if (call == "create_fleet" && exchange.done->ok()) note_batch(world, exchange);
}

void Scout::after(SimWorld& world, const Exchange& exchange) {
  note_deaths(world);
  read_faults(world);
  if (exchange.edge != Edge::api) return note_upstream(world, exchange);
  const bool is_nobody_up = std::none_of(world.servers.begin(), world.servers.end(),
                                         [](const auto& server) { return server->is_up(); });
  if (is_nobody_up) mark(world, "asked_while_down");
  note_request(world, exchange);
  if (exchange.call == "POST /v1/webhooks/github" && exchange.done != nullptr &&
      exchange.done->status == 202)
    mark(world, "webhook_answered");
  if (exchange.call != "POST /v1/claims" || exchange.done == nullptr) return;
  if (exchange.done->body.find("claim-not-yet") != std::string::npos)
    mark(world, "claimed_while_pending");
  if (exchange.done->status == 200 && ++claims_answered_[exchange.request.body] > 1)
    mark(world, "claim_repeated");
}

// --- The log ------------------------------------------------------------------------------------

void Scout::note_refusal(SimWorld& world, const std::string& reason) {
  for (const auto& [begin, situation] : k_refusals)
    if (reason.starts_with(begin)) mark(world, situation);
}

void Scout::log_line(SimWorld& world, const CapturingLog::Line& line) {
  const std::string event = with_underscores(line.event);
  if (event == "request") return mark(world, "told_" + with_underscores(field(line, "code")));
  if (event == "claim_refused") return note_refusal(world, field(line, "reason"));
  if (event == "event_refused") return mark(world, "refused_event");
  if (event == "lease_adopted") return mark(world, "adopted");
  if (event == "lease_launching") {
    if (field(line, "detail") == k_stolen) mark(world, "stolen_runner");
    return mark(world, "relaunched");
  }
  if (event == "machine_event" && field(line, "detail").starts_with("hook: refused"))
    return mark(world, "refused_by_hook");
  if (event == "claimed") {
    // "mf-<deployment>-<lease>-<launch>-<try>"
    const auto parts = split(field(line, "runner"), '-');
    if (parts.size() > 2 && parts[parts.size() - 2] != "1") mark(world, "claimed_after_relaunch");
    return;
  }
  if (event == "run_served")
    return mark(world, field(line, "why") == "webhook" ? "unasked_served" : "rerun_served");
  if (event == "run_rerun_asked") return mark(world, "interrupted_rerun");
  mark(world, event);
}

}  // namespace mayfly::lab::sim
