#include <string>

#include "cli/commands.h"
#include "cli/embedded_metrics.h"
#include "cli/process.h"
#include "cli/process_facts.h"
#include "lambda/function.h"
#include "lambda/runtime_api.h"
#include "pages/operator_links.h"
#include "report/tally.h"
#include "service/interruption_notice.h"
#include "service/stateless_sweep.h"
#include "web/api.h"

namespace mayfly::cli {
namespace {

using lambda::Function;
using lambda::RuntimeApi;

constexpr const char* k_runtime_variable = "AWS_LAMBDA_RUNTIME_API";
constexpr const char* k_metrics_variable = "MAYFLY_METRICS";

std::string config_path(Process& process) {
  if (auto named = process.environment.variable("MAYFLY_CONFIG")) return *named;
  return process.environment.variable("LAMBDA_TASK_ROOT").value_or("/var/task") + "/mayfly.toml";
}

// The second enforcer needs no ledger and no GitHub: it must start without them.
Result<SweepReport> enforce_once(Process& process, const Config& config, AwsClients& aws) {
  TRY_ASSIGN(const StatelessReport report,
             stateless_sweep(config.deployment, aws.ec2, process.clock));
  SweepReport seen;
  seen.instances = report.instances;
  for (const EnforcedInstance& instance : report.ended) {
    seen.terminated += instance.problem.empty() ? 1 : 0;
    if (!instance.problem.empty()) seen.problems.push_back(instance.problem);
    process.log.warning("enforced",
                        {{"instance", instance.id.text}, {"problem", instance.problem}});
  }
  return seen;
}

Error run_enforcer(Process& process, RuntimeApi& runtime, const Config& config) {
  AwsClients aws(config, process.clock, process.environment, process.transport);
  Function function(
      {process.clock, process.log}, nullptr, [&] { return enforce_once(process, config, aws); },
      config.sweep_every);
  return lambda::serve(runtime, function, process.log);
}

// One line for each sweep: the template's alarms read it.
void say_state(Process& process, const Config& config, Ledger& ledger, EmbeddedMetrics& metrics,
               const SweepReport& report) {
  const WallTime now = process.clock.wall();
  const auto usage = ledger.usage(config.limits, now);
  if (!usage) return process.log.warning("sweep-problem", {{"problem", usage.error().message}});
  metrics.say_sweep(report, *usage, now);
  process.log.info("sweep-state",
                   {LogField::number("overdue_seconds", report.overdue / Seconds{1}),
                    LogField::number("money_percent", money_percent(*usage, config.limits))});
}

std::optional<Secret> token_for_links(Process& process, const Config& config) {
  auto token = admin_token(process, config);
  if (token) return std::move(*token);
  process.log.warning("links-closed", {{"reason", token.error().message}});
  return std::nullopt;
}

// Why it ended; its own error is a start that failed.
Result<Error> run_service(Process& process, RuntimeApi& runtime, const Config& config) {
  TRY_ASSIGN(const auto books, open_ledger(process, config));
  EmbeddedMetrics metrics(process.log, config.deployment,
                          process.environment.variable(k_metrics_variable) == "all");
  report::Tally tally;
  report::CountingLedger ledger(*books, tally,
                                [&](const Lease& lease, const report::Journey& journey) {
                                  metrics.say_runner(lease, journey, process.clock.wall());
                                  keep_runner_time(process.log, *books, lease, journey);
                                });
  const World world{process.clock,     process.entropy,  process.log, process.environment,
                    process.transport, process.doorbell, ledger};
  TRY_ASSIGN(const auto made, ControlPlane::make(config, world));
  ControlPlane& plane = *made;
  Api api(config, {process.clock, process.entropy, process.log, ledger}, plane.asking(),
          plane.claims(), &plane.webhooks());
  pages::OperatorPages operator_pages(config, process.clock, ledger,
                                      [&] { return facts_left_by_sweep(ledger); });
  pages::OperatorLinks links(
      api, operator_pages, config, [&] { return token_for_links(process, config); }, process.clock);
  SweepNotes notes(process.clock, process.log, ledger, plane.github());
  Function function(
      {process.clock, process.log}, &links,
      [&]() -> Result<SweepReport> {
        SweepReport report = plane.sweeper().sweep();
        say_state(process, config, ledger, metrics, report);
        notes.leave(report);
        return report;
      },
      config.sweep_every,
      [&](const InstanceId& instance) {
        return note_interruption({process.clock, process.log, ledger}, instance);
      },
      [&](SteadyTime until) {
        for (const Lookout::Trouble& one : plane.lookout().work_off_hints(until))
          process.log.warning("hint-left-to-sweep",
                              {{"doing", one.doing}, {"reason", one.error.message}});
      });
  return lambda::serve(runtime, function, process.log);
}

Result<Error> run(Process& process, RuntimeApi& runtime) {
  TRY_ASSIGN(const Config config, load_config(process, config_path(process)));
  for (const std::string& warning : warnings(config))
    process.log.warning("configuration", {{"warning", warning}});
  if (process.environment.variable("MAYFLY_ROLE") == "sweep")
    return run_enforcer(process, runtime, config);
  return run_service(process, runtime, config);
}

}  // namespace

bool is_lambda() {
  os::SystemEnvironment environment;
  return environment.variable(k_runtime_variable).has_value();
}

int run_lambda() {
  Process process;
  RuntimeApi runtime(process.transport, process.clock,
                     process.environment.variable(k_runtime_variable).value_or(""));
  const auto end = run(process, runtime);
  if (end) {
    process.log.info("lambda-ended", {{"reason", end->message}});
    return 1;
  }
  if (const Status reported = runtime.report_failed_start(end.error()); !reported)
    process.log.warning("start-failure-not-reported", {{"reason", reported.error().message}});
  return complain(end.error());
}

}  // namespace mayfly::cli
