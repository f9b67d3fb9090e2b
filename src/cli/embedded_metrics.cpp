#include "cli/embedded_metrics.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "report/monthly.h"

namespace mayfly::cli {
namespace {

// A JSON value that stands in the line as it is.
LogField raw(std::string_view name, std::string value) { return {name, std::move(value), true}; }

}  // namespace

std::string embedded_header(WallTime now,
                            const std::vector<std::pair<std::string, std::string>>& metrics) {
  json::array list;
  for (const auto& [name, unit] : metrics)
    list.push_back(json::object{{"Name", name}, {"Unit", unit}});
  json::array dimensions;
  dimensions.push_back(json::array{"Deployment"});
  json::array directives;
  directives.push_back(json::object{{"Namespace", "mayfly"},
                                    {"Dimensions", std::move(dimensions)},
                                    {"Metrics", std::move(list)}});
  return json::serialize(
      json::object{{"Timestamp", epoch_millis(now)}, {"CloudWatchMetrics", std::move(directives)}});
}

void EmbeddedMetrics::say_sweep(const SweepReport& report, const Usage& usage, WallTime now) {
  if (!is_on_) return;
  const auto launches = static_cast<std::int64_t>(usage.launches.of_hour.size());
  log_.info("sweep-metrics",
            {raw("_aws", embedded_header(now, {{"Leases", "Count"},
                                               {"Machines", "Count"},
                                               {"LaunchesInHour", "Count"},
                                               {"SpentTodayUsd", "None"},
                                               {"ReservedUsd", "None"},
                                               {"SweepProblems", "Count"},
                                               {"Orphans", "Count"}})),
             {"Deployment", deployment_},
             LogField::number("Leases", report.leases),
             LogField::number("Machines", usage.machines),
             LogField::number("LaunchesInHour", launches),
             raw("SpentTodayUsd", report::exact_usd(usage.spent_today)),
             raw("ReservedUsd", report::exact_usd(usage.reserved)),
             LogField::number("SweepProblems", static_cast<std::int64_t>(report.problems.size())),
             LogField::number("Orphans", report.orphans)});
}

void EmbeddedMetrics::say_runner(const Lease& lease, const report::Journey& journey, WallTime now) {
  const std::int64_t millis = journey.runner.value_or(Millis{0}).count();
  if (!is_on_)
    return log_.info("runner-online", {{"lease", lease.id.text},
                                       LogField::number("millis", millis),
                                       LogField::number("launches", journey.launches)});
  log_.info("runner-online", {{"lease", lease.id.text},
                              LogField::number("millis", millis),
                              LogField::number("launches", journey.launches),
                              raw("_aws", embedded_header(now, {{"TimeToRunner", "Milliseconds"}})),
                              {"Deployment", deployment_},
                              LogField::number("TimeToRunner", millis)});
}

}  // namespace mayfly::cli
