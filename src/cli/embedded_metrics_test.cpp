#include "cli/embedded_metrics.h"

#include <doctest/doctest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/json.h"
#include "os/line_log.h"
#include "service/testing.h"

namespace mayfly::cli {
namespace {

const WallTime k_noon = *parse_iso8601("2026-11-23T12:00:00Z");

// As os/line_log.h writes them for Lambda.
struct KeptLines final : Log {
  std::vector<std::string> lines;
  void write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override {
    lines.push_back(
        os::log_line(os::LogForm::json, k_noon, level, event, {fields.begin(), fields.size()}));
  }
};

// Every metric that the header names is a number beside it, and the dimension a text.
void check_line(const std::string& line, std::size_t metrics) {
  CAPTURE(line);
  const json::object object = parse_json(line).value().get_object();
  const json::object& aws = *json_object(object, "_aws");
  CHECK(json_int(aws, "Timestamp") == epoch_millis(k_noon));
  const json::object directive = json_array(aws, "CloudWatchMetrics")->at(0).as_object();
  CHECK(json_string(directive, "Namespace") == "mayfly");
  CHECK(json_array(directive, "Dimensions")->at(0) == json::array{"Deployment"});
  CHECK(json_string(object, "Deployment") == "main");
  const json::array& named = *json_array(directive, "Metrics");
  CHECK(named.size() == metrics);
  for (const json::value& one : named)
    CHECK(object.at(one.as_object().at("Name").as_string()).is_number());
}

TEST_CASE("embedded metrics: a sweep's line is one from which CloudWatch makes metrics") {
  KeptLines log;
  EmbeddedMetrics metrics(log, "main", true);
  SweepReport report;
  report.leases = 3;
  Usage usage;
  usage.spent_today = Money{1'530'000};
  metrics.say_sweep(report, usage, k_noon);
  REQUIRE(log.lines.size() == 1);
  check_line(log.lines[0], 7);
  CHECK(log.lines[0].find("\"SpentTodayUsd\":1.530000") != std::string::npos);
}

TEST_CASE("embedded metrics: a runner's line names its lease, and is a metric where they are on") {
  report::Journey journey;
  journey.runner = Seconds{61};
  Lease lease;
  lease.id = LeaseId{"l-1"};
  for (const bool is_on : {true, false}) {
    KeptLines log;
    EmbeddedMetrics metrics(log, "main", is_on);
    metrics.say_runner(lease, journey, k_noon);
    REQUIRE(log.lines.size() == 1);
    CHECK(log.lines[0].find("\"lease\":\"l-1\",\"millis\":61000") != std::string::npos);
    if (is_on) check_line(log.lines[0], 1);
    CHECK((log.lines[0].find("_aws") != std::string::npos) == is_on);
    metrics.say_sweep({}, {}, k_noon);
    CHECK(log.lines.size() == (is_on ? 2 : 1));
  }
}

}  // namespace
}  // namespace mayfly::cli
