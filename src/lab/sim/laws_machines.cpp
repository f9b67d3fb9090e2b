// Deadlines, one machine per lease, caps, intents: what is promised of machines as such.

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "base/text.h"
#include "lab/aws/query_form.h"
#include "lab/sim/laws.h"
#include "lab/sim/sim_world.h"
#include "lease/enforce.h"

namespace mayfly::lab::sim {
namespace {

// What went wrong so long before a deadline can still be felt when it comes.
constexpr Millis k_felt_for{60'000};
constexpr Millis k_bound_well{30'000};
constexpr Millis k_bound_ill{120'000};
// EC2's complete list lacked a machine for so long: then it is believed to be gone.
constexpr Millis k_absence_believed{300'000};

bool is_tag_of(const QueryForm& tag, const char* key) { return tag.text("Key") == key; }

std::string tag_in(const QueryForm& form, const char* key) {
  for (const QueryForm& specification : form.items("TagSpecification"))
    for (const QueryForm& tag : specification.items("Tag"))
      if (is_tag_of(tag, key)) return tag.text("Value");
  return {};
}

Millis worst_skew(SimWorld& world) {
  Millis worst{0};
  for (const auto& server : world.servers)
    worst = std::max(worst, Millis(abs(server->clock().skew())));
  return worst;
}

class DeadlineLaw final : public Law {
 public:
  explicit DeadlineLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "no instance outlives its deadline"; }

  void look(SimWorld& world) override {
    skew_ = std::max(skew_, worst_skew(world));
    books_->refresh(world);
    for (const auto& [id, machine] : books_->machines()) {
      if (!machine.exists()) continue;
      if (!machine.deadline) {
        expect(false, world, id.text + " has no deadline");
        continue;
      }
      held();
      if (world.now() > *machine.deadline) judge(world, machine);
    }
  }

 private:
  void judge(SimWorld& world, const SeenMachine& machine) {
    const SteadyTime due = steady_at(world, *machine.deadline);
    const SteadyTime excused = excuse(world, due);
    const Millis overrun = world.clock.steady() - later(due, excused);
    world.counts.worst_overrun = std::max(world.counts.worst_overrun, overrun);
    if (overrun <= bound(world, due, machine)) return;
    broken(world, machine.id.text + " of lease " + machine.lease.text + " lives past its deadline");
  }

  // Nobody can end a machine while EC2 does not hear; without the second enforcer, while no server
  // is up.
  static SteadyTime excuse(SimWorld& world, SteadyTime due) {
    SteadyTime until{};
    const Conditions& so_far = world.conditions;
    if (so_far.ec2_trouble > due - k_felt_for) until = so_far.ec2_trouble;
    if (!world.scenario.has_enforcer && so_far.server_down > due - k_felt_for)
      until = later(until, so_far.server_down);
    return until;
  }

  Millis bound(SimWorld& world, SteadyTime due, const SeenMachine& machine) const {
    const Conditions& c = world.conditions;
    const bool is_clock_wrong = c.clock_trouble > due - k_felt_for;
    const SteadyTime trouble = later(later(c.ec2_trouble, c.github_trouble),
                                     later(later(c.ledger_trouble, c.ledger_lost), c.server_down));
    const bool is_well =
        trouble <= due - k_felt_for && !is_clock_wrong && !world.machines->is_hostile(machine.id);
    Millis bound = is_well ? k_bound_well : k_bound_ill;
    if (is_clock_wrong && !world.scenario.has_enforcer) bound += skew_;
    return bound + machine.hidden_for;
  }

  SharedBooks books_;
  Millis skew_{0};
};

class OneMachineLaw final : public Law {
 public:
  explicit OneMachineLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "one live instance per lease"; }

  void look(SimWorld& world) override {
    books_->refresh(world);
    const auto& changes = books_->machine_changes();
    const bool has_news = read_ < changes.size();
    for (; read_ < changes.size(); ++read_)
      if (changes[read_].kind == MachineChange::Kind::started)
        note_launch(world, changes[read_].id);
    check_rights(world);
    // Who was excused for a while is held to it at every look.
    if (has_news || is_waiting_) compare(world);
  }

  void ledger_lost(SimWorld&) override {
    by_right_.clear();
    machines_of_.clear();
  }

 private:
  // A bare label is known by itself; in a later attempt, where nobody asks, by its run's attempt
  // too.
  static std::string right_of(const Lease& lease) {
    const std::string attempt =
        " " + std::to_string(lease.run_id) + " " + std::to_string(lease.run_attempt);
    const std::string what = lease.source != Source::seed
                                 ? attempt + " " + std::to_string(lease.index) + " " +
                                       std::string(to_string(lease.source))
                                 : " " + lease.label + (lease.run_attempt > 1 ? attempt : "");
    return lease.repository.text + " " + std::string(to_string(lease.architecture)) + what;
  }

  // However often it is asked for: one lease.
  void check_rights(SimWorld& world) {
    const auto& changes = books_->lease_changes();
    for (; leases_read_ < changes.size(); ++leases_read_) {
      const Lease& lease = changes[leases_read_].after;
      if (changes[leases_read_].before) continue;
      const std::string right = right_of(lease);
      const auto [known, is_new] = by_right_.try_emplace(right, lease.id);
      expect(is_new || known->second == lease.id, world, "two leases for " + right);
    }
  }

  void note_launch(SimWorld& world, const InstanceId& id) {
    const SeenMachine& machine = *books_->find(id);
    const auto [first, is_new] =
        by_launch_.try_emplace({machine.lease, machine.launch}, machine.seen_at);
    const bool is_other_ledger = world.conditions.ledger_lost >= first->second;
    first->second = machine.seen_at;
    expect(is_new || is_other_ledger, world,
           "two machines for launch " + std::to_string(machine.launch) + " of lease " +
               machine.lease.text);
    expect(++machines_of_[machine.lease] <= world.config.machine.boots_max, world,
           "more machines for lease " + machine.lease.text + " than machine.boots_max");
  }

  void compare(SimWorld& world) {
    is_waiting_ = false;
    std::map<LeaseId, const SeenMachine*> live;
    for (const auto& [id, machine] : books_->machines()) {
      if (!machine.is_live()) continue;
      const auto [other, is_first] = live.try_emplace(machine.lease, &machine);
      held();
      if (is_first) continue;
      if (is_excused(world, *other->second) || is_excused(world, machine)) {
        is_waiting_ = true;
        continue;
      }
      broken(world, "two live machines of lease " + machine.lease.text + ": " +
                        other->second->id.text + " and " + id.text);
    }
  }

  // A machine of the ledger that was lost, until the sweep has found it; one that EC2 itself denied
  // to have.
  static bool is_excused(SimWorld& world, const SeenMachine& machine) {
    if (machine.hidden_for >= k_absence_believed) return true;
    const Conditions& c = world.conditions;
    if (c.ledger_lost < machine.seen_at) return false;
    const SteadyTime trouble =
        later(c.ledger_lost, later(c.ec2_trouble, later(c.server_down, c.ledger_trouble)));
    return world.clock.steady() - trouble <= k_bound_ill;
  }

  SharedBooks books_;
  std::size_t read_ = 0;
  std::size_t leases_read_ = 0;
  bool is_waiting_ = false;
  std::map<std::pair<LeaseId, int>, SteadyTime> by_launch_;
  std::map<std::string, LeaseId> by_right_;
  std::map<LeaseId, int> machines_of_;
};

class CapsLaw final : public Law {
 public:
  explicit CapsLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "never more machines than the caps"; }

  // A cap refuses what would pass it, and nothing else.
  void after(SimWorld& world, const Exchange& exchange) override {
    if (exchange.edge != Edge::api || exchange.done == nullptr || exchange.done->status != 429)
      return;
    const std::string& body = exchange.done->body;
    const auto says = [&](const char* code) { return body.find(code) != std::string::npos; };
    if (world.conditions.ledger_lost != SteadyTime{}) return;
    books_->refresh(world);
    if (says("\"limit-actor\"") || says("\"limit-pull-request\"") || says("\"limit-seed-labels\""))
      return judge_refusal(world, exchange);
    if (!says("\"limit-machines\"")) return;
    const auto counted = std::count_if(
        books_->leases().begin(), books_->leases().end(),
        [&](const auto& entry) { return counted_lately(world, exchange, entry.second); });
    const Caps& caps = world.config.limits;
    expect(counted + most_asked(caps) > caps.machines, world,
           "a request was refused by a cap that is not reached: " + std::to_string(counted) +
               " leases");
  }

  void ledger_lost(SimWorld&) override { first_run_.clear(); }

  void look(SimWorld& world) override {
    books_->refresh(world);
    if (machines_read_ < books_->machine_changes().size()) {
      machines_read_ = books_->machine_changes().size();
      count_machines(world);
    }
    if (leases_read_ < books_->lease_changes().size()) {
      leases_read_ = books_->lease_changes().size();
      count_leases(world);
    }
  }

 private:
  using RunAttempt = std::pair<RunId, int>;
  struct Owner {
    std::string actor, head;
  };

  // Whether the ledger may have counted it while it refused.
  static bool counted_lately(SimWorld& world, const Exchange& exchange, const Lease& lease) {
    return is_live(lease.state) ||
           steady_at(world, lease.state_since) + exchange.took + k_felt_for >= world.clock.steady();
  }

  void judge_refusal(SimWorld& world, const Exchange& exchange) {
    std::map<std::string, int> actors, heads;
    int bare = 0;
    for (const auto& [id, lease] : books_->leases()) {
      if (!counted_lately(world, exchange, lease)) continue;
      ++actors[lease.actor];
      ++heads[lease.head];
      if (lease.source == Source::seed) ++bare;
    }
    const std::string& body = exchange.done->body;
    const Caps& caps = world.config.limits;
    const auto fullest = [&](const std::map<std::string, int>& counts) {
      int most = 0;
      for (const auto& [name, count] : counts) most = std::max(most, count);
      return most + most_asked(caps);
    };
    const bool is_reached = body.find("limit-actor") != std::string::npos
                                ? fullest(actors) > caps.machines_per_actor
                            : body.find("limit-pull-request") != std::string::npos
                                ? fullest(heads) > caps.machines_per_pull_request
                                : bare + most_asked(caps) > caps.machines_for_seed_labels;
    expect(is_reached, world, "a request was refused by a cap that is not reached: " + body);
  }

  // Of both architectures by one ask.
  static int most_asked(const Caps& caps) { return 2 * caps.machines_per_run; }

  struct Tally {
    int all = 0;
    std::map<std::string, int> by_repository;
    std::map<std::tuple<RunId, int, Architecture>, int> by_run;
    std::map<std::string, int> by_actor, by_head;
    int bare = 0;
    std::map<std::pair<RunAttempt, Architecture>, std::set<std::string>> labels;  // bare ones
  };

  // A bare label counts for its run once a job of the run has shown it: until then that is a guess.
  void add(SimWorld& world, Tally& tally, const Lease& lease) {
    ++tally.by_repository[lease.repository.text];
    if (lease.source == Source::seed) ++tally.bare;
    // By what GitHub says of its run; one that was moved to another run counted for the first.
    const RunId admitted_for = first_run_.try_emplace(lease.id, lease.run_id).first->second;
    if (const Owner* owner = owner_of(world, lease.run_id); owner && admitted_for == lease.run_id) {
      ++tally.by_actor[owner->actor];
      ++tally.by_head[owner->head];
    }
    if (lease.source == Source::seed && !lease.run_confirmed) return;
    if (lease.source == Source::shared && admitted_for != lease.run_id) return;
    const RunAttempt run{lease.run_id, lease.run_attempt};
    ++tally.by_run[{lease.run_id, lease.run_attempt, lease.architecture}];
    if (lease.source == Source::seed) tally.labels[{run, lease.architecture}].insert(lease.label);
  }

  const Owner* owner_of(SimWorld& world, RunId id) {
    if (!owners_.contains(id))
      for (const auto& [run_id, run] : world.github->world().runs())
        owners_[run_id] = {run.spec.actor, run.spec.head_repository + ":" + run.spec.head_branch};
    const auto found = owners_.find(id);
    return found == owners_.end() ? nullptr : &found->second;
  }

  void count_machines(SimWorld& world) {
    Tally tally;
    for (const auto& [id, machine] : books_->machines()) {
      const bool is_of_lost_ledger = world.conditions.ledger_lost >= machine.seen_at;
      const bool was_denied = machine.hidden_for >= k_absence_believed;
      if (!machine.is_live() || is_of_lost_ledger || was_denied) continue;
      ++tally.all;
      if (const Lease* lease = books_->find(machine.lease)) add(world, tally, *lease);
    }
    judge(world, tally, "live machines");
  }

  void count_leases(SimWorld& world) {
    Tally tally;
    for (const auto& [id, lease] : books_->leases()) {
      // As the caps count: until the end of its machine is confirmed.
      if (!is_live(lease.state) || lease.machine_ended) continue;
      ++tally.all;
      add(world, tally, lease);
    }
    judge(world, tally, "live leases");
  }

  void judge(SimWorld& world, const Tally& tally, const std::string& what) {
    const Caps& caps = world.config.limits;
    expect(tally.all <= caps.machines, world, "more " + what + " than limits.machines");
    for (const auto& [repository, count] : tally.by_repository)
      expect(count <= caps.machines_per_repository, world,
             "more " + what + " of " + repository + " than its limit");
    for (const auto& [right, count] : tally.by_run)
      expect(count <= caps.machines_per_run, world,
             "more " + what + " of run " + std::to_string(std::get<RunId>(right)) +
                 " and one architecture than its limit");
    for (const auto& [actor, count] : tally.by_actor)
      expect(count <= caps.machines_per_actor, world,
             "more " + what + " of " + actor + " than its limit");
    for (const auto& [head, count] : tally.by_head)
      expect(count <= caps.machines_per_pull_request, world,
             "more " + what + " of " + head + " than its limit");
    expect(tally.bare <= caps.machines_for_seed_labels, world,
           "more " + what + " for bare labels than their limit");
    for (const auto& [run, labels] : tally.labels)
      expect(labels.size() <= 1, world,
             "run " + std::to_string(run.first.first) + " has " + what + " of several labels");
  }

  SharedBooks books_;
  std::size_t machines_read_ = 0, leases_read_ = 0;
  std::map<RunId, Owner> owners_;
  std::map<LeaseId, RunId> first_run_;
};

class IntentLaw final : public Law {
 public:
  explicit IntentLaw(SharedBooks) {}
  std::string_view name() const override { return "what is launched was intended first"; }

  void before(SimWorld& world, std::string_view, std::string_view call,
              const HttpRequest& request) override {
    if (call != "CreateFleet") return;
    const auto form = QueryForm::parse(request.body);
    if (!form) return expect(false, world, "a CreateFleet call that cannot be read");
    const LeaseId id{tag_in(*form, k_tag_lease)};
    const std::string token = form->text("ClientToken");
    expect(!token.empty(), world, "a launch of lease " + id.text + " without a client token");
    // The same call once more: another server may have found its machine meanwhile.
    if (const auto sent = sent_.find(token); sent != sent_.end())
      return expect(sent->second == request.body, world,
                    "client token " + token + " stands for two requests");
    if (is_of_lost_ledger(world)) return;
    const int count = static_cast<int>(
        parse_int(form->text("TargetCapacitySpecification.TotalTargetCapacity")).value_or(1));
    const std::vector<Lease> intended = intended_by(world, token, request.body);
    expect(std::ssize(intended) == count, world,
           "a launch of lease " + id.text + " is of " + std::to_string(count) + " machines, and " +
               std::to_string(intended.size()) + " leases intend it");
    const bool is_of_it = std::any_of(intended.begin(), intended.end(),
                                      [&](const Lease& lease) { return lease.id == id; });
    expect(is_of_it, world, "lease " + id.text + " was launched without this very intent");
    for (const Lease& lease : intended)
      expect(
          lease.state == LeaseState::launching || lease.state == LeaseState::ending, world,
          "lease " + lease.id.text + " was launched while " + std::string(to_string(lease.state)));
    sent_[token] = request.body;
  }

 private:
  static std::vector<Lease> intended_by(SimWorld& world, const std::string& token,
                                        const std::string& body) {
    std::vector<Lease> found;
    auto live = world.ledger().live();
    if (live)
      for (Lease& lease : *live)
        if (lease.launch.pending && lease.launch.client_token.text == token &&
            lease.launch.request == body)
          found.push_back(std::move(lease));
    return found;
  }

  // The call had been decided on the ledger that is lost.
  static bool is_of_lost_ledger(SimWorld& world) {
    return world.conditions.ledger_lost != SteadyTime{} &&
           world.clock.steady() - world.conditions.ledger_lost < k_felt_for;
  }

  std::map<std::string, std::string> sent_;
};

}  // namespace

std::unique_ptr<Law> make_deadline_law(SharedBooks books) {
  return std::make_unique<DeadlineLaw>(std::move(books));
}
std::unique_ptr<Law> make_one_machine_law(SharedBooks books) {
  return std::make_unique<OneMachineLaw>(std::move(books));
}
std::unique_ptr<Law> make_caps_law(SharedBooks books) {
  return std::make_unique<CapsLaw>(std::move(books));
}
std::unique_ptr<Law> make_intent_law(SharedBooks books) {
  return std::make_unique<IntentLaw>(std::move(books));
}

}  // namespace mayfly::lab::sim
