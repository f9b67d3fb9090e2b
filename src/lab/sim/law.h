#pragma once

// A law is one promise, watched from outside while a simulation goes on: it sees the emulated
// clouds, every exchange at every edge, every log line and, where the promise is about it, the
// ledger. It keeps its own books. One class per law, in laws_*.cpp; all_laws() is the list.
//
// A law must not change anything, draw anything or wait: the history is the same with and without
// it. It is called on the simulation's thread, from within fibers.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lab/rig/seams.h"
#include "lab/sim/faults.h"
#include "seam/transport.h"

namespace mayfly::lab::sim {

class SimWorld;

struct Violation {
  std::string law;
  std::string what;
  WallTime at{};
};

// One exchange, when it is over. Upstream: a server or the second enforcer asks EC2, SSM, STS or
// GitHub. Inbound (Edge::api): a caller or machine asks the service. request is what was sent;
// done is what the other side did and answered (none: it never got there); answer is what the
// asking side was told (an Error: nothing).
struct Exchange {
  Edge edge = Edge::ec2;
  std::string_view who;   // "server-1", "enforcer", "caller", "machine i-..."
  std::string_view call;  // call_name() of rig/faulty_transport.h, or "POST /v1/leases"
  const HttpRequest& request;
  const HttpResponse* done = nullptr;
  const Result<HttpResponse>& answer;
  Millis took{0};  // until the asking side knew
};

class Law {
 public:
  Law() = default;
  Law(const Law&) = delete;
  Law& operator=(const Law&) = delete;
  virtual ~Law() = default;

  // A sentence: "no instance outlives its deadline".
  [[nodiscard]] virtual std::string_view name() const = 0;
  // Before an upstream call reaches the other side: for laws about what must be written by then.
  virtual void before(SimWorld&, std::string_view /*who*/, std::string_view /*call*/,
                      const HttpRequest&) {}
  virtual void after(SimWorld&, const Exchange&) {}
  // After every moment of the simulation in which anything happened.
  virtual void look(SimWorld&) {}
  virtual void log_line(SimWorld&, const CapturingLog::Line&) {}
  // The ledger was lost on purpose: what was acknowledged before is excused.
  virtual void ledger_lost(SimWorld&) {}
  // 120 simulated seconds after everything was healed.
  virtual void healed(SimWorld&) {}
  // Everything has ended and a long calm time has passed.
  virtual void ended(SimWorld&) {}

  // How many times the promise was held against something.
  [[nodiscard]] std::uint64_t checks() const { return checks_; }
  [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }

 protected:
  // Counts a check; notes a violation, each text once and at most ten.
  void expect(bool holds, SimWorld& world, const std::string& what);
  // The same where the text is dear to make.
  void held() { ++checks_; }
  void broken(SimWorld& world, std::string what);

 private:
  std::uint64_t checks_ = 0;
  std::vector<Violation> violations_;
};

[[nodiscard]] std::vector<std::unique_ptr<Law>> all_laws();

}  // namespace mayfly::lab::sim
