#pragma once

// The state of the emulated EC2: instances and their lives, launch templates, remembered client
// tokens, capacity and what everything really cost. It reads time from the Clock and catches up in
// settle(); each change then carries the moment at which it was due, not the one at which it was
// noticed. Not thread-safe: FakeAws holds its mutex around it.

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "aws/ec2.h"
#include "base/ids.h"
#include "base/money.h"
#include "lab/aws/aws_options.h"
#include "lab/aws/launch_spec.h"
#include "lab/aws/machine_observer.h"
#include "seam/clock.h"
#include "seam/entropy.h"

namespace mayfly::lab {

struct StateChange {
  SteadyTime at{};
  aws::InstanceState state = aws::InstanceState::pending;
};

struct FakeInstance {
  InstanceId id;
  std::string reservation_id;
  LaunchSpec spec;
  std::string availability_zone;
  aws::Market market = aws::Market::on_demand;
  ClientToken client_token;
  std::string private_address;
  std::string public_address;
  aws::InstanceState state = aws::InstanceState::pending;
  WallTime launched_at{};
  SteadyTime visible_at{};
  std::string reason_code;     // "Client.UserInitiatedShutdown"
  std::string reason_message;  // "User initiated shutdown"
  WallTime reason_at{};
  std::optional<SteadyTime> due;            // when the present state ends by itself
  bool doomed = false;                      // will end from pending
  std::optional<SteadyTime> running_since;  // while it runs
  std::optional<SteadyTime> interrupt_at;
  std::optional<WallTime> interruption_notice;  // what IMDS tells
  std::vector<StateChange> history;             // each state that it has entered, oldest first
  Money price_per_hour;                         // of the present hour of running
  Millis priced_from{0};                        // of its running time: when that price began
  Millis hour_began{0};                         // of its running time
  Money spent_before;                           // until then, and for earlier times of running

  // What it has cost by then: per second, at least a minute, from running on (facts.md B5), each
  // hour of running at the price with which it began, as AWS states it for spot.
  [[nodiscard]] Money cost_at(SteadyTime t) const;
  [[nodiscard]] aws::InstanceState state_at(SteadyTime t) const;  // pending before there was any
};

struct LaunchTemplateVersionData {
  LaunchSpec spec;
  std::string description;
  WallTime created_at{};
};

struct FakeLaunchTemplate {
  std::string id;
  std::string name;
  aws::Tags tags;
  std::vector<LaunchTemplateVersionData> versions;  // version N is at N - 1

  // "3", "$Latest", "$Default" (the first).
  [[nodiscard]] std::optional<std::size_t> version_number(const std::string& text) const;
};

// What a client token stands for.
struct RememberedCall {
  std::string fingerprint;
  std::string answer;
  ClientToken token;
  SteadyTime last_needed{};  // by a call or by an instance, as far as that was looked at
};

struct MachineStarted {
  Machine machine;
};
struct MachineStopping {
  InstanceId id;
};
using MachineEvent = std::variant<MachineStarted, MachineStopping>;

class Ec2World {
 public:
  Ec2World(Clock& clock, Entropy& entropy, FakeAwsOptions world_options);

  void settle();
  [[nodiscard]] std::vector<MachineEvent> take_events();
  [[nodiscard]] std::optional<SteadyTime> next_change() const;

  // One instance, pending. The spec has passed check_launchable and the pool has room.
  const FakeInstance& launch(const LaunchSpec& spec, aws::Market market, const ClientToken& token,
                             const std::string& reservation_id);
  void terminate(FakeInstance& instance, const std::string& code, const std::string& message);
  // From inside the machine: as its shutdown behaviour says.
  void power_off(const InstanceId& id);
  // False unless it is a spot instance that runs.
  bool interrupt(const InstanceId& id, bool with_notice);

  // Describe, Terminate and Modify do not know it for so long from now.
  void hide(const InstanceId& id, Millis d);

  // How many more instances the pool takes; none: any number.
  [[nodiscard]] std::optional<int> room_in(const Pool& pool) const;
  // How many more the account may have in this market.
  [[nodiscard]] std::optional<int> quota_left(aws::Market market) const;

  // Uses up one of options.capacity_errors.
  [[nodiscard]] bool draw_capacity_error();

  // As Describe and Terminate see it: not before visible_at.
  [[nodiscard]] FakeInstance* find_visible(const InstanceId& id);
  [[nodiscard]] const FakeInstance* find(const InstanceId& id) const;
  [[nodiscard]] FakeLaunchTemplate* find_template_by_name(const std::string& name);
  [[nodiscard]] Money spent() const;
  [[nodiscard]] Money spent_on(const FakeInstance& instance) const;
  // The state of which DescribeInstances tells now.
  [[nodiscard]] aws::InstanceState shown_state(const FakeInstance& instance) const;
  [[nodiscard]] Money price_per_hour(const Pool& pool) const;

  [[nodiscard]] WallTime wall() { return clock_.wall(); }
  [[nodiscard]] SteadyTime steady() { return clock_.steady(); }
  [[nodiscard]] std::string new_id(const std::string& prefix);  // prefix + 17 hex digits

  FakeAwsOptions options;
  std::map<InstanceId, FakeInstance> instances;
  std::map<std::string, FakeLaunchTemplate> templates;  // by id
  std::map<std::string, RememberedCall> remembered;     // by action, token and zone
  std::uint64_t changes = 0;  // of what is told of any instance; counted by whoever makes them

 private:
  struct Due {
    SteadyTime at;
    MachineEvent event;
  };

  void settle_one(FakeInstance& instance, SteadyTime now);
  void settle_price(FakeInstance& instance, SteadyTime now);
  void forget_tokens(SteadyTime now);
  void enter(FakeInstance& instance, SteadyTime at, aws::InstanceState state);
  void change_state(FakeInstance& instance, SteadyTime at);
  void start(FakeInstance& instance, SteadyTime at);
  void begin_end(FakeInstance& instance, SteadyTime at, aws::InstanceState state,
                 const std::string& code, const std::string& message);
  [[nodiscard]] WallTime wall_at(SteadyTime t) { return clock_.wall() - (clock_.steady() - t); }

  Clock& clock_;
  Entropy& entropy_;
  std::vector<Due> happened_;
  // When settle() last went through all of them, and what there was: a second time finds nothing.
  struct Settled {
    SteadyTime at{};
    std::uint64_t changes = 0;
    std::size_t instances = 0;
    friend bool operator==(const Settled&, const Settled&) = default;
  };
  std::optional<Settled> settled_;
  Money spent_on_forgotten_;
  SteadyTime tokens_looked_at_{};
  unsigned addresses_ = 0;
};

[[nodiscard]] bool is_live(aws::InstanceState state);  // pending, running

}  // namespace mayfly::lab
