#include "pages/stages.h"

#include <array>
#include <string_view>

namespace mayfly::pages {
namespace {

// What a stamp begins, and for one of the machine's from which stages it may lead there.
struct Step {
  std::string_view event;
  StageKind begins;
  bool is_machines = false;
  StageKind from = StageKind::verify;
  StageKind to = StageKind::clean_up;
};

constexpr std::array k_steps = {
    Step{"asked", StageKind::verify},
    Step{"verified", StageKind::launch},
    Step{"launching", StageKind::launch},
    Step{"pools-widened", StageKind::launch},
    Step{"no-spot-capacity", StageKind::launch},
    Step{"no-on-demand-capacity", StageKind::launch},
    Step{"no-capacity", StageKind::launch},
    Step{"launch-waits", StageKind::launch},
    Step{"booting", StageKind::boot},
    Step{"machine-booted", StageKind::prepare, true, StageKind::boot, StageKind::boot},
    Step{"machine-runner-ready", StageKind::claim, true, StageKind::boot, StageKind::prepare},
    Step{"machine-claiming", StageKind::claim, true, StageKind::boot, StageKind::prepare},
    Step{"claimed", StageKind::connect},
    Step{"online", StageKind::wait_job},
    Step{"machine-job-started", StageKind::job, true, StageKind::connect, StageKind::wait_job},
    Step{"busy", StageKind::job},
    Step{"ending", StageKind::clean_up},
};

const Step* step_of(std::string_view event) {
  for (const Step& step : k_steps)
    if (step.event == event) return &step;
  return nullptr;
}

// A stamp that comes late leads back to nothing but a new launch.
bool leads_on(const Step& step, const Stage* now) {
  if (now == nullptr) return true;
  if (step.is_machines) return now->kind >= step.from && now->kind <= step.to;
  return step.begins > now->kind || step.begins == StageKind::launch;
}

void begin(std::vector<Stage>& stages, const Step& step, const LeaseEvent& event) {
  Stage next{step.begins, 1, event.at, std::nullopt, ""};
  if (!stages.empty()) {
    Stage& last = stages.back();
    const bool goes_on = last.kind == step.begins;
    const bool is_relaunch = step.begins == StageKind::launch && last.kind > StageKind::launch;
    next.launch = last.launch + (is_relaunch ? 1 : 0);
    if (goes_on) {
      if (!event.detail.empty()) last.note = event.detail;
      return;
    }
    last.end = event.at;
  }
  if (step.begins == StageKind::launch && event.name != "verified") next.note = event.detail;
  stages.push_back(std::move(next));
}

}  // namespace

std::string words_for(StageKind kind) {
  switch (kind) {
    case StageKind::verify:
      return "Asking GitHub about the run";
    case StageKind::launch:
      return "Waiting for EC2 to start a machine";
    case StageKind::boot:
      return "The machine boots";
    case StageKind::prepare:
      return "Getting the runner program";
    case StageKind::claim:
      return "Registering with GitHub";
    case StageKind::connect:
      return "The runner connects to GitHub";
    case StageKind::wait_job:
      return "Waiting for the job";
    case StageKind::job:
      return "The job runs";
    case StageKind::clean_up:
      return "Taking the machine away";
  }
  return "";
}

bool is_before_job(StageKind kind) { return kind < StageKind::job; }

std::vector<Stage> stages_of(const std::vector<LeaseEvent>& events) {
  std::vector<Stage> stages;
  for (const LeaseEvent& event : events) {
    if (event.name == "gone" && !stages.empty()) {
      stages.back().end = event.at;
      break;
    }
    // Found by its tag, as if the answer had come.
    const Step* step = step_of(event.name == "adopted" ? "booting" : event.name);
    const Stage* now = stages.empty() ? nullptr : &stages.back();
    if (step != nullptr && leads_on(*step, now)) begin(stages, *step, event);
  }
  return stages;
}

std::optional<Millis> time_to_runner(const std::vector<LeaseEvent>& events) {
  for (const LeaseEvent& event : events)
    if (event.name == "online" || event.name == "busy") return event.at - events.front().at;
  return std::nullopt;
}

}  // namespace mayfly::pages
