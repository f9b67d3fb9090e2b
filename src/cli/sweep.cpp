#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "cli/process.h"
#include "service/stateless_sweep.h"

namespace mayfly::cli {
namespace {

Result<int> run_stateless(const CommonOptions& options) {
  Process process;
  TRY_ASSIGN(const Config config, load_config(process, options.config_path));
  AwsClients aws(config, process.clock, process.environment, process.transport);
  TRY_ASSIGN(const StatelessReport report,
             stateless_sweep(config.deployment, aws.ec2, process.clock));
  int problems = 0;
  json::array ended;
  for (const EnforcedInstance& instance : report.ended) {
    const char* why =
        instance.why == Enforcement::past_deadline ? "past its deadline" : "no believable deadline";
    if (!instance.problem.empty()) ++problems;
    if (!options.json)
      std::printf("%s  %s  %s\n", instance.id.text.c_str(), why,
                  instance.problem.empty() ? "terminated" : instance.problem.c_str());
    ended.push_back(
        json::object{{"instance", instance.id.text}, {"why", why}, {"problem", instance.problem}});
  }
  if (options.json)
    std::printf("%s\n", json::serialize(json::object{{"instances", report.instances},
                                                     {"ended", std::move(ended)}})
                            .c_str());
  else
    std::printf("%d alive, %zu ended\n", report.instances, report.ended.size());
  return problems == 0 ? 0 : 1;
}

Result<int> run_full(const CommonOptions& options) {
  Process process;
  TRY_ASSIGN(const Config config, load_config(process, options.config_path));
  TRY_ASSIGN(const Parts parts, put_together(process, config));
  const SweepReport report = parts.plane->sweeper().sweep();
  if (options.json) {
    json::array problems;
    for (const std::string& problem : report.problems) problems.emplace_back(problem);
    std::printf("%s\n", json::serialize(json::object{{"leases", report.leases},
                                                     {"instances", report.instances},
                                                     {"changed", report.changed},
                                                     {"terminated", report.terminated},
                                                     {"orphans", report.orphans},
                                                     {"runners_removed", report.runners_removed},
                                                     {"problems", std::move(problems)}})
                            .c_str());
  } else {
    std::printf(
        "%d live leases, %d instances, %d changed, %d terminated (%d orphans), "
        "%d runners removed, %zu problems\n",
        report.leases, report.instances, report.changed, report.terminated, report.orphans,
        report.runners_removed, report.problems.size());
  }
  return report.problems.empty() ? 0 : 1;
}

}  // namespace

int sweep(const CommonOptions& options, bool stateless) {
  const auto status = stateless ? run_stateless(options) : run_full(options);
  return status ? *status : complain(status.error());
}

}  // namespace mayfly::cli
