// Nothing destructive follows from an error, and what is other people's stays as it is.

#include <map>
#include <set>

#include "base/text.h"
#include "lab/aws/query_form.h"
#include "lab/rig/watch.h"
#include "lab/sim/laws.h"
#include "lab/sim/sim_world.h"
#include "lease/enforce.h"

namespace mayfly::lab::sim {
namespace {

class UnknownLaw final : public Law {
 public:
  explicit UnknownLaw(SharedBooks books) : books_(std::move(books)) {}
  std::string_view name() const override { return "an error ends nothing, nor anything foreign"; }

  void before(SimWorld& world, std::string_view who, std::string_view call,
              const HttpRequest& request) override {
    note_foreign(world);
    if (call == "TerminateInstances") judge_termination(world, std::string(who), request);
    if (call.starts_with("DELETE ")) judge_removal(world, std::string(who), std::string(call));
  }

  void after(SimWorld&, const Exchange& exchange) override {
    if (exchange.call != "DescribeInstances") return;
    const bool is_whole = exchange.answer && exchange.answer->ok() && exchange.done != nullptr &&
                          exchange.answer->body.size() >= exchange.done->body.size();
    lists_whole_[std::string(exchange.who)] = is_whole;
  }

  void ended(SimWorld& world) override {
    for (const InstanceId& id : foreign_machines_) {
      const auto instance = world.aws->find(id);
      expect(instance && is_live(instance->state), world, "the foreign " + id.text + " is gone");
    }
  }

 private:
  // What there is when the first call is made, and is not ours. Foreign runners are judged by the
  // calls that name them: GitHub itself removes those that are not connected for a day.
  void note_foreign(SimWorld& world) {
    if (std::exchange(knows_foreign_, true)) return;
    for (const FakeInstance& instance : world.aws->instances())
      if (tag_of(instance, k_tag_deployment) != world.config.deployment)
        foreign_machines_.insert(instance.id);
  }

  void judge_termination(SimWorld& world, const std::string& who, const HttpRequest& request) {
    const auto form = QueryForm::parse(request.body);
    if (!form) return expect(false, world, who + " sent a termination that cannot be read");
    books_->refresh(world);
    for (const std::string& id : form->list("InstanceId")) {
      const auto instance = world.aws->find(InstanceId{id});
      const bool is_ours =
          !instance || tag_of(*instance, k_tag_deployment) == world.config.deployment;
      expect(is_ours, world, who + " ends the foreign machine " + id);
      const auto list = lists_whole_.find(who);
      const bool may_be_blind = list != lists_whole_.end() && !list->second;
      const SeenMachine* machine = books_->find(InstanceId{id});
      if (may_be_blind && machine != nullptr)
        expect(has_other_ground(world, *machine), world,
               who + " ends " + id + " though its list of instances failed");
    }
  }

  // Its deadline, or a lease that says that it is over with this machine.
  bool has_other_ground(SimWorld& world, const SeenMachine& machine) const {
    constexpr Millis k_clock_slack{2'000}, k_under_way{60'000};
    const bool is_clock_wrong = world.conditions.was_clock_wrong(world.clock.steady(), k_under_way);
    if (is_clock_wrong || !machine.deadline || world.now() + k_clock_slack >= *machine.deadline)
      return true;
    const Lease* lease = books_->find(machine.lease);
    if (lease == nullptr) return false;
    const bool is_over = lease->state == LeaseState::ending || lease->state == LeaseState::gone;
    const bool is_left = lease->state == LeaseState::launching;
    const bool is_replaced = lease->launch.number > machine.launch;
    return is_over || is_left || is_replaced;
  }

  void judge_removal(SimWorld& world, const std::string& who, const std::string& call) {
    const auto id = parse_int(call.substr(call.rfind('/') + 1));
    if (!id || call.find("/runners/") == std::string::npos)
      return expect(false, world, who + " deletes what is no runner: " + call);
    for (const GithubRunner& runner : world.github->runners())
      if (runner.id == *id)
        expect(lease_of_runner(world.config.deployment, runner.name).has_value(), world,
               who + " removes the foreign runner " + runner.name);
  }

  SharedBooks books_;
  bool knows_foreign_ = false;
  std::set<InstanceId> foreign_machines_;
  std::map<std::string, bool> lists_whole_;
};

}  // namespace

std::unique_ptr<Law> make_unknown_law(SharedBooks books) {
  return std::make_unique<UnknownLaw>(std::move(books));
}

}  // namespace mayfly::lab::sim
