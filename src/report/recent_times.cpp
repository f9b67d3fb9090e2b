#include "report/recent_times.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "report/times.h"

namespace mayfly::report {
namespace {

constexpr const char* k_fact = "runner-times";
// ["l-...", "x86_64", when in ms, whole in ms, one number for each of these: -1 is none].
constexpr std::size_t k_head = 4;

std::optional<Millis> duration_in(const json::value& value) {
  if (!value.is_int64() || value.get_int64() < 0) return std::nullopt;
  return Millis{value.get_int64()};
}

std::optional<RunnerTime> read_one(const json::value& value) {
  if (!value.is_array() || value.get_array().size() != k_head + k_runner_stages.size())
    return std::nullopt;
  const json::array& row = value.get_array();
  if (!row[0].is_string() || !row[1].is_string()) return std::nullopt;
  const auto id = parse_lease_id(std::string(row[0].get_string()));
  const auto architecture = parse_architecture(std::string(row[1].get_string()));
  const auto at = duration_in(row[2]);
  const auto whole = duration_in(row[3]);
  if (!id || !architecture || !at || !whole) return std::nullopt;
  RunnerTime time{*id, *architecture, wall_from_epoch_millis(at->count()), *whole, {}};
  for (std::size_t i = 0; i < k_runner_stages.size(); ++i)
    if (const auto took = duration_in(row[k_head + i])) time.stages[k_runner_stages[i]] = *took;
  return time;
}

json::array row_of(const RunnerTime& time) {
  json::array row{time.lease.text, to_string(time.architecture),
                  std::int64_t{epoch_millis(time.online_at)}, std::int64_t{time.runner.count()}};
  for (const Stage stage : k_runner_stages) {
    const auto found = time.stages.find(stage);
    row.emplace_back(found == time.stages.end() ? std::int64_t{-1}
                                                : std::int64_t{found->second.count()});
  }
  return row;
}

}  // namespace

void RecentTimes::note(const Lease& lease, const Journey& journey) {
  if (!journey.runner) return;
  RunnerTime time{
      lease.id, lease.architecture, journey.asked + *journey.runner, *journey.runner, {}};
  for (const StageTime& stage : journey.stages)
    if (stage.is_exact && stage.stage != Stage::job) time.stages[stage.stage] = stage.took();
  std::erase_if(all_, [&](const RunnerTime& other) { return other.lease == lease.id; });
  all_.insert(all_.begin(), std::move(time));
  if (all_.size() > k_recent_times_max) all_.resize(k_recent_times_max);
}

std::map<Stage, Millis> RecentTimes::usual(Architecture architecture) const {
  std::map<Stage, std::vector<Millis>> values;
  for (const RunnerTime& time : all_)
    if (time.architecture == architecture)
      for (const auto& [stage, took] : time.stages) values[stage].push_back(took);
  std::map<Stage, Millis> usual;
  for (auto& [stage, of_stage] : values)
    if (of_stage.size() >= k_usual_min) usual[stage] = percentiles_of(std::move(of_stage)).p50;
  return usual;
}

std::string RecentTimes::to_text() const {
  json::array rows;
  for (const RunnerTime& time : all_) rows.push_back(row_of(time));
  return rows.empty() ? "" : json::serialize(rows);
}

RecentTimes RecentTimes::from_text(std::string_view text) {
  const auto document = parse_json(text);
  if (!document || !document->is_array()) return {};
  if (document->get_array().size() > k_recent_times_max) return {};
  RecentTimes times;
  for (const json::value& value : document->get_array()) {
    auto one = read_one(value);
    if (!one) return {};
    times.all_.push_back(std::move(*one));
  }
  return times;
}

Result<RecentTimes> recent_times(Ledger& ledger) {
  TRY_ASSIGN(const auto fact, ledger.fact(k_fact));
  return RecentTimes::from_text(fact.value_or(""));
}

Status note_runner_time(Ledger& ledger, const Lease& lease, const Journey& journey) {
  if (!journey.runner) return {};
  TRY_ASSIGN(RecentTimes times, recent_times(ledger));
  times.note(lease, journey);
  return ledger.set_fact(k_fact, times.to_text());
}

}  // namespace mayfly::report
