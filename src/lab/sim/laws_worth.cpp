// What a machine holds, and to whom a claim is answered.

#include <set>

#include "base/json.h"
#include "base/text.h"
#include "lab/rig/watch.h"
#include "lab/sim/laws.h"
#include "lab/sim/sim_world.h"
#include "lease/enforce.h"

namespace mayfly::lab::sim {
namespace {

constexpr std::size_t k_nonce_digits = 32;
constexpr Millis k_metadata_off_within{60'000};
constexpr Millis k_seen_lately{10'000};
constexpr Millis k_claim_slack{5'000};
constexpr Millis k_claim_felt{60'000};

struct ClaimSeen {
  LeaseId lease;
  InstanceId instance;
  std::string key;
  std::string nonce;
  std::string jit;
};

// The fields of a claim that was answered; empty where they cannot be read.
ClaimSeen read_claim(const Exchange& exchange) {
  ClaimSeen seen;
  const auto body = parse_json(exchange.request.body);
  if (body && body->is_object()) {
    const json::object& object = body->get_object();
    seen.lease = LeaseId{json_string(object, "lease").value_or("")};
    seen.instance = InstanceId{json_string(object, "instance_id").value_or("")};
    seen.key = json_string(object, "claim_key").value_or("");
  }
  seen.nonce = std::string(exchange.request.headers.find("X-Mayfly-Claim").value_or(""));
  const std::string word = "jit_config ";
  for (const std::string& line : split(exchange.done->body, '\n'))
    if (line.starts_with(word)) seen.jit = line.substr(word.size());
  return seen;
}

bool is_answered_claim(const Exchange& exchange) {
  return exchange.edge == Edge::api && exchange.call == "POST /v1/claims" &&
         exchange.done != nullptr && exchange.done->status == 200;
}

class WorthlessLaw final : public Law {
 public:
  explicit WorthlessLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "nothing on the machine is worth stealing"; }

  void after(SimWorld& world, const Exchange& exchange) override {
    if (is_answered_claim(exchange))
      claimed_at_.try_emplace(read_claim(exchange).instance, world.clock.steady());
  }

  void look(SimWorld& world) override {
    books_->refresh(world);
    const auto& changes = books_->machine_changes();
    for (; read_ < changes.size(); ++read_)
      if (changes[read_].kind == MachineChange::Kind::started)
        if (const auto instance = world.aws->find(changes[read_].id)) inspect(world, *instance);
    check_metadata(world);
  }

 private:
  void inspect(SimWorld& world, const FakeInstance& instance) {
    const std::string which = instance.id.text;
    const LaunchSpec& spec = instance.spec;
    expect(spec.key_name == world.config.aws.key_name, world, which + " has a key pair");
    expect(spec.metadata.tokens_required && spec.metadata.hop_limit == 1, world,
           which + " does not insist on IMDSv2 at one hop");
    expect(spec.terminate_on_shutdown, world, which + " would only stop");
    if (user_data_.empty()) user_data_ = spec.user_data;
    expect(!spec.user_data.empty() && spec.user_data == user_data_, world,
           which + " has user data of its own");
    const std::string label = tag_of(instance, k_tag_label);
    const std::string lease = tag_of(instance, k_tag_lease);
    expect(label.empty() || spec.user_data.find(label) == std::string::npos, world,
           which + ": a caller's label is in its user data");
    expect(spec.user_data.find(lease) == std::string::npos, world,
           which + ": its lease is in its user data");
    inspect_tags(world, instance);
  }

  void inspect_tags(SimWorld& world, const FakeInstance& instance) {
    const std::set<std::string> documented = {"Name",       k_tag_deployment, k_tag_lease,
                                              k_tag_launch, k_tag_expires_at, k_tag_claim,
                                              k_tag_api,    k_tag_label};
    std::set<std::string> found;
    for (const auto& [key, value] : instance.spec.tags)
      if (!key.starts_with("aws:")) found.insert(key);
    expect(found == documented, world, instance.id.text + " has other tags than documented");
    const std::string nonce = tag_of(instance, k_tag_claim);
    expect(nonce.size() == k_nonce_digits && is_all_of(nonce, "0123456789abcdef"), world,
           instance.id.text + ": its nonce is not 32 hex digits");
    // Those of one batch share theirs.
    const std::string launch = tag_of(instance, k_tag_lease) + " " + tag_of(instance, k_tag_launch);
    expect(nonces_.try_emplace(nonce, launch).first->second == launch, world,
           instance.id.text + ": its nonce is another launch's too");
  }

  // At once; where EC2 refused, by the sweep.
  void check_metadata(SimWorld& world) {
    const Conditions& c = world.conditions;
    const SteadyTime trouble =
        later(later(c.ec2_trouble, c.server_down), later(c.ledger_trouble, c.ledger_lost));
    for (auto at = claimed_at_.begin(); at != claimed_at_.end();) {
      const SeenMachine* machine = books_->find(at->first);
      const bool is_over = machine == nullptr || !machine->is_live() || !machine->has_metadata;
      held();
      if (!is_over && world.clock.steady() - later(at->second, trouble) > k_metadata_off_within)
        broken(world, at->first.text + " still has IMDS on after its claim");
      at = is_over ? claimed_at_.erase(at) : std::next(at);
    }
  }

  SharedBooks books_;
  std::size_t read_ = 0;
  std::string user_data_;
  std::map<std::string, std::string> nonces_;  // and whose
  std::map<InstanceId, SteadyTime> claimed_at_;
};

class ClaimLaw final : public Law {
 public:
  explicit ClaimLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "a claim is answered to its machine alone"; }

  void before(SimWorld& world, std::string_view, std::string_view call,
              const HttpRequest& request) override {
    if (!call.ends_with("/generate-jitconfig")) return;
    const auto body = parse_json(request.body);
    const std::string name =
        body && body->is_object() ? json_string(body->get_object(), "name").value_or("") : "";
    books_->refresh(world);
    read_leases(world);
    const bool is_of_lost_ledger = world.conditions.ledger_lost != SteadyTime{};
    expect(names_asked_.insert(name).second || is_of_lost_ledger, world,
           "runner " + name + " was asked for twice");
    expect(names_written_.contains(name) || is_of_lost_ledger, world,
           "runner " + name + " was asked for before the ledger had its name");
  }

  void after(SimWorld& world, const Exchange& exchange) override {
    if (exchange.edge == Edge::github) note_registration(exchange);
    const bool is_event = exchange.edge == Edge::api && exchange.call.ends_with("/events");
    if (is_event && exchange.who == "stranger" && exchange.done != nullptr)
      expect(!exchange.done->ok(), world, "a stranger's event was taken for a machine's");
    if (exchange.edge != Edge::api || exchange.call != "POST /v1/claims") return;
    if (exchange.done == nullptr) return;
    books_->refresh(world);
    if (is_answered_claim(exchange)) judge(world, exchange, read_claim(exchange));
    if (exchange.done->status == 403) judge_refusal(world, exchange);
  }

  void look(SimWorld& world) override {
    read_leases(world);
    if (world.clock.steady() - looked_at_ < Seconds{1}) return;
    looked_at_ = world.clock.steady();
    std::map<LeaseId, std::string> online;
    for (const GithubRunner& runner : world.github->runners()) {
      const auto lease = lease_of_runner(world.config.deployment, runner.name);
      const bool is_online = runner.is_connected && runner.last_poll &&
                             world.now() - *runner.last_poll < k_seen_lately;
      if (!lease || !is_online) continue;
      const auto [other, is_first] = online.try_emplace(*lease, runner.name);
      expect(is_first || was_replaced(world, *lease), world,
             "two runners of lease " + lease->text + " are online");
    }
  }

 private:
  void note_registration(const Exchange& exchange) {
    if (exchange.done == nullptr || !exchange.call.ends_with("/generate-jitconfig")) return;
    const auto body = parse_json(exchange.done->body, upstream_json_limits());
    if (!body || !body->is_object()) return;
    const json::object* runner = json_object(body->get_object(), "runner");
    const auto jit = json_string(body->get_object(), "encoded_jit_config");
    if (runner != nullptr && jit) runner_of_[*jit] = json_string(*runner, "name").value_or("");
  }

  // Machines of one launch share their nonce, and are of one run: ADR 0022.
  bool is_asked_by_its_launch(std::string_view who, const SeenMachine& machine) const {
    const std::string_view prefix = "machine ";
    if (!who.starts_with(prefix)) return true;
    const SeenMachine* by = books_->find(InstanceId{std::string(who.substr(prefix.size()))});
    return by != nullptr && by->nonce == machine.nonce && by->tagged == machine.tagged;
  }

  void judge(SimWorld& world, const Exchange& exchange, const ClaimSeen& claim) {
    const SeenMachine* machine = books_->find(claim.instance);
    expect(machine != nullptr, world, "a claim was answered for no machine of ours");
    if (machine == nullptr) return;
    const std::string which = "claim of " + claim.instance.text;
    expect(claim.lease == machine->lease || claim.lease == machine->tagged, world,
           which + " was answered for another's lease");
    expect(machine->nonce == claim.nonce, world, which + " was answered without its nonce");
    expect(is_asked_by_its_launch(exchange.who, *machine), world,
           which + " was answered to " + std::string(exchange.who));
    judge_time(world, exchange, *machine);
    const auto runner = runner_of_.find(claim.jit);
    const std::string prefix = runner_name_prefix(world.config.deployment) + machine->lease.text +
                               "-" + std::to_string(machine->launch) + "-";
    expect(runner != runner_of_.end() && runner->second.starts_with(prefix), world,
           which + " was answered with a configuration that is not of its launch");
    expect(handed_out_.insert(claim.jit).second, world,
           which + " was answered with a configuration handed out before");
    const auto [key, is_first] = keys_.try_emplace(claim.instance, claim.key);
    expect(is_first || key->second == claim.key, world, which + " was answered to two keys");
  }

  void read_leases(SimWorld& world) {
    books_->refresh(world);
    const auto& changes = books_->lease_changes();
    for (; read_ < changes.size(); ++read_) {
      const Lease& lease = changes[read_].after;
      if (!lease.runner_name.empty()) names_written_.insert(lease.runner_name);
      const bool is_online = lease.state == LeaseState::online || lease.state == LeaseState::busy;
      if (is_online) online_since_.try_emplace(lease.launch.instance_id, world.clock.steady());
    }
  }

  // When the request was made, not when its answer came.
  void judge_time(SimWorld& world, const Exchange& exchange, const SeenMachine& machine) {
    const SteadyTime asked = world.clock.steady() - exchange.took;
    const auto online = online_since_.find(machine.id);
    expect(online == online_since_.end() || asked <= online->second, world,
           "claim of " + machine.id.text + " was answered while its runner was at work");
    const bool is_due =
        machine.deadline && world.now() - exchange.took > *machine.deadline + k_claim_slack;
    expect(!is_due || world.conditions.was_clock_wrong(asked, k_claim_felt), world,
           "claim of " + machine.id.text + " was answered past its deadline");
  }

  // An honest machine gives up at a refusal, and its job waits.
  void judge_refusal(SimWorld& world, const Exchange& exchange) {
    const std::string word = "machine ";
    if (!exchange.who.starts_with(word)) return;
    const SeenMachine* machine =
        books_->find(InstanceId{std::string(exchange.who.substr(word.size()))});
    if (machine == nullptr || world.machines->is_hostile(machine->id)) return;
    const Lease* lease = books_->find(machine->lease);
    const bool is_awaited = lease != nullptr && lease->launch.number == machine->launch &&
                            (lease->state == LeaseState::booting ||
                             (lease->state == LeaseState::launching && lease->launch.pending)) &&
                            machine->deadline && world.now() + k_claim_slack < *machine->deadline;
    const Conditions& c = world.conditions;
    const bool is_excused = c.ledger_lost >= machine->seen_at ||
                            c.was_clock_wrong(world.clock.steady(), k_claim_felt) ||
                            machine->hidden_for > Millis{0};
    expect(!is_awaited || is_excused, world,
           "the awaited machine " + machine->id.text + " was refused its claim");
  }

  // The runner of a machine that EC2 denied, or that belonged to a ledger that was lost.
  bool was_replaced(SimWorld& world, const LeaseId& lease) const {
    for (const auto& [id, machine] : books_->machines())
      if (machine.lease == lease &&
          (machine.hidden_for > Millis{0} || world.conditions.ledger_lost >= machine.seen_at))
        return true;
    return false;
  }

  SharedBooks books_;
  SteadyTime looked_at_{};
  std::map<std::string, std::string> runner_of_;  // by JIT configuration
  std::set<std::string> handed_out_;
  std::map<InstanceId, std::string> keys_;
  std::size_t read_ = 0;
  std::set<std::string> names_asked_, names_written_;  // of runners
  std::map<InstanceId, SteadyTime> online_since_;
};

}  // namespace

std::unique_ptr<Law> make_worthless_law(SharedBooks books) {
  return std::make_unique<WorthlessLaw>(std::move(books));
}
std::unique_ptr<Law> make_claim_law(SharedBooks books) {
  return std::make_unique<ClaimLaw>(std::move(books));
}

}  // namespace mayfly::lab::sim
