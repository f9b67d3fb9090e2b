#include "pages/timeline.h"

#include <algorithm>

#include "pages/bars.h"
#include "pages/words.h"

namespace mayfly::pages {
namespace {

std::string share(Millis part, Millis whole) {
  return percent(static_cast<double>(part.count()), static_cast<double>(whole.count()));
}

struct Group {
  std::vector<Stage> stages;
  std::vector<StageKind> to_come;
  WallTime begin{};
  Millis length{0};
};

Millis length_of(const Stage& stage, WallTime now) {
  return std::max(Millis{0}, stage.end.value_or(now) - stage.begin);
}

Millis usual_of(const Usuals& usuals, StageKind kind) {
  const auto found = usuals.find(kind);
  return found == usuals.end() ? Millis{0} : found->second;
}

Group group_of(const std::vector<Stage>& all, bool before_job, WallTime now) {
  Group group;
  for (const Stage& stage : all)
    if (is_before_job(stage.kind) == before_job) group.stages.push_back(stage);
  if (group.stages.empty()) return group;
  group.begin = group.stages.front().begin;
  for (const Stage& stage : group.stages)
    group.length = std::max(group.length, stage.end.value_or(now) - group.begin);
  return group;
}

void write_bar(Html& html, const Stage& stage, const Group& group, const Usuals& usuals,
               WallTime now) {
  const auto bar = html.in("svg", {{"class", "bar"}, {"aria-hidden", "true"}});
  const Millis from = stage.begin - group.begin;
  const Millis usual = usual_of(usuals, stage.kind);
  if (usual > Millis{0})
    html.put("rect",
             {{"class", "usual"},
              {"x", share(from, group.length)},
              {"y", "0"},
              {"width", share(std::min(usual, group.length - from), group.length)},
              {"height", "100%"}},
             "");
  html.put("rect",
           {{"class", "took"},
            {"x", share(from, group.length)},
            {"y", "25%"},
            {"width", share(length_of(stage, now), group.length)},
            {"height", "50%"}},
           "");
}

void write_usual(Html& html, const Usuals& usuals, StageKind kind) {
  const Millis usual = usual_of(usuals, kind);
  if (usual > Millis{0}) html.put("span", {{"class", "usually"}}, " usually " + spoken(usual));
}

void write_stage(Html& html, const Stage& stage, const Group& group, const LeaseStory& story,
                 WallTime now) {
  const bool goes_on = !stage.end;
  const auto item = html.in("li", {{"class", goes_on ? "now" : "past"}});
  std::string name = words_for(stage.kind);
  if (stage.launch > 1) name += " (launch " + std::to_string(stage.launch) + ")";
  html.put("span", {{"class", "name"}}, name + ":");
  const Millis took = length_of(stage, now);
  {
    const auto time = html.in("span", {{"class", "time"}});
    html.text(" ");
    if (goes_on)
      html.put("span", {{"data-since", std::to_string(took.count())}}, spoken(took));
    else
      html.text(spoken(took));
    if (goes_on) html.text(" so far");
  }
  write_usual(html, story.usuals, stage.kind);
  write_bar(html, stage, group, story.usuals, now);
  if (!stage.note.empty()) html.put("span", {{"class", "note"}}, " " + stage.note);
}

void write_group(Html& html, const Group& group, const LeaseStory& story, WallTime now) {
  const auto list = html.in("ol", {{"class", "stages"}});
  for (const Stage& stage : group.stages) write_stage(html, stage, group, story, now);
  for (const StageKind kind : group.to_come) {
    const auto item = html.in("li", {{"class", "to-come"}});
    html.put("span", {{"class", "name"}}, words_for(kind));
    write_usual(html, story.usuals, kind);
  }
}

std::vector<StageKind> kinds_to_come(const std::vector<Stage>& stages, const Lease& lease) {
  std::vector<StageKind> kinds;
  if (lease.outcome != Outcome::none || stages.empty()) return kinds;
  for (const StageKind kind : {StageKind::launch, StageKind::boot, StageKind::prepare,
                               StageKind::claim, StageKind::connect, StageKind::wait_job})
    if (kind > stages.back().kind) kinds.push_back(kind);
  return kinds;
}

// All stages until the runner is there, if each of them is known.
Millis usual_time_to_runner(const Usuals& usuals) {
  Millis sum{0};
  for (const StageKind kind : {StageKind::verify, StageKind::launch, StageKind::boot,
                               StageKind::prepare, StageKind::claim, StageKind::connect}) {
    const Millis usual = usual_of(usuals, kind);
    if (usual == Millis{0} && kind != StageKind::verify) return Millis{0};
    sum += usual;
  }
  return sum;
}

void write_time_to_runner(Html& html, const LeaseStory& story) {
  const auto took = time_to_runner(story.events);
  const Millis usual = usual_time_to_runner(story.usuals);
  std::string text;
  if (took) text = "The runner was ready after " + spoken(*took);
  if (usual > Millis{0}) {
    text += took ? ", usually after " : "Usually ready after ";
    text += spoken(usual);
  }
  if (!text.empty()) html.put("p", text + ".");
}

}  // namespace

void write_timeline(Html& html, const LeaseStory& story, WallTime now) {
  const std::vector<Stage> stages = stages_of(story.events);
  Group before = group_of(stages, true, now);
  before.to_come = kinds_to_come(stages, story.lease);
  if (!before.stages.empty()) {
    const auto section = html.in("section", {{"aria-labelledby", "runner"}});
    html.put("h2", {{"id", "runner"}}, "Time to a runner");
    write_time_to_runner(html, story);
    write_group(html, before, story, now);
  }
  const Group after = group_of(stages, false, now);
  if (after.stages.empty()) return;
  const bool had_job = after.stages.front().kind == StageKind::job;
  const auto section = html.in("section", {{"aria-labelledby", "job"}});
  html.put("h2", {{"id", "job"}}, had_job ? "The job" : "The end");
  write_group(html, after, story, now);
}

}  // namespace mayfly::pages
