#include "service/sweep_note.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "base/text.h"

namespace mayfly {
namespace {

constexpr const char* k_fact = "last-sweep";
constexpr std::size_t k_problems_max = 10;
constexpr std::size_t k_problem_max = 300;

void put(json::object& object, std::string_view key, const std::optional<std::int64_t>& value) {
  if (value) object[key] = *value;
}

}  // namespace

std::string SweepNote::to_text() const {
  json::array problems;
  for (const std::string& problem : report.problems) {
    if (problems.size() == k_problems_max) break;
    problems.emplace_back(printable(problem, k_problem_max));
  }
  json::object object{{"at", std::int64_t{epoch_millis(at)}},
                      {"instances", report.instances},
                      {"problems", std::move(problems)}};
  put(object, "github_limit", github.limit);
  put(object, "github_remaining", github.remaining);
  if (github.resets_at) object["github_resets"] = std::int64_t{epoch_millis(*github.resets_at)};
  return json::serialize(object);
}

std::optional<SweepNote> SweepNote::from_text(std::string_view text) {
  const auto document = parse_json(text);
  if (!document || !document->is_object()) return std::nullopt;
  const json::object& object = document->get_object();
  const auto at = json_int(object, "at");
  const auto instances = json_int(object, "instances");
  const json::array* problems = json_array(object, "problems");
  if (!at || !instances || *instances < -1 || *instances > 1'000'000 || problems == nullptr)
    return std::nullopt;
  SweepNote note;
  note.at = wall_from_epoch_millis(*at);
  note.report.instances = static_cast<int>(*instances);
  for (const json::value& problem : *problems)
    if (problem.is_string()) note.report.problems.emplace_back(problem.get_string());
  note.github.limit = json_int(object, "github_limit");
  note.github.remaining = json_int(object, "github_remaining");
  if (const auto resets = json_int(object, "github_resets"))
    note.github.resets_at = wall_from_epoch_millis(*resets);
  return note;
}

Status write_sweep_note(Ledger& ledger, const SweepNote& note) {
  return ledger.set_fact(k_fact, note.to_text());
}

Result<std::optional<SweepNote>> read_sweep_note(Ledger& ledger) {
  TRY_ASSIGN(const auto fact, ledger.fact(k_fact));
  return SweepNote::from_text(fact.value_or(""));
}

}  // namespace mayfly
