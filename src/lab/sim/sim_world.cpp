#include "lab/sim/sim_world.h"

#include <algorithm>

#include "lab/rig/faulty_transport.h"
#include "lab/sim/scout.h"
#include "lab/sim/upstream.h"
#include "lease/enforce.h"
#include "lease/lease.h"

namespace mayfly::lab::sim {
namespace {

constexpr Millis k_quiet_rest = std::chrono::hours{6};
constexpr Millis k_stale_max{60'000};

FakeAwsOptions aws_options(const Scenario& scenario, std::uint64_t seed) {
  SeededEntropy entropy(seed * 7919 + 43);
  FakeAwsOptions options;
  if (scenario.web_identity) options.web_identities[std::string(k_role)] = k_identity_token;
  options.terminated_visible = k_ended_machines_shown;
  options.boot_jitter = Millis{4000};
  if (!scenario.draws_config) return options;
  // Lists of several pages, empty ones among them; new machines that are not in them yet.
  options.page_size_max = 3 + entropy.below(10);
  options.empty_pages = entropy.below(3) == 0;
  options.visible_after = Seconds(static_cast<std::int64_t>(entropy.below(20)));
  options.state_lag = Seconds(static_cast<std::int64_t>(entropy.below(8)));
  return options;
}

GithubOptions github_options(const Scenario& scenario, std::uint64_t seed) {
  SeededEntropy entropy(seed * 7919 + 47);
  GithubOptions options = rr_options().github;
  if (scenario.draws_config) {
    options.page_max = 2 + entropy.below(20);
    options.listing_lag = Seconds(static_cast<std::int64_t>(entropy.below(30)));
  }
  options.repositories.push_back({"rr-debugger/second"});  // served or not: draw_config()
  options.token = Secret(k_github_token);
  // An hour at GitHub; less lets more of them end at every possible moment.
  options.app = emulated_app();
  options.app->token_life = draw_between(entropy, std::chrono::minutes{5}, std::chrono::hours{1});
  return options;
}

Millis draw_latency(Entropy& draws, std::int64_t most) {
  return draw_between(draws, Millis{1}, Millis{most});
}

std::string without_query(std::string url) { return url.substr(0, url.find('?')); }

Edge edge_of(const HttpRequest& request) {
  if (request.url.starts_with(k_github_url)) return Edge::github;
  const auto target = request.headers.find("X-Amz-Target");
  return target && target->starts_with("DynamoDB_") ? Edge::ledger : Edge::ec2;
}

// "POST /v1/leases/l-…/events" is one point for all leases.
std::string inbound_call(const HttpRequest& request) {
  std::string path = without_query(request.url);
  const std::string leases = "/v1/leases/";
  if (path.starts_with(leases)) {
    const std::size_t rest = path.find('/', leases.size());
    path = leases + "ID" + (rest == path.npos ? "" : path.substr(rest));
  }
  return request.method + " " + path;
}

}  // namespace

SimWorld::SimWorld(const Scenario& the_scenario, std::uint64_t the_seed, FaultSpec the_faults)
    : scenario(the_scenario),
      seed(the_seed),
      config(draw_config(the_scenario, the_seed)),
      entropy(the_seed * 7919 + 11),
      fibers(clock, the_seed * 7919 + 13),
      faults(std::move(the_faults)),
      draws_(the_seed * 7919 + 17) {
  begin_before_month();
  environment = make_environment(scenario);
  aws_entropy_ = std::make_unique<SeededEntropy>(seed * 7919 + 19);
  github_entropy_ = std::make_unique<SeededEntropy>(seed * 7919 + 23);
  aws = std::make_unique<FakeAws>(clock, *aws_entropy_, aws_options(scenario, seed));
  imds = std::make_unique<FakeImds>(*aws, clock, *aws_entropy_);
  github = std::make_unique<FakeGithub>(clock, *github_entropy_, github_options(scenario, seed));
  network.connect(k_ec2_url, *aws);
  network.connect(k_github_url, *github);
  network.connect(k_imds_url, *imds);
  machines = std::make_unique<SimMachines>(*this, seed * 7919 + 29);
  aws->observe(machines.get());
  laws_ = all_laws();
  laws_.push_back(std::make_unique<Scout>());
  lose_ledger();
  for (int number = 1; number <= scenario.servers; ++number)
    servers.push_back(std::make_unique<Server>(*this, number));
}

// Before anything has seen the calendar.
void SimWorld::begin_before_month() {
  SeededEntropy draws(seed * 7919 + 59);
  if (draws.below(1000) >= static_cast<std::uint64_t>(scenario.begins_before_month)) return;
  constexpr Millis k_next_month = std::chrono::hours{24 * 32};
  const WallTime month = start_of_month(start_of_month(clock.wall()) + k_next_month);
  clock.step_wall(month - clock.wall() - draw_between(draws, Seconds{60}, Seconds{600}));
}

SimWorld::~SimWorld() { fibers.end_all(); }

// --- Traffic ------------------------------------------------------------------------------------

void SimWorld::note_trouble(Edge edge) {
  const SteadyTime at = clock.steady();
  if (edge == Edge::ec2) conditions.ec2_trouble = at;
  if (edge == Edge::github) conditions.github_trouble = at;
  if (edge == Edge::ledger) conditions.ledger_trouble = at;
}

Result<HttpResponse> SimWorld::deliver(const Asked& asked, const HttpRequest& request,
                                       const Deliver& to, Touched& touched) {
  fibers.sleep_for(draw_latency(asked.draws, asked.edge == Edge::github ? 60 : 30));
  auto answer = to(request);
  if (answer) touched.done = *answer;
  fibers.sleep_for(draw_latency(asked.draws, 10));
  return answer;
}

// What becomes of a call that this fault befalls. Times already spent in deliver() count.
Result<HttpResponse> SimWorld::carry_out(const Asked& asked, const Injection& fault,
                                         const HttpRequest& request, SteadyTime deadline,
                                         const Deliver& to, Touched& touched) {
  switch (fault.kind) {
    case FaultKind::refuse:
      return fail(Code::transport_not_sent, "no connection");
    case FaultKind::lose_reply:
      (void)deliver(asked, request, to, touched);
      return fail(Code::transport_lost, "the answer was lost");
    case FaultKind::delay: {
      auto answer = deliver(asked, request, to, touched);
      fibers.sleep_until(std::min(clock.steady() + fault.amount, deadline));
      if (clock.steady() < deadline) return answer;
      return fail(Code::transport_lost, "no answer in time");
    }
    case FaultKind::server_error_done:
      (void)deliver(asked, request, to, touched);
      return fault_answer(FaultKind::server_error, asked.edge, asked.draws.below(6));
    case FaultKind::truncate: {
      auto answer = deliver(asked, request, to, touched);
      if (answer) answer->body.resize(answer->body.size() / 2);
      return answer;
    }
    case FaultKind::stale: {
      const auto found = listings_.find(request.url);
      if (found != listings_.end() && clock.steady() - found->second.at <= k_stale_max) {
        fibers.sleep_for(draw_latency(asked.draws, 60));
        touched.done = found->second.answer;
        touched.is_old = true;
        return found->second.answer;
      }
      return deliver(asked, request, to, touched);
    }
    case FaultKind::conflict:
      if (asked.edge != Edge::ledger) return refuse(asked, fault.kind);
      aws->configure([](FakeAwsOptions& options) { options.dynamo_conflicts += 1; });
      return deliver(asked, request, to, touched);
    default:
      return refuse(asked, fault.kind);
  }
}

HttpResponse SimWorld::refuse(const Asked& asked, FaultKind kind) {
  fibers.sleep_for(draw_latency(asked.draws, 60));
  return fault_answer(kind, asked.edge, asked.draws.below(6));
}

Result<HttpResponse> SimWorld::exchange(Edge edge, const std::string& point,
                                        const HttpRequest& request, SteadyTime deadline,
                                        const Deliver& to, Touched& touched) {
  const Asked asked{edge, draws_.of(point)};
  if (is_out(edge)) {
    note_trouble(edge);
    fibers.sleep_for(draw_latency(asked.draws, 30));
    if (edge != Edge::api && asked.draws.below(2) == 0)
      return fault_answer(FaultKind::server_error, edge, asked.draws.below(6));
    return fail(Code::transport_not_sent, "no connection");
  }
  const auto fault = faults.at(edge, point);
  if (!fault) return deliver(asked, request, to, touched);
  note_trouble(edge);
  trace.line(clock.steady(), "fault", to_string(*fault));
  auto answer = carry_out(asked, *fault, request, deadline, to, touched);
  note_trouble(edge);
  return answer;
}

Result<HttpResponse> SimWorld::send(std::string_view who, Life* life, const HttpRequest& request,
                                    SteadyTime deadline) {
  const std::string call = call_name(request);
  const Edge edge = edge_of(request);
  ++counts.calls;
  if (life != nullptr) life->boundary(call, false);
  const Deliver to = [&](const HttpRequest& sent) {
    for_each_law([&](Law& law) { law.before(*this, who, call, sent); });
    auto answer = network.send(sent, deadline);
    if (edge == Edge::ledger && call == k_table_write && answer && answer->ok()) note_write();
    if (call.ends_with("/rerun-failed-jobs") && answer && answer->ok() && on_rerun) on_rerun(call);
    if (call.ends_with("/attempts") && answer && answer->ok() && on_redelivery) on_redelivery();
    return answer;
  };
  Touched touched;
  const SteadyTime began = clock.steady();
  const std::string point = (life == nullptr ? "enforcer " : "") + call;
  auto answer = exchange(edge, point, request, deadline, to, touched);
  if (call == "CreateFleet") {
    ++counts.launch_calls;
    const bool is_told = answer && touched.done && answer->status == touched.done->status;
    if (touched.done && touched.done->ok() && !is_told) ++counts.ambiguous_launches;
  }
  if (answer && touched.done && !touched.is_old && faults.keeps_lists() && is_github_listing(call))
    listings_[request.url] = {*answer, clock.steady()};
  tell(edge, who, call, request, touched, answer, began);
  if (life != nullptr) life->boundary(call, true);
  return answer;
}

void SimWorld::tell(Edge edge, std::string_view who, std::string_view call,
                    const HttpRequest& request, const Touched& touched,
                    const Result<HttpResponse>& answer, SteadyTime began) {
  trace.line(clock.steady(), who, call,
             answer ? std::to_string(answer->status) : answer.error().message);
  const Exchange exchange{edge,
                          who,
                          call,
                          request,
                          touched.done ? &*touched.done : nullptr,
                          answer,
                          clock.steady() - began};
  for_each_law([&](Law& law) { law.after(*this, exchange); });
}

Server* SimWorld::pick_server() {
  std::vector<Server*> up;
  for (const auto& server : servers)
    if (server->is_up()) up.push_back(server.get());
  if (up.empty()) return nullptr;
  return up[up.size() == 1 ? 0 : draws_.of("server").below(up.size())];
}

Result<HttpResponse> SimWorld::ask(std::string_view who, HttpRequest request, SteadyTime deadline) {
  const bool is_machine = who.starts_with("machine");
  ++(is_machine ? counts.machine_requests : counts.requests);
  const std::string call = inbound_call(request);
  if (request.peer.empty()) request.peer = is_machine ? "198.18.0.4" : "203.0.113.7";
  const Deliver to = [&](const HttpRequest& sent) -> Result<HttpResponse> {
    Server* server = pick_server();
    if (server == nullptr) return fail(Code::transport_not_sent, "the service is down");
    return server->serve(sent, deadline);
  };
  Touched touched;
  const SteadyTime began = clock.steady();
  if (on_request) on_request(who, request);
  auto answer = exchange(Edge::api, "api " + call, request, deadline, to, touched);
  tell(Edge::api, who, call, request, touched, answer, began);
  return answer;
}

Result<HttpResponse> SimWorld::machine_send(std::string_view who, const HttpRequest& request,
                                            SteadyTime deadline) {
  const std::string api = k_rig_api;
  if (request.url.starts_with(api)) {
    HttpRequest inbound = request;
    inbound.url = request.url.substr(api.size());
    if (!inbound.headers.find("Host")) inbound.headers.add("Host", "mayfly.test");
    return ask(who, std::move(inbound), deadline);
  }
  fibers.sleep_for(draw_latency(draws_.of(std::string(who)), 20));
  if (request.url.starts_with(k_github_url) && is_out(Edge::github))
    return fail(Code::transport_not_sent, "no connection");
  auto answer = network.send(request, deadline);
  const bool is_job_done = request.url.ends_with("/_runner/job") && answer && answer->ok() &&
                           request.body.find("completed") != std::string::npos;
  if (is_job_done) ++counts.jobs_done;
  trace.line(clock.steady(), who, call_name(request),
             answer ? std::to_string(answer->status) : answer.error().message);
  return answer;
}

// --- Quiet --------------------------------------------------------------------------------------

void SimWorld::note_write() {
  ++ledger_writes_;
  stir();
}

bool SimWorld::is_ledger_empty() {
  if (empty_at_write_ == ledger_writes_) return true;
  const auto live = ledger_->live();
  if (!live || !live->empty()) return false;
  empty_at_write_ = ledger_writes_;
  return true;
}

bool SimWorld::is_quiet() {
  if (active_callers > 0 || !is_ledger_empty()) return false;
  bool is_any_alive = false;
  aws->for_each_instance([&](const FakeInstance& instance) {
    is_any_alive = is_any_alive || (is_live(instance.state) &&
                                    tag_of(instance, k_tag_deployment) == config.deployment);
  });
  if (is_any_alive) return false;
  const std::string prefix = runner_name_prefix(config.deployment);
  bool has_runner = false;
  github->for_each_runner([&](const GithubRunner& runner, bool) {
    has_runner = has_runner || runner.name.starts_with(prefix);
  });
  return !has_runner;
}

void SimWorld::stir() {
  for (const Fibers::Id id : std::exchange(resting_, {})) fibers.wake(id);
}

void SimWorld::wait_for_write(SteadyTime t) {
  const Fibers::Id self = fibers.current();
  resting_.insert(self);
  fibers.sleep_until(t);
  resting_.erase(self);
}

void SimWorld::rest_until(SteadyTime t) {
  if (is_quiet()) return wait_for_write(t + k_quiet_rest);
  fibers.sleep_until(t);
}

// --- Time ---------------------------------------------------------------------------------------

void SimWorld::for_each_law(const std::function<void(Law&)>& fn) {
  for (const auto& law : laws_) fn(*law);
}

void SimWorld::look() {
  for_each_law([&](Law& law) { law.look(*this); });
}

void SimWorld::note_conditions() {
  const SteadyTime at = clock.steady();
  const bool is_up = std::any_of(servers.begin(), servers.end(),
                                 [](const auto& server) { return server->is_up(); });
  if (!is_up) conditions.server_down = at;
  for (const auto& server : servers)
    if (abs(server->clock().skew()) > Seconds{1}) conditions.clock_trouble = at;
}

void SimWorld::run_until(SteadyTime end, const std::function<bool()>& done) {
  while (clock.steady() < end && !is_stopped() && !(done && done())) {
    SteadyTime next = std::min(end, fibers.next().value_or(end));
    if (const auto change = aws->next_change()) next = std::min(next, *change);
    if (const auto change = github->next_change())
      next = std::max(std::min(next, *change), clock.steady());
    const Millis gap = next - clock.steady();
    if (gap > Seconds{120}) counts.skipped += gap;
    if (gap > Millis{0}) clock.pass(gap);
    aws->advance();
    note_conditions();
    while (!is_stopped() && fibers.run_one()) {
      ++counts.steps;
      aws->advance();
    }
    look();
  }
}

// --- Great changes ------------------------------------------------------------------------------

// A table is looked at straight, without the faults that befall the servers' calls.
std::shared_ptr<Ledger> SimWorld::new_ledger() {
  if (scenario.is_on_table) {
    const auto table =
        std::make_shared<TableLedger>(TableSeams{clock, *aws_entropy_, *environment, network},
                                      config.aws.region, config.ledger_table);
    return {table, &table->ledger()};
  }
  auto opened = SqliteLedger::open(":memory:");
  MAYFLY_CHECK(opened.has_value());
  return std::move(*opened);
}

void SimWorld::lose_ledger() {
  if (ledger_) lost_ledgers_.push_back(std::move(ledger_));
  ledger_ = new_ledger();
  ++ledger_writes_;
  if (lost_ledgers_.empty()) return;
  conditions.ledger_lost = clock.steady();
  for_each_law([&](Law& law) { law.ledger_lost(*this); });
}

void SimWorld::heal() {
  trace.line(clock.steady(), "world", "healed");
  is_healed = true;
  faults.heal();
  outage_until = {};
  for (const auto& server : servers) {
    server->clock().set_right();
    if (!scenario.servers_never_return) server->start();
  }
  aws->configure([](FakeAwsOptions& options) { options.capacity.clear(); });
  stir();
}

}  // namespace mayfly::lab::sim
