#include "lab/aws/ec2_world.h"

#include <algorithm>
#include <set>

#include "base/text.h"

namespace mayfly::lab {
namespace {

using aws::InstanceState;

constexpr Millis k_interruption_notice{120'000};
constexpr Millis k_price_holds = std::chrono::hours{1};
constexpr Millis k_tokens_looked_at = std::chrono::hours{1};

Machine machine_of(const FakeInstance& instance, const FakeAwsOptions& options, WallTime since) {
  const auto type = options.instance_types.find(instance.spec.instance_type);
  return {.id = instance.id,
          .user_data = instance.spec.user_data,
          .tags = instance.spec.tags,
          .instance_type = instance.spec.instance_type,
          .architecture = type == options.instance_types.end() ? Architecture::x86_64
                                                               : type->second.architecture,
          .image_id = instance.spec.image_id,
          .region = options.region,
          .availability_zone = instance.availability_zone,
          .private_address = instance.private_address,
          .public_address = instance.public_address,
          .market = instance.market,
          .running_since = since};
}

Pool pool_of(const FakeInstance& instance) {
  return {instance.spec.instance_type, instance.spec.subnet_id, instance.market};
}

std::string address(const std::string& prefix, unsigned n) {
  return prefix + std::to_string(n / 250 % 250) + '.' + std::to_string(n % 250 + 4);
}

}  // namespace

bool is_live(InstanceState state) {
  return state == InstanceState::pending || state == InstanceState::running;
}

Money FakeInstance::cost_at(SteadyTime t) const {
  if (!running_since) return spent_before;
  const Money all = price_for(price_per_hour, t - *running_since);
  const Money dearer = priced_from > Millis{0} ? price_for(price_per_hour, priced_from) : Money{};
  return spent_before + all - dearer;
}

InstanceState FakeInstance::state_at(SteadyTime t) const {
  InstanceState then = InstanceState::pending;
  for (const StateChange& change : history)
    if (change.at <= t) then = change.state;
  return then;
}

std::optional<std::size_t> FakeLaunchTemplate::version_number(const std::string& text) const {
  if (text == "$Latest") return versions.size();
  if (text == "$Default") return 1;
  const auto number = parse_int(text);
  if (!number || *number < 1 || static_cast<std::size_t>(*number) > versions.size())
    return std::nullopt;
  return static_cast<std::size_t>(*number);
}

Ec2World::Ec2World(Clock& clock, Entropy& entropy, FakeAwsOptions world_options)
    : options(std::move(world_options)), clock_(clock), entropy_(entropy) {}

std::string Ec2World::new_id(const std::string& prefix) { return prefix + "0" + entropy_.hex(8); }

const FakeInstance& Ec2World::launch(const LaunchSpec& spec, aws::Market market,
                                     const ClientToken& token, const std::string& reservation_id) {
  const SteadyTime now = clock_.steady();
  FakeInstance instance;
  instance.id = InstanceId{new_id("i-")};
  instance.reservation_id = reservation_id;
  instance.spec = spec;
  instance.availability_zone = options.subnets.at(spec.subnet_id);
  instance.market = market;
  instance.client_token = token;
  instance.private_address = address("10.0.", addresses_);
  if (spec.public_address) instance.public_address = address("198.18.", addresses_);
  ++addresses_;
  instance.launched_at = clock_.wall();
  instance.visible_at = now + options.visible_after;
  enter(instance, now, InstanceState::pending);
  instance.due = now + options.boot_delay;
  if (options.boot_jitter.count() > 0)
    *instance.due +=
        Millis(entropy_.below(static_cast<std::uint64_t>(options.boot_jitter.count())));
  if (options.doomed_launches > 0) {
    --options.doomed_launches;
    instance.doomed = true;
  }
  const InstanceId id = instance.id;
  return instances.emplace(id, std::move(instance)).first->second;
}

void Ec2World::settle() {
  const SteadyTime now = clock_.steady();
  const Settled settled{now, changes, instances.size()};
  if (settled_ == settled) return;
  for (auto at = instances.begin(); at != instances.end();) {
    FakeInstance& instance = at->second;
    settle_one(instance, now);
    const bool forgotten = instance.state == InstanceState::terminated && instance.due <= now;
    if (forgotten) {
      spent_on_forgotten_ += spent_on(instance);
      ++changes;
    }
    at = forgotten ? instances.erase(at) : std::next(at);
  }
  if (now - tokens_looked_at_ >= k_tokens_looked_at) forget_tokens(now);
  settled_ = Settled{now, changes, instances.size()};
}

void Ec2World::forget_tokens(SteadyTime now) {
  tokens_looked_at_ = now;
  std::set<std::string> needed;
  for (const auto& [id, instance] : instances) needed.insert(instance.client_token.text);
  for (auto at = remembered.begin(); at != remembered.end();) {
    RememberedCall& call = at->second;
    if (needed.contains(call.token.text)) call.last_needed = now;
    const bool is_forgotten = now - call.last_needed > options.tokens_remembered;
    at = is_forgotten ? remembered.erase(at) : std::next(at);
  }
}

void Ec2World::enter(FakeInstance& instance, SteadyTime at, InstanceState state) {
  instance.state = state;
  instance.history.push_back({at, state});
  ++changes;
}

void Ec2World::settle_one(FakeInstance& instance, SteadyTime now) {
  while (instance.state != InstanceState::terminated) {
    const bool interrupted =
        instance.interrupt_at && (!instance.due || *instance.interrupt_at < *instance.due);
    const std::optional<SteadyTime> at = interrupted ? instance.interrupt_at : instance.due;
    if (!at || *at > now) break;
    settle_price(instance, *at);
    if (interrupted) {
      begin_end(instance, *at, InstanceState::shutting_down, "Server.SpotInstanceTermination",
                "Spot instance termination");
    } else {
      change_state(instance, *at);
    }
  }
  settle_price(instance, now);
}

// The price of each hour that has begun by now. What is configured has not changed since the last
// time: configure() settles first.
void Ec2World::settle_price(FakeInstance& instance, SteadyTime now) {
  if (!instance.running_since) return;
  const SteadyTime since = *instance.running_since;
  if (since + instance.hour_began + k_price_holds > now) return;
  const Money price = price_per_hour(pool_of(instance));
  while (since + instance.hour_began + k_price_holds <= now) {
    instance.hour_began += k_price_holds;
    if (price == instance.price_per_hour) continue;
    instance.spent_before = instance.cost_at(since + instance.hour_began);
    instance.priced_from = instance.hour_began;
    instance.price_per_hour = price;
  }
}

void Ec2World::change_state(FakeInstance& instance, SteadyTime at) {
  switch (instance.state) {
    case InstanceState::pending:
      if (!instance.doomed) return start(instance, at);
      begin_end(instance, at, InstanceState::terminated, "Server.InternalError",
                "Internal error on launch");
      instance.due = at + options.terminated_visible;
      return;
    case InstanceState::shutting_down:
      enter(instance, at, InstanceState::terminated);
      instance.due = at + options.terminated_visible;
      return;
    case InstanceState::stopping:
      enter(instance, at, InstanceState::stopped);
      instance.due.reset();
      return;
    case InstanceState::running:
    case InstanceState::stopped:
    case InstanceState::terminated:
      instance.due.reset();
      return;
  }
}

void Ec2World::start(FakeInstance& instance, SteadyTime at) {
  enter(instance, at, InstanceState::running);
  instance.running_since = at;
  instance.priced_from = instance.hour_began = Millis{0};
  instance.price_per_hour = price_per_hour(pool_of(instance));
  instance.due.reset();
  happened_.push_back({at, MachineStarted{machine_of(instance, options, wall_at(at))}});
}

void Ec2World::begin_end(FakeInstance& instance, SteadyTime at, InstanceState state,
                         const std::string& code, const std::string& message) {
  if (instance.running_since) {
    instance.spent_before = instance.cost_at(at);
    instance.running_since.reset();
    happened_.push_back({at, MachineStopping{instance.id}});
  }
  enter(instance, at, state);
  instance.due = at + options.shutdown_delay;
  instance.interrupt_at.reset();
  instance.reason_code = code;
  instance.reason_message = message;
  instance.reason_at = wall_at(at);
}

void Ec2World::terminate(FakeInstance& instance, const std::string& code,
                         const std::string& message) {
  if (instance.state == InstanceState::terminated || instance.state == InstanceState::shutting_down)
    return;
  begin_end(instance, clock_.steady(), InstanceState::shutting_down, code, message);
}

void Ec2World::power_off(const InstanceId& id) {
  const auto found = instances.find(id);
  if (found == instances.end() || found->second.state != InstanceState::running) return;
  FakeInstance& instance = found->second;
  begin_end(
      instance, clock_.steady(),
      instance.spec.terminate_on_shutdown ? InstanceState::shutting_down : InstanceState::stopping,
      "Client.InstanceInitiatedShutdown", "Instance initiated shutdown");
}

bool Ec2World::interrupt(const InstanceId& id, bool with_notice) {
  const auto found = instances.find(id);
  if (found == instances.end() || found->second.market != aws::Market::spot ||
      found->second.state != InstanceState::running)
    return false;
  FakeInstance& instance = found->second;
  instance.interrupt_at = clock_.steady() + (with_notice ? k_interruption_notice : Millis{0});
  if (with_notice) instance.interruption_notice = clock_.wall() + k_interruption_notice;
  ++changes;
  settle_one(instance, clock_.steady());
  return true;
}

void Ec2World::hide(const InstanceId& id, Millis d) {
  const auto found = instances.find(id);
  if (found == instances.end()) return;
  found->second.visible_at = std::max(found->second.visible_at, clock_.steady() + d);
  ++changes;
}

bool Ec2World::draw_capacity_error() {
  if (options.capacity_errors <= 0) return false;
  --options.capacity_errors;
  return true;
}

std::vector<MachineEvent> Ec2World::take_events() {
  std::stable_sort(happened_.begin(), happened_.end(),
                   [](const Due& a, const Due& b) { return a.at < b.at; });
  std::vector<MachineEvent> events;
  for (Due& due : happened_) events.push_back(std::move(due.event));
  happened_.clear();
  return events;
}

std::optional<SteadyTime> Ec2World::next_change() const {
  std::optional<SteadyTime> next;
  for (const auto& [id, instance] : instances)
    for (const auto& at : {instance.due, instance.interrupt_at})
      if (at && (!next || *at < *next)) next = at;
  return next;
}

std::optional<int> Ec2World::room_in(const Pool& pool) const {
  const auto limit = options.capacity.find(pool);
  if (limit == options.capacity.end()) return std::nullopt;
  const auto taken = std::count_if(instances.begin(), instances.end(), [&](const auto& entry) {
    return is_live(entry.second.state) && pool_of(entry.second) == pool;
  });
  return std::max(0, limit->second - static_cast<int>(taken));
}

std::optional<int> Ec2World::quota_left(aws::Market market) const {
  const auto& quota = market == aws::Market::spot ? options.spot_quota : options.on_demand_quota;
  if (!quota) return std::nullopt;
  const auto taken = std::count_if(instances.begin(), instances.end(), [&](const auto& entry) {
    return is_live(entry.second.state) && entry.second.market == market;
  });
  return std::max(0, *quota - static_cast<int>(taken));
}

FakeInstance* Ec2World::find_visible(const InstanceId& id) {
  const auto found = instances.find(id);
  const bool visible = found != instances.end() && found->second.visible_at <= clock_.steady();
  return visible ? &found->second : nullptr;
}

const FakeInstance* Ec2World::find(const InstanceId& id) const {
  const auto found = instances.find(id);
  return found == instances.end() ? nullptr : &found->second;
}

FakeLaunchTemplate* Ec2World::find_template_by_name(const std::string& name) {
  for (auto& [id, launch_template] : templates)
    if (launch_template.name == name) return &launch_template;
  return nullptr;
}

Money Ec2World::price_per_hour(const Pool& pool) const {
  const auto type = options.instance_types.find(pool.instance_type);
  const auto own = options.prices.find(pool);
  if (type == options.instance_types.end()) return {};
  const InstanceType& prices = type->second;
  if (pool.market != aws::Market::spot)
    return own == options.prices.end() ? prices.on_demand_per_hour : own->second;
  const Money spot = own == options.prices.end() ? prices.spot_per_hour : own->second;
  return std::min(spot, prices.on_demand_per_hour);
}

Money Ec2World::spent_on(const FakeInstance& instance) const {
  return instance.cost_at(clock_.steady());
}

InstanceState Ec2World::shown_state(const FakeInstance& instance) const {
  return options.state_lag == Millis{0} ? instance.state
                                        : instance.state_at(clock_.steady() - options.state_lag);
}

Money Ec2World::spent() const {
  Money sum = spent_on_forgotten_;
  for (const auto& [id, instance] : instances) sum += spent_on(instance);
  return sum;
}

}  // namespace mayfly::lab
