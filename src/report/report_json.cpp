#include "report/report_json.h"

#include "report/monthly.h"

namespace mayfly::report {
namespace {

std::int64_t millis(Millis duration) { return duration.count(); }

json::object percentiles_json(const Percentiles& of) {
  return {{"count", of.count},
          {"p50_ms", millis(of.p50)},
          {"p90_ms", millis(of.p90)},
          {"p99_ms", millis(of.p99)},
          {"longest_ms", millis(of.longest)}};
}

}  // namespace

json::object journey_json(const Journey& journey) {
  json::object out;
  json::array stages;
  for (const StageTime& stage : journey.stages)
    stages.push_back(json::object{{"stage", std::string(to_string(stage.stage))},
                                  {"from_ms", millis(stage.from)},
                                  {"to_ms", millis(stage.to)},
                                  {"exact", stage.is_exact}});
  out["stages"] = std::move(stages);
  if (journey.runner) out["runner_ms"] = millis(*journey.runner);
  if (journey.job) out["job_ms"] = millis(*journey.job);
  if (!journey.image.empty()) out["image"] = journey.image;
  if (!journey.workflow.empty()) out["workflow"] = journey.workflow;
  return out;
}

json::array times_json(const std::vector<TimesRow>& rows) {
  json::array out;
  for (const TimesRow& row : rows) {
    json::object stages;
    for (const auto& [stage, of] : row.stages)
      stages[std::string(to_string(stage))] = percentiles_json(of);
    out.push_back(json::object{{"architecture", std::string(to_string(row.architecture))},
                               {"image", row.image},
                               {"leases", row.leases},
                               {"no_runner", row.no_runner},
                               {"runner", percentiles_json(row.runner)},
                               {"job", percentiles_json(row.job)},
                               {"stages", std::move(stages)}});
  }
  return out;
}

json::object cost_json(const CostRow& row) {
  return {{"what", row.what},
          {"leases", row.leases},
          {"machines", row.machines},
          {"running", row.running},
          {"jobs", row.jobs},
          {"spent_usd_at_most", exact_usd(row.spent)},
          {"spot_usd", exact_usd(row.spot())},
          {"on_demand_usd", exact_usd(row.on_demand)},
          {"machine_ms", millis(row.machine_time)},
          {"job_ms", millis(row.job_time)},
          {"idle_percent", row.idle_percent()}};
}

json::array costs_json(const std::vector<CostRow>& rows) {
  json::array out;
  for (const CostRow& row : rows) out.push_back(cost_json(row));
  return out;
}

}  // namespace mayfly::report
