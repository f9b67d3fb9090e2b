#include "lab/demo_report.h"

#include <algorithm>
#include <array>

namespace mayfly::lab {
namespace {

// A stage ends with the first stamp of its kind; the next begins there.
struct StageEnd {
  const char* stage;
  std::array<const char*, 2> stamps;
};

constexpr std::array<StageEnd, 8> k_stage_ends = {{
    {"verify", {"verified", "verified"}},
    {"launch", {"booting", "adopted"}},
    {"boot", {"machine-booted", "machine-booted"}},
    {"runner", {"machine-runner-ready", "machine-runner-ready"}},
    {"claim", {"claimed", "claimed"}},
    {"online", {"machine-job-started", "busy"}},
    {"job", {"machine-job-completed", "machine-runner-exited"}},
    {"gone", {"gone", "gone"}},
}};

const Stamp* first_of(const std::vector<Stamp>& timeline, const StageEnd& end) {
  for (const Stamp& stamp : timeline)
    for (const char* name : end.stamps)
      if (stamp.name == name) return &stamp;
  return nullptr;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

}  // namespace

std::vector<Stamp> timeline_of(const json::object& lease) {
  std::vector<Stamp> out;
  const json::array* events = json_array(lease, "timeline");
  if (events == nullptr) return out;
  for (const json::value& value : *events) {
    if (!value.is_object()) continue;
    const json::object& event = value.get_object();
    const auto at = parse_iso8601(json_string(event, "at").value_or(""));
    if (at)
      out.push_back({*at, json_string(event, "event").value_or(""),
                     json_string(event, "detail").value_or("")});
  }
  return out;
}

report::History history_of(const json::object& lease) {
  report::History history;
  history.lease.architecture = parse_architecture(json_string(lease, "architecture").value_or(""))
                                   .value_or(Architecture::x86_64);
  history.lease.state =
      parse_lease_state(json_string(lease, "state").value_or("")).value_or(LeaseState::launching);
  history.lease.created_at =
      parse_iso8601(json_string(lease, "created_at").value_or("")).value_or(WallTime{});
  for (const Stamp& stamp : timeline_of(lease))
    history.events.push_back({history.lease.id, stamp.at, stamp.name, stamp.detail});
  return history;
}

std::vector<Stage> stages_of(const std::vector<Stamp>& timeline) {
  std::vector<Stage> stages;
  if (timeline.empty()) return stages;
  const WallTime start = timeline.front().at;
  Millis from{0};
  for (const StageEnd& end : k_stage_ends) {
    const Stamp* stamp = first_of(timeline, end);
    if (stamp == nullptr) continue;
    const Millis to = std::max<Millis>(from, stamp->at - start);
    stages.push_back({end.stage, from, to});
    from = to;
  }
  return stages;
}

std::string picture(const std::vector<Stage>& stages, Millis longest, int width) {
  std::string out;
  const auto column = [&](Millis t) {
    return longest.count() == 0 ? 0 : static_cast<int>(t.count() * width / longest.count());
  };
  for (const Stage& stage : stages) {
    const int from = std::min(column(stage.from), width - 1);
    const int to = std::clamp(column(stage.to), from + 1, width);
    out += "    " + padded(stage.name, 7) + padded(human_duration(stage.to - stage.from), 8) + "|" +
           std::string(static_cast<std::size_t>(from), ' ') +
           std::string(static_cast<std::size_t>(to - from), '#') +
           std::string(static_cast<std::size_t>(width - to), ' ') + "|\n";
  }
  return out;
}

}  // namespace mayfly::lab
