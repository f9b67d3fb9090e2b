// What the service answers, and that what it acknowledged is in the ledger.

#include <algorithm>
#include <boost/json/array.hpp>
#include <set>
#include <utility>

#include "base/json.h"
#include "base/text.h"
#include "lab/sim/laws.h"
#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {
namespace {

bool is_ask(const Exchange& exchange) {
  return exchange.edge == Edge::api &&
         (exchange.call == "POST /" || exchange.call == "POST /v1/leases");
}

std::optional<json::value> body_of(const HttpResponse& response) {
  auto body = parse_json(response.body, upstream_json_limits());
  if (!body || !body->is_object()) return std::nullopt;
  return std::move(*body);
}

// Calls to the clouds are made in turn, each bounded; the network's own delay is within.
constexpr Millis k_answered_within = Seconds{60};
constexpr int k_recent = 1000;
constexpr Millis k_wait = Seconds{90};  // that is what stories.cpp asks for

class AnswersLaw final : public Law {
 public:
  explicit AnswersLaw(SharedBooks) {}
  std::string_view name() const override { return "every answer is documented"; }

  void after(SimWorld& world, const Exchange& exchange) override {
    if (exchange.edge != Edge::api) return;
    judge_time(world, exchange);
    if (exchange.done == nullptr) return;
    const HttpResponse& response = *exchange.done;
    const bool is_create = exchange.request.body.find("\"destroy\"") == std::string::npos;
    if (response.ok())
      judge_success(world, std::string(exchange.call), response, is_create);
    else
      judge_problem(world, std::string(exchange.call), response);
  }

 private:
  // Also where the answer is that the service is gone.
  void judge_time(SimWorld& world, const Exchange& exchange) {
    const bool waits = exchange.request.url.find("wait=online") != std::string::npos;
    const Millis bound = k_answered_within + (waits ? k_wait : Millis{0});
    expect(exchange.took <= bound, world,
           std::string(exchange.call) + " was answered after " + human_duration(exchange.took));
  }

  static std::set<int> statuses_of(const std::string& call) {
    static const std::map<std::string, std::set<int>> k_statuses = {
        {"POST /", {200}},
        {"POST /v1/leases", {200, 201}},
        {"GET /v1/leases/ID", {200}},
        {"DELETE /v1/leases/ID", {202}},
        {"POST /v1/leases/ID/events", {200, 204}},
        {"POST /v1/claims", {200}},
        {"POST /v1/webhooks/github", {202, 204}}};
    const auto found = k_statuses.find(call);
    return found == k_statuses.end() ? std::set<int>{} : found->second;
  }

  void judge_success(SimWorld& world, const std::string& call, const HttpResponse& response,
                     bool is_create) {
    const std::string which = call + " was answered " + std::to_string(response.status);
    expect(statuses_of(call).contains(response.status), world, which + ", which is not documented");
    if (call == "POST /v1/claims")
      return expect(response.body.starts_with("lease l-"), world, which + " without a claim");
    if (call.ends_with("/events") || call.ends_with("/webhooks/github")) return;
    const auto body = body_of(response);
    expect(body.has_value(), world, which + " without a JSON object");
    if (!body) return;
    if (call.ends_with("/ID")) return judge_lease(world, which, body->get_object());
    const json::array* leases = json_array(body->get_object(), "leases");
    expect(leases != nullptr && body->get_object().size() == 1, world, which + " without leases");
    if (leases == nullptr) return;
    for (const json::value& lease : *leases)
      if (lease.is_object())
        judge_asked(world, which, lease.get_object(), is_create);
      else
        expect(false, world, which + " with a lease that is none");
  }

  // Who asks for a runner and is told yes must not wait for one that will never come.
  void judge_asked(SimWorld& world, const std::string& which, const json::object& lease,
                   bool is_create) {
    judge_lease(world, which, lease);
    const auto state = parse_lease_state(json_string(lease, "state").value_or(""));
    expect(!is_create || !state || *state < LeaseState::ending, world,
           which + " with a lease that has ended");
  }

  void judge_lease(SimWorld& world, const std::string& which, const json::object& lease) {
    static const std::set<std::string> k_always = {
        "id",    "repository", "run_id",   "run_attempt", "architecture", "label",     "runs_on",
        "state", "created_at", "deadline", "state_since", "launches",     "status_url"};
    static const std::set<std::string> k_perhaps = {"outcome", "reason", "instance_type",
                                                    "zone",    "market", "timeline"};
    std::size_t found = 0;
    for (const auto& [key, value] : lease) {
      const std::string text(key);
      found += k_always.count(text);
      expect(k_always.contains(text) || k_perhaps.contains(text), world,
             which + " with an undocumented key " + text);
    }
    expect(found == k_always.size(), world, which + " with a lease that lacks a key");
    const auto state = json_string(lease, "state");
    expect(state && parse_lease_state(*state), world, which + " with an unknown state");
  }

  void judge_problem(SimWorld& world, const std::string& call, const HttpResponse& response) {
    const std::string which = call + " was answered " + std::to_string(response.status);
    const auto body = body_of(response);
    expect(body && response.headers.find("Content-Type") == "application/problem+json", world,
           which + " without a problem document");
    if (!body) return;
    const json::object& problem = body->get_object();
    const auto code = code_named(json_string(problem, "code").value_or(""));
    expect(code.has_value(), world, which + " with an unknown code");
    if (!code) return;
    const CodeInfo& documented = info(*code);
    const std::string with = which + " " + std::string(documented.name);
    expect(documented.http_status == response.status &&
               json_int(problem, "status") == documented.http_status,
           world, with + ", which is another code's status");
    expect(!json_string(problem, "detail").value_or("").empty() &&
               json_string(problem, "title") == documented.title &&
               json_string(problem, "remedy") == documented.remedy,
           world, with + " without its reason, title or remedy");
    const bool wants_wait = response.status == 429 || response.status == 503;
    expect(!wants_wait || response.headers.find("Retry-After"), world,
           with + " without Retry-After");
    expect(*code != Code::internal, world, with);
  }
};

class RecordedLaw final : public Law {
 public:
  explicit RecordedLaw(SharedBooks) {}
  std::string_view name() const override { return "acknowledged means recorded"; }

  void after(SimWorld& world, const Exchange& exchange) override {
    if (!is_ask(exchange) || !exchange.answer) return;
    if (exchange.answer->status == 409) judge_ended(world, exchange);
    if (!exchange.answer->ok()) return;
    const auto body = body_of(*exchange.answer);
    const json::array* leases = body ? json_array(body->get_object(), "leases") : nullptr;
    if (leases == nullptr) return;
    // An answer that was under way when the ledger was lost is excused as well.
    const bool is_of_lost_ledger =
        world.conditions.ledger_lost != SteadyTime{} &&
        world.clock.steady() - world.conditions.ledger_lost < Seconds{60};
    if (is_of_lost_ledger) return;
    const std::int64_t attempt = asked_number(exchange, "run_attempt");
    for (const json::value& value : *leases) {
      if (!value.is_object()) continue;
      note(world, value.get_object());
      const bool is_asked = attempt == 0 || json_int(value.get_object(), "run_attempt") == attempt;
      expect(is_asked, world, "an ask was answered with another attempt's lease");
    }
  }

  void look(SimWorld& world) override {
    constexpr Millis k_every{600'000};
    if (world.clock.steady() - looked_at_ < k_every || checked_at_write_ == world.ledger_writes())
      return;
    check_all(world);
  }
  void ledger_lost(SimWorld&) override { acknowledged_.clear(); }
  void healed(SimWorld& world) override { check_all(world); }
  void ended(SimWorld& world) override { check_all(world); }

 private:
  struct Acknowledged {
    std::string repository, label, architecture;
    std::int64_t run_id = 0;
  };

  static std::int64_t asked_number(const Exchange& exchange, const char* key) {
    const auto body = parse_json(exchange.request.body);
    return body && body->is_object() ? json_int(body->get_object(), key).value_or(0) : 0;
  }

  // "It has ended" needs a lease of that very attempt.
  void judge_ended(SimWorld& world, const Exchange& exchange) {
    const std::int64_t attempt = asked_number(exchange, "run_attempt");
    const bool says_ended = exchange.answer->body.find("\"lease-ended\"") != std::string::npos;
    if (attempt == 0 || !says_ended) return;
    const std::int64_t run = asked_number(exchange, "run_id");
    read_ledger(world);
    const bool has_any = std::any_of(recent_.begin(), recent_.end(), [&](const Lease& lease) {
      return lease.run_id == run && lease.run_attempt == attempt;
    });
    expect(has_any || world.conditions.ledger_lost != SteadyTime{}, world,
           "an attempt without a lease was told that its lease has ended");
  }

  // Thousands may be told the same between two writes.
  void read_ledger(SimWorld& world) {
    if (std::exchange(read_at_write_, world.ledger_writes()) == world.ledger_writes()) return;
    if (auto leases = world.ledger().recent(k_recent)) recent_ = std::move(*leases);
  }

  void note(SimWorld& world, const json::object& lease) {
    const LeaseId id{json_string(lease, "id").value_or("")};
    acknowledged_.try_emplace(id, Acknowledged{json_string(lease, "repository").value_or(""),
                                               json_string(lease, "label").value_or(""),
                                               json_string(lease, "architecture").value_or(""),
                                               json_int(lease, "run_id").value_or(0)});
    check(world, id);
  }

  void check_all(SimWorld& world) {
    looked_at_ = world.clock.steady();
    checked_at_write_ = world.ledger_writes();
    for (const auto& [id, what] : acknowledged_) check(world, id);
  }

  void check(SimWorld& world, const LeaseId& id) {
    const Acknowledged& told = acknowledged_.at(id);
    const auto found = world.ledger().find(id);
    expect(found && *found, world, "lease " + id.text + " was acknowledged and is not there");
    if (!found || !*found) return;
    const Lease& lease = **found;
    const bool is_same = lease.repository.text == told.repository && lease.label == told.label &&
                         to_string(lease.architecture) == told.architecture &&
                         (lease.source != Source::v1 || lease.run_id == told.run_id);
    expect(is_same, world, "lease " + id.text + " is not what was acknowledged");
  }

  SteadyTime looked_at_{};
  std::uint64_t read_at_write_ = 0, checked_at_write_ = 0;
  std::vector<Lease> recent_;
  std::map<LeaseId, Acknowledged> acknowledged_;
};

}  // namespace

std::unique_ptr<Law> make_answers_law(SharedBooks books) {
  return std::make_unique<AnswersLaw>(std::move(books));
}
std::unique_ptr<Law> make_recorded_law(SharedBooks books) {
  return std::make_unique<RecordedLaw>(std::move(books));
}

}  // namespace mayfly::lab::sim
