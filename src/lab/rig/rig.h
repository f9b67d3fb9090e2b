#pragma once

// The whole of mayfly in one process, deterministic and in virtual time: the real configuration,
// ledger, control plane and API over the emulated EC2 and GitHub, with modelled machines. Nothing
// real is touched: no clock, socket, thread or global. The same options give the same history.
//
// Time passes in run_for() and whenever the service sleeps: the world (machines, EC2, the sweep)
// goes on meanwhile, one event after the other. What a caller or a machine asks of the service
// comes in through ask(), as over a network: while the service is down there is no answer.
//
// The service is one process that can be killed at any of its upstream calls (FaultKind::kill_*).
// All that it has in memory is then gone; a new one starts at once on the same ledger.

#include <boost/json/object.hpp>
#include <memory>
#include <string>

#include "base/json.h"
#include "config/config.h"
#include "lab/aws/fake_aws.h"
#include "lab/aws/fake_imds.h"
#include "lab/github/fake_github.h"
#include "lab/local_transport.h"
#include "lab/machine/model_machines.h"
#include "lab/rig/faulty_transport.h"
#include "lab/rig/seams.h"
#include "lab/rig/watch.h"
#include "ledger/sqlite_ledger.h"
#include "service/control_plane.h"
#include "service/stateless_sweep.h"
#include "web/api.h"

namespace mayfly::lab {

// Where the parts of a rig or a simulation find each other; nothing listens outside the process.
inline constexpr const char* k_rig_api = "https://mayfly.test";
inline constexpr const char* k_ec2_url = "http://ec2.test";
inline constexpr const char* k_github_url = "https://api.github.com";
// In the environment of the service as WEBHOOK_SECRET.
// Beside it, as APP_KEY: emulated_app_key().
inline constexpr const char* k_rig_webhook_secret = "webhook_secret_of_the_rig";
inline constexpr const char* k_imds_url = "http://169.254.169.254";

struct RigOptions {
  std::uint64_t seed = 1;
  Config config;                         // rr_config() or a change of it
  std::string ledger_path = ":memory:";  // a file is opened again after each death
  FakeAwsOptions aws = {};
  GithubOptions github = {};
  ModelOptions machines = {};
};

// rr's own deployment: one repository of rr-debugger, both architectures, bare labels on.
[[nodiscard]] Config rr_config();
[[nodiscard]] RigOptions rr_options();

class Rig {
 public:
  explicit Rig(RigOptions options = rr_options());
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  void run_for(Millis d);
  // False when the limit came first.
  bool run_until(const std::function<bool()>& done, Millis limit);
  // Until no lease, no machine and no runner of ours is left.
  bool run_until_quiet(Millis limit);
  [[nodiscard]] bool is_quiet();

  // A request from outside, as curl makes it: an Error when the service died over it.
  [[nodiscard]] Result<HttpResponse> ask(const std::string& method, const std::string& path,
                                         const std::string& body = "", const Headers& extra = {});
  // The same for JSON; a request that got no answer has status 0.
  HttpResponse post(const std::string& path, const json::object& body);

  // One pass now; nullopt when the service died over it.
  std::optional<SweepReport> sweep();
  // Switches the service's own passes off: what is left then is the second enforcer.
  void set_sweeping(bool on) { is_sweeping_on_ = on; }
  [[nodiscard]] Result<StatelessReport> stateless_sweep();

  [[nodiscard]] VirtualClock& clock() { return clock_; }
  [[nodiscard]] FakeAws& aws() { return aws_; }
  [[nodiscard]] FakeGithub& github() { return github_; }
  [[nodiscard]] Ledger& ledger() { return *ledger_; }
  [[nodiscard]] const Config& config() const { return options_.config; }
  [[nodiscard]] CapturingLog& log() { return log_; }
  [[nodiscard]] Watch& watch() { return watch_; }
  [[nodiscard]] FaultyTransport& upstream() { return upstream_; }        // of the service
  [[nodiscard]] FaultyTransport& machine_net() { return machine_net_; }  // of the machines
  [[nodiscard]] int deaths() const { return deaths_; }

 private:
  // Everything that dies with the process.
  struct Service {
    std::unique_ptr<ControlPlane> plane;
    std::unique_ptr<Api> api;
  };

  // What the machines see: the service's API, IMDS and GitHub.
  class MachineNetwork final : public HttpTransport {
   public:
    explicit MachineNetwork(Rig& rig) : rig_(rig) {}
    Result<HttpResponse> send(const HttpRequest& request, SteadyTime deadline) override;

   private:
    Rig& rig_;
  };

  void start_service();
  [[nodiscard]] Result<HttpResponse> serve(HttpRequest request);
  // Runs fn within the service's process. False: it was dead already, or died over it.
  bool inside(const std::function<void(Service&)>& fn);
  void live_until(SteadyTime t);
  void step(SteadyTime until);
  void play_machines();

  RigOptions options_;
  VirtualClock clock_;
  SeededEntropy aws_entropy_, github_entropy_, machine_entropy_, service_entropy_;
  CapturingLog log_;
  FlagDoorbell doorbell_;
  FixedEnvironment environment_;
  FakeAws aws_;
  FakeImds imds_;
  FakeGithub github_;
  LocalTransport network_;
  FaultyTransport upstream_;
  MachineNetwork machine_network_{*this};
  FaultyTransport machine_net_;
  ModelMachines machines_;
  Watch watch_;

  std::unique_ptr<SqliteLedger> ledger_;
  std::unique_ptr<Service> service_;
  bool is_dying_ = false;
  int depth_ = 0;  // of calls within the service, one inside the other through its sleeps
  int deaths_ = 0;
  bool is_sweeping_on_ = true;
  bool is_sweep_going_on_ = false;
  bool are_machines_busy_ = false;
  SteadyTime next_sweep_{};
};

}  // namespace mayfly::lab
