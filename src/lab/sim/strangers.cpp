#include <array>
#include <tuple>
#include <utility>
#include <vector>

#include "lab/sim/callers.h"
#include "lab/sim/scout.h"

namespace mayfly::lab::sim {
namespace {

// Everything that a stranger can know is public: labels, ids of leases and instances, run ids.
class Stranger {
 public:
  explicit Stranger(SimWorld& world) : world_(world), entropy_(world.seed * 104'729 + 999'983) {}

  void act() {
    if (entropy_.below(1000) < static_cast<std::uint64_t>(world_.scenario.flooding)) return flood();
    const bool wants_live = entropy_.below(2) == 0;
    const auto live = world_.ledger().live();
    const auto known = wants_live && live && !live->empty() ? live : world_.ledger().recent(20);
    if (!known || known->empty()) return;
    const Lease& lease = (*known)[entropy_.below(known->size())];
    const std::string id = lease.id.text;
    switch (entropy_.below(13)) {
      case 0:
        return send("DELETE", "/v1/leases/" + id, "");
      case 1:
        return send("POST", "/", R"({"operation":"destroy","label":")" + lease.label + "\"}");
      case 2:
        return claim(lease, entropy_.hex(16));
      case 3:
        return claim(lease, "");
      case 4:
        return send("POST", "/v1/leases/" + id + "/events",
                    R"({"event":"job-completed","detail":"says a stranger"})", entropy_.hex(16));
      case 5:
        return send("POST", "/v1/leases",
                    R"({"repository":")" + lease.repository.text + R"(","run_id":)" +
                        std::to_string(lease.run_id) +
                        R"(,"runners":[{"architecture":"x86_64"}]})");
      case 6:
        return send("POST", "/v1/leases", std::string(5000, '{'));
      case 7:
        return send("POST", "/", R"({"operation":"explode","label":")" + lease.label + "\"}");
      case 8:
        return send("GET", "/v1/machines", "");
      case 9:
        return send("GET", "/v1/leases/l-" + entropy_.hex(10), "");
      case 10: {
        Lease none;
        none.id = LeaseId{"l-" + entropy_.hex(10)};
        return claim(none, entropy_.hex(16));
      }
      case 11:
        return steal(lease);
      default:
        return send("GET", "/v1/leases/" + id, "");
    }
  }

  // Gives up what it has stolen or hopes to steal; all of it once everything is healed.
  void give_up(bool all) {
    std::erase_if(thefts_, [&](const auto& theft) {
      if (!all && world_.clock.steady() < theft.second) return false;
      std::ignore = world_.github->cancel_run(theft.first);
      return true;
    });
  }

  Millis pause() {
    const bool is_pest = world_.scenario.flooding >= 1000;
    return Millis(static_cast<std::int64_t>(1000 + entropy_.below(is_pest ? 60'000 : 900'000)));
  }

 private:
  // A run of a pull request whose workflow names the labels of somebody else's runner. A bare label
  // that no run's jobs have shown yet may be anybody's: docs/adr/0009.
  void steal(const Lease& lease) {
    if (lease.source == Source::seed && !lease.run_confirmed) return;
    RunSpec spec;
    spec.repository = lease.repository;
    spec.head_repository = "stranger/rr";
    spec.jobs.push_back({.name = "mine-now", .labels = lease.labels, .duration = Seconds{60}});
    thefts_.emplace_back(world_.github->start_run(std::move(spec)),
                         world_.clock.steady() + Seconds{900});
  }

  // Asks for runs that are not there, and rings at the doorbell, as fast as the answers come, from
  // one address or from one after the other.
  void flood() {
    const auto count = 20 + entropy_.below(200);
    const auto addresses = 1 + entropy_.below(entropy_.below(2) == 0 ? 1 : 50);
    const auto recent = world_.ledger().recent(1);
    for (std::uint64_t i = 0; i < count && !world_.is_healed; ++i) {
      peer_ = "198.51." + std::to_string(entropy_.below(addresses)) + ".66";
      const auto what = entropy_.below(8);
      if (what == 0 && recent && !recent->empty())
        send("DELETE", "/v1/leases/" + recent->front().id.text, "");
      else if (what == 1)
        send("POST", "/",
             R"({"operation":"destroy","label":"rr_runner_)" + entropy_.hex(16) + "\"}");
      else
        send("POST", "/v1/leases",
             R"({"repository":"rr-debugger/rr","run_id":)" +
                 std::to_string(900'000'000 + entropy_.below(what == 2 ? 3 : 1'000'000)) +
                 R"(,"runners":[{"architecture":"x86_64"}]})");
    }
    peer_.clear();
  }

  void claim(const Lease& lease, const std::string& nonce) {
    const std::string key = entropy_.hex(16);
    send("POST", "/v1/claims",
         R"({"lease":")" + lease.id.text + R"(","instance_id":")" + lease.launch.instance_id.text +
             R"(","claim_key":")" + key + "\"}",
         nonce);
  }

  void send(const std::string& method, const std::string& path, const std::string& body,
            const std::string& nonce = {}) {
    HttpRequest request{method, path, {{"Host", "mayfly.test"}}, body};
    if (!body.empty()) request.headers.add("Content-Type", "application/json");
    request.peer = peer_;
    if (!nonce.empty()) request.headers.add("X-Mayfly-Claim", nonce);
    (void)world_.ask("stranger", std::move(request), world_.clock.steady() + Seconds{60});
  }

  SimWorld& world_;
  SeededEntropy entropy_;
  std::vector<std::pair<RunId, SteadyTime>> thefts_;  // and until when they wait
  std::string peer_;                                  // empty: the address that everybody has
};

// What was sent once, some of it long ago.
class Recorder {
 public:
  explicit Recorder(SimWorld& world) : world_(world), entropy_(world.seed * 104'729 + 888'889) {
    world_.on_request = [this](std::string_view who, const HttpRequest& request) {
      if (who == "caller" || who.starts_with("machine ")) note(who, request);
    };
  }
  ~Recorder() { world_.on_request = {}; }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void act() {
    if (recorded_.empty()) return;
    const Recorded one = recorded_[entropy_.below(recorded_.size())];
    if (!may_be_known(one)) return;
    note_situation(one);
    (void)world_.ask("replayer", one.request, world_.clock.steady() + Seconds{60});
  }

  Millis pause() { return Millis(static_cast<std::int64_t>(1000 + entropy_.below(1'200'000))); }

 private:
  struct Recorded {
    std::string who;
    HttpRequest request;
    SteadyTime at{};
  };

  void note(std::string_view who, const HttpRequest& request) {
    const bool is_full = recorded_.size() == k_recorded;
    if (is_full && entropy_.below(3) != 0) return;
    Recorded& slot = is_full ? recorded_[entropy_.below(k_recorded)] : recorded_.emplace_back();
    slot = {std::string(who), request, world_.clock.steady()};
  }

  // A claim and its answer travel inside TLS. Who is root on a machine knows its own; an honest
  // machine's can be read off its disk, once it is gone.
  bool may_be_known(const Recorded& one) {
    constexpr std::string_view k_machine = "machine ";
    if (!one.who.starts_with(k_machine)) return true;
    const InstanceId id{one.who.substr(k_machine.size())};
    const auto instance = world_.aws->find(id);
    return !instance || !is_live(instance->state) || world_.machines->is_hostile(id);
  }

  void note_situation(const Recorded& one) {
    constexpr Millis k_late = std::chrono::hours{24};
    const HttpRequest& request = one.request;
    if (world_.clock.steady() - one.at > k_late) mark(world_, "replayed_late");
    if (request.url.ends_with("/events")) return mark(world_, "replayed_event");
    if (request.url == "/v1/claims") return mark(world_, "replayed_claim");
    const bool is_destroy = request.body.find("\"destroy\"") != std::string::npos;
    mark(world_, is_destroy ? "replayed_destroy" : "replayed_ask");
  }

  static constexpr std::size_t k_recorded = 60;

  SimWorld& world_;
  SeededEntropy entropy_;
  std::vector<Recorded> recorded_;
};

}  // namespace

void replay_forever(SimWorld& world) {
  Recorder recorder(world);
  while (!world.is_healed) {
    world.rest_until(world.clock.steady() + recorder.pause());
    if (!world.is_healed) recorder.act();
  }
}

void annoy_forever(SimWorld& world) {
  if (world.scenario.lying == 0) return;
  Stranger stranger(world);
  while (!world.is_healed) {
    world.rest_until(world.clock.steady() + stranger.pause());
    stranger.give_up(world.is_healed);
    if (!world.is_healed) stranger.act();
  }
}

}  // namespace mayfly::lab::sim
