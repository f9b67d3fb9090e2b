#include "lab/sim/server.h"

#include <algorithm>

#include "http/problem.h"
#include "lab/rig/faulty_transport.h"
#include "lab/sim/scout.h"
#include "lab/sim/sim_ledger.h"
#include "lab/sim/sim_world.h"
#include "service/stateless_sweep.h"

namespace mayfly::lab::sim {
namespace {

constexpr Millis k_enforce_every{60'000};

class ServerTransport final : public HttpTransport {
 public:
  explicit ServerTransport(Life& life) : life_(life) {}
  Result<HttpResponse> send(const HttpRequest& request, SteadyTime deadline) override {
    return life_.world.send(life_.who(), &life_, request, deadline);
  }

 private:
  Life& life_;
};

class EnforcerTransport final : public HttpTransport {
 public:
  explicit EnforcerTransport(SimWorld& world) : world_(world) {}
  Result<HttpResponse> send(const HttpRequest& request, SteadyTime deadline) override {
    return world_.send("enforcer", nullptr, request, deadline);
  }

 private:
  SimWorld& world_;
};

class SimLog final : public Log {
 public:
  explicit SimLog(Life& life) : life_(life) {}
  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override {
    CapturingLog::Line line{level, std::string(event), {}};
    std::string text;
    for (const LogField& field : fields) {
      line.fields[std::string(field.name)] = field.value;
      text += std::string(field.name) + "=" + field.value + " ";
    }
    life_.world.trace.line(life_.world.clock.steady(), life_.who(), event, text);
    life_.world.for_each_law([&](Law& law) { law.log_line(life_.world, line); });
  }

 private:
  Life& life_;
};

class SimDoorbell final : public Doorbell {
 public:
  explicit SimDoorbell(SimWorld& world) : world_(world) {}
  void ring() override {
    is_rung_ = true;
    if (waiting_ != 0) world_.fibers.wake(waiting_);
  }
  void wait_until(SteadyTime t) override {
    if (!is_rung_) {
      waiting_ = world_.fibers.current();
      world_.rest_until(t);
      waiting_ = 0;
    }
    is_rung_ = false;
  }

 private:
  SimWorld& world_;
  bool is_rung_ = false;
  Fibers::Id waiting_ = 0;
};

}  // namespace

// --- SkewedClock --------------------------------------------------------------------------------

WallTime SkewedClock::wall() { return world_.clock.wall() + skew(); }
SteadyTime SkewedClock::steady() { return world_.clock.steady(); }
void SkewedClock::sleep_until(SteadyTime t) { world_.fibers.sleep_until(t); }

void SkewedClock::step(Millis d) { skew_ += d; }

void SkewedClock::drift(Millis per_hour) {
  skew_ = skew();
  since_ = world_.clock.steady();
  gained_per_hour_ = per_hour;
}

void SkewedClock::set_right() {
  skew_ = Millis{0};
  gained_per_hour_ = Millis{0};
}

Millis SkewedClock::skew() const {
  if (gained_per_hour_ == Millis{0}) return skew_;
  const Millis passed = world_.clock.steady() - since_;
  return skew_ + gained_per_hour_ * passed.count() / Millis(std::chrono::hours{1}).count();
}

// --- Life ---------------------------------------------------------------------------------------

struct Life::Seams {
  Seams(Life& life, Clock& clock)
      : entropy(life.world.seed * 1'000 + static_cast<std::uint64_t>(life.number)),
        log(life),
        transport(life),
        doorbell(life.world),
        disk(life) {
    if (!life.world.scenario.is_on_table) return;
    const Config& config = life.world.config;
    table.emplace(TableSeams{clock, entropy, *life.world.environment, transport}, config.aws.region,
                  config.ledger_table);
  }
  [[nodiscard]] Ledger& ledger() {
    if (table) return table->ledger();
    return disk;
  }

  SeededEntropy entropy;
  SimLog log;
  ServerTransport transport;
  SimDoorbell doorbell;
  SimLedger disk;
  std::optional<TableLedger> table;
};

Life::Life(SimWorld& the_world, Server& server, int the_number)
    : world(the_world), number(the_number), server_(server) {
  seams_ = std::make_unique<Seams>(*this, server.clock());
  const World seams{server.clock(),    seams_->entropy,  seams_->log,     *world.environment,
                    seams_->transport, seams_->doorbell, seams_->ledger()};
  auto plane = ControlPlane::make(world.config, seams);
  MAYFLY_CHECK(plane.has_value());
  plane_ = std::move(*plane);
  api_ = std::make_unique<Api>(
      world.config, ApiSeams{server.clock(), seams_->entropy, seams_->log, seams_->ledger()},
      plane_->asking(), plane_->claims(), &plane_->webhooks());
}

Life::~Life() = default;

const std::string& Life::who() const { return server_.who(); }

bool Life::is_over() const { return world.fibers.is_killed(number); }

void Life::boundary(std::string_view call, bool is_done) {
  if (is_over()) throw Killed{};
  if (!world.faults.dies_at_boundary(number, call)) return;
  world.trace.line(world.clock.steady(), who(), "killed");
  mark_killed(world, call, is_done);
  const auto most = static_cast<std::uint64_t>(world.scenario.restart_max.count());
  server_.kill(Millis(static_cast<std::int64_t>(most == 0 ? 1 : 1 + world.entropy.below(most))));
  throw Killed{};
}

// --- Server -------------------------------------------------------------------------------------

struct Server::Pending {
  std::optional<HttpResponse> response;
  Fibers::Id asker = 0;  // 0: does not wait any more
};

Server::Server(SimWorld& world, int number)
    : world_(world), who_("server-" + std::to_string(number)), clock_(world) {}

Server::~Server() = default;

void Server::start() {
  if (life_) return;
  life_ = std::make_shared<Life>(world_, *this, ++world_.lives);
  world_.trace.line(world_.clock.steady(), who_, "started");
  world_.fibers.spawn(life_->number, [this, life = life_] { sweep_forever(life); });
}

void Server::kill(std::optional<Millis> back_after) {
  if (!life_) return;
  ++world_.counts.deaths;
  world_.fibers.kill(life_->number);
  life_.reset();
  for (const auto& pending : pending_)
    if (pending->asker != 0) world_.fibers.wake(pending->asker);
  pending_.clear();
  if (!back_after) return;
  world_.fibers.spawn(k_world, [this, wait = *back_after] {
    world_.fibers.sleep_for(wait);
    start();
  });
}

// As cli/serve.cpp does it.
void Server::sweep_forever(const std::shared_ptr<Life>& life) {
  while (true) {
    (void)life->plane_->sweeper().sweep();
    ++world_.counts.sweeps;
    const SteadyTime rest = clock_.steady() + world_.config.sweep_every / 4;
    life->seams_->doorbell.wait_until(clock_.steady() + world_.config.sweep_every);
    clock_.sleep_until(rest);
  }
}

Result<HttpResponse> Server::serve(const HttpRequest& request, SteadyTime deadline) {
  const std::shared_ptr<Life> life = life_;
  if (!life) return fail(Code::transport_not_sent, "the service is down");
  if (life->workers >= world_.config.listen.workers)
    return problem_response(Error{Code::overloaded, "every worker is busy", Seconds{1}});
  auto pending = std::make_shared<Pending>();
  pending->asker = world_.fibers.current();
  pending_.push_back(pending);
  ++life->workers;
  world_.fibers.spawn(life->number, [this, life, pending, request] {
    pending->response = life->api_->handle(request);
    --life->workers;
    if (pending->asker != 0) world_.fibers.wake(pending->asker);
  });
  auto answer = await(life, *pending, deadline);
  pending->asker = 0;
  std::erase(pending_, pending);
  return answer;
}

Result<HttpResponse> Server::await(const std::shared_ptr<Life>& life, Pending& pending,
                                   SteadyTime deadline) {
  while (!pending.response) {
    if (life->is_over()) return fail(Code::transport_lost, "the service died over this request");
    if (clock_.steady() >= deadline) return fail(Code::transport_lost, "no answer in time");
    world_.fibers.sleep_until(deadline);
  }
  return std::move(*pending.response);
}

void enforce_forever(SimWorld& world) {
  EnforcerTransport transport(world);
  while (true) {
    AwsClients clients(world.config, world.clock, *world.environment, transport);
    const auto report = stateless_sweep(world.config.deployment, clients.ec2, world.clock);
    if (report)
      for (const EnforcedInstance& ended : report->ended)
        world.trace.line(world.clock.steady(), "enforcer", "ended", ended.id.text);
    world.rest_until(world.clock.steady() + k_enforce_every);
  }
}

}  // namespace mayfly::lab::sim
