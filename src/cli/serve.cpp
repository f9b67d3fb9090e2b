#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>

#include "base/ip_address.h"
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/embedded_metrics.h"
#include "cli/metrics.h"
#include "cli/process.h"
#include "cli/process_facts.h"
#include "http/problem.h"
#include "os/descriptor_limit.h"
#include "os/http_server.h"
#include "os/signals.h"
#include "os/threads.h"
#include "seam/line_limit.h"
#include "web/api.h"
#include "web/requests.h"

namespace mayfly::cli {
namespace {

// Each costs about 3 KB, with TLS 45 KB to 110 KB; each needs a descriptor, and so does the rest.
constexpr std::size_t k_connections_max = 16 * 1024;
constexpr std::size_t k_tls_connections_max = 2 * 1024;
constexpr std::size_t k_other_descriptors = 256;
// Of connections that carry no request; further ones are counted only.
constexpr int k_refusal_lines_per_minute = 120;
// Requests take a tenth of a millisecond, but for those that ask GitHub or AWS: a burst of a few
// neighbourhoods' connections waits its turn instead of turning honest callers away.
constexpr std::size_t k_queue_max = 256;

// A request that no service has seen is answered and logged like any other.
HttpResponse refusal(Process& process, Log& log, const Error& error) {
  HttpResponse response = problem_response(error);
  const std::string id = process.entropy.hex(8);
  response.headers.set("X-Request-Id", id);
  response.headers.set("Date", http_date(process.clock.wall()));
  log.write(error.code == Code::internal ? LogLevel::error : LogLevel::info, "request-refused",
            {{"request", id},
             {"status", std::to_string(response.status)},
             {"code", std::string(info(error.code).name)},
             {"reason", error.message}});
  return response;
}

os::HttpServerOptions server_options(Process& process, const Config& config, int port,
                                     int workers) {
  os::HttpServerOptions options;
  options.address = config.listen.address;
  options.port = static_cast<std::uint16_t>(port);
  options.workers = static_cast<std::size_t>(workers);
  options.body_bytes_max = 16 * 1024;
  const auto lines =
      std::make_shared<LineLimit>(process.clock, process.log, k_refusal_lines_per_minute);
  options.on_error = [&process, lines](const Error& error) {
    return refusal(process, *lines, error);
  };
  return options;
}

void note_certificate(Process& process, const Status& read) {
  if (read) return process.log.info("tls-certificate-changed");
  process.log.warning("tls-certificate-kept", {{"reason", read.error().message}});
}

// What only the public side needs: it is open to strangers.
os::HttpServerOptions public_options(Process& process, const Config& config) {
  const ListenConfig& listen = config.listen;
  os::HttpServerOptions options = server_options(process, config, listen.port, listen.workers);
  options.body_bytes_max = k_request_body_max;
  options.queue_max = k_queue_max;
  if (config.github.webhook_secret)
    options.large_bodies = {std::string(k_webhook_path), k_delivery_max};
  const std::size_t descriptors = os::raise_descriptor_limit();
  options.connections_max =
      std::min(listen.speaks_tls() ? k_tls_connections_max : k_connections_max,
               std::max(descriptors, 2 * k_other_descriptors) - k_other_descriptors);
  options.connections_per_prefix_max = static_cast<std::size_t>(listen.connections_per_prefix);
  for (const std::string& proxy : listen.trusted_proxies)
    options.trusted_proxies.push_back(parse_network(proxy).value());
  if (listen.speaks_tls()) options.tls = {listen.tls_certificate, listen.tls_key};
  options.on_certificate = [&process](const Status& read) { note_certificate(process, read); };
  return options;
}

// Sweeps until told to stop: at every ring, and by itself.
void sweep_forever(Process& process, const Config& config, Sweeper& sweeper, LastSweep& last_sweep,
                   const std::atomic<bool>& stopping) {
  while (!stopping) {
    const SweepReport report = sweeper.sweep();
    last_sweep.note(process.clock.wall(), report);
    // A flood of rings costs at most one sweep in a quarter of the interval.
    const SteadyTime rest = process.clock.steady() + config.sweep_every / 4;
    process.doorbell.wait_until(process.clock.steady() + config.sweep_every);
    if (!stopping) process.clock.sleep_until(rest);
  }
}

Result<int> run(Process& process, const CommonOptions& options) {
  os::StopSignal stop;
  TRY_ASSIGN(const Config config, load_config(process, options.config_path));
  for (const std::string& warning : warnings(config))
    process.log.warning("configuration", {{"warning", warning}});
  TRY_ASSIGN(const auto books, open_ledger(process, config));
  Counters counters;
  counters.started = process.clock.wall();
  EmbeddedMetrics told(process.log, config.deployment, false);
  report::CountingLedger ledger(*books, counters.leases,
                                [&](const Lease& lease, const report::Journey& journey) {
                                  told.say_runner(lease, journey, process.clock.wall());
                                  keep_runner_time(process.log, *books, lease, journey);
                                });
  CountingTransport transport(process.transport, process.clock, counters.upstream,
                              config.github.api_url);
  const World world{process.clock, process.entropy,  process.log, process.environment,
                    transport,     process.doorbell, ledger};
  TRY_ASSIGN(const auto plane_owner, ControlPlane::make(config, world));
  ControlPlane& plane = *plane_owner;
  Api api(config, {process.clock, process.entropy, process.log, ledger}, plane.asking(),
          plane.claims(), &plane.webhooks());
  CountingService counted_api(api, process.clock, counters.answers);
  LastSweep last_sweep;
  TRY_ASSIGN(const Secret token, admin_token(process, config));
  Admin admin(config, process.clock, ledger, last_sweep, counters, token,
              [&] { return facts_of_server(last_sweep, counters, plane.github()); });

  std::atomic<bool> stopping = false;
  const auto sweep_body = [&] {
    sweep_forever(process, config, plane.sweeper(), last_sweep, stopping);
  };
  os::NamedThread sweeping("sweep", sweep_body);
  auto server = os::HttpServer::start(counted_api, public_options(process, config));
  std::unique_ptr<os::HttpServer> admin_server;
  Status failed;
  if (!server) {
    failed = fail(server.error());
  } else if (config.listen.admin_port != 0) {
    os::HttpServerOptions admin_options =
        server_options(process, config, config.listen.admin_port, 2);
    admin_options.address = "127.0.0.1";
    auto started = os::HttpServer::start(admin, std::move(admin_options));
    if (started)
      admin_server = std::move(*started);
    else
      failed = fail(started.error());
  }
  if (failed) {
    process.log.info("serving", {{"address", config.listen.address},
                                 {"port", std::to_string((*server)->port())},
                                 {"tls", config.listen.speaks_tls() ? "yes" : "no"},
                                 {"deployment", config.deployment},
                                 {"version", MAYFLY_VERSION}});
    stop.wait();
    process.log.info("stopping");
  }
  stopping = true;
  process.doorbell.ring();
  if (server) (*server)->stop();
  if (admin_server) admin_server->stop();
  sweeping.join();
  TRY(failed);
  return 0;
}

}  // namespace

int serve(const CommonOptions& options) {
  Process process;
  const auto status = run(process, options);
  return status ? *status : complain(status.error());
}

}  // namespace mayfly::cli
