#pragma once

// One `mayfly serve` in simulation: the real control plane and API over seams of the simulation,
// with a sweep loop as serve's own, a bounded number of workers, and kill -9. What it has in memory
// is a Life; when it is killed that is gone and the next one starts on the same ledger. One thread.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lab/rig/seams.h"
#include "lab/sim/fibers.h"
#include "ledger/ledger.h"
#include "seam/transport.h"
#include "service/control_plane.h"
#include "web/api.h"

namespace mayfly::lab::sim {

class SimWorld;
class Server;

// A calendar of its own, which may be wrong; time as such is the world's.
class SkewedClock final : public Clock {
 public:
  explicit SkewedClock(SimWorld& world) : world_(world) {}
  [[nodiscard]] WallTime wall() override;
  [[nodiscard]] SteadyTime steady() override;
  void sleep_until(SteadyTime t) override;

  void step(Millis d);
  void drift(Millis per_hour);  // until set_right()
  void set_right();
  [[nodiscard]] Millis skew() const;

 private:
  SimWorld& world_;
  Millis skew_{0};  // at since_
  Millis gained_per_hour_{0};
  SteadyTime since_{};
};

// One process, from its start to its death.
class Life {
 public:
  Life(SimWorld& world, Server& server, int number);
  ~Life();

  // Where the process may be killed, before or after a call: throws Killed if so.
  void boundary(std::string_view call, bool is_done);
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] const std::string& who() const;

  SimWorld& world;
  const int number;  // of the world's processes, from 1; also the group of its fibers
  int workers = 0;   // busy

 private:
  friend class Server;
  struct Seams;
  Server& server_;
  std::unique_ptr<Seams> seams_;
  std::unique_ptr<ControlPlane> plane_;
  std::unique_ptr<Api> api_;
};

class Server {
 public:
  Server(SimWorld& world, int number);
  ~Server();

  void start();
  // As kill -9; comes back by itself after `back_after` (none: never).
  void kill(std::optional<Millis> back_after);
  [[nodiscard]] bool is_up() const { return life_ != nullptr; }
  // Of the world's processes; 0: none.
  [[nodiscard]] int life() const { return life_ ? life_->number : 0; }
  // One request, from the asking fiber; waits for the answer until the deadline.
  [[nodiscard]] Result<HttpResponse> serve(const HttpRequest& request, SteadyTime deadline);
  [[nodiscard]] SkewedClock& clock() { return clock_; }
  [[nodiscard]] const std::string& who() const { return who_; }

 private:
  friend class Life;
  void sweep_forever(const std::shared_ptr<Life>& life);
  struct Pending;
  [[nodiscard]] Result<HttpResponse> await(const std::shared_ptr<Life>& life, Pending& pending,
                                           SteadyTime deadline);

  SimWorld& world_;
  const std::string who_;
  SkewedClock clock_;
  std::shared_ptr<Life> life_;
  std::vector<std::shared_ptr<Pending>> pending_;
};

// The second enforcer: `mayfly sweep --stateless` once a minute, for ever; from a fiber.
void enforce_forever(SimWorld& world);

}  // namespace mayfly::lab::sim
