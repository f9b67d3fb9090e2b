#include "pages/words.h"

#include <array>
#include <string_view>
#include <utility>

namespace mayfly::pages {
namespace {

using std::chrono::days;
using std::chrono::duration_cast;
using std::chrono::hours;
using std::chrono::minutes;

std::string pair_of(long long big, const char* big_unit, long long small, const char* small_unit) {
  std::string out = std::to_string(big) + " " + big_unit;
  if (small != 0) out += " " + std::to_string(small) + " " + small_unit;
  return out;
}

std::string standing_of_end(const Lease& lease) {
  switch (lease.outcome) {
    case Outcome::none:
      return "Ended";
    case Outcome::job_done:
      return "Done: the job has run";
    case Outcome::run_over:
      return "Ended: the run was over before a job came";
    case Outcome::released:
      return "Ended by the operator";
    case Outcome::no_capacity:
      return "Ended: EC2 had no machine to give";
    case Outcome::refused:
      return "Ended: the launch was refused";
    case Outcome::boot_failed:
      return "Ended: the machine did not become a runner";
    case Outcome::idle:
      return "Ended: no job came in time";
    case Outcome::deadline:
      return "Ended: the time was up";
    case Outcome::interrupted:
      return "Ended: EC2 took the machine back during the job";
  }
  return "Ended";
}

std::string short_standing_of_end(Outcome outcome) {
  switch (outcome) {
    case Outcome::job_done:
      return "done";
    case Outcome::no_capacity:
      return "no capacity";
    case Outcome::refused:
      return "refused";
    case Outcome::boot_failed:
      return "boot failed";
    case Outcome::idle:
      return "no job";
    case Outcome::deadline:
      return "time up";
    case Outcome::interrupted:
      return "interrupted";
    default:
      return "ended";
  }
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 33> k_events = {{
    {"asked", "A runner was asked for"},
    {"verified", "GitHub knows the run"},
    {"launching", "A machine is asked of EC2"},
    {"pools-widened", "No capacity there: every pool is tried"},
    {"no-spot-capacity", "No spot capacity: on-demand is tried"},
    {"no-on-demand-capacity", "No on-demand capacity: spot is tried"},
    {"no-capacity", "No capacity: tried again soon"},
    {"launch-waits", "The launch has to wait"},
    {"booting", "EC2 started a machine"},
    {"adopted", "The machine was found by its tag"},
    {"machine-booted", "The machine has booted"},
    {"machine-runner-downloading", "It downloads the runner"},
    {"machine-runner-ready", "The runner program is there"},
    {"machine-claiming", "It asks for its registration"},
    {"claimed", "It has its registration"},
    {"machine-runner-started", "The runner has started"},
    {"online", "GitHub sees the runner"},
    {"machine-job-started", "The job has started"},
    {"busy", "GitHub sees the job at work"},
    {"machine-job-completed", "The job is over"},
    {"machine-runner-exited", "The runner has stopped"},
    {"machine-failed", "The machine reports a failure"},
    {"interruption-announced", "EC2 takes the machine back soon"},
    {"run-cancel-asked", "GitHub is asked to cancel the run"},
    {"run-cancelled", "GitHub cancels the run"},
    {"ending", "Nothing more is needed"},
    {"machine-ended", "EC2 says that the machine is gone"},
    {"runner-removed", "GitHub lists the runner no more"},
    {"gone", "All is gone"},
    {"run-rerun-asked", "GitHub is asked to run the failed jobs again"},
    {"run-rerun", "The failed jobs run again"},
    {"run-not-rerun", "The run is not run again"},
    {"run-changed", "GitHub gave the runner another run's job: the lease is that run's"},
}};

}  // namespace

std::string spoken(Millis duration) {
  if (duration < Millis{0}) duration = Millis{0};
  const auto count = [](auto unit, Millis d) {
    return static_cast<long long>(duration_cast<decltype(unit)>(d).count());
  };
  if (duration < Seconds{10}) {
    const long long tenths = (duration.count() + 50) / 100;
    if (tenths % 10 == 0) return std::to_string(tenths / 10) + " s";
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
  }
  if (duration < minutes{1}) return std::to_string(count(Seconds{}, duration)) + " s";
  if (duration < hours{1})
    return pair_of(count(minutes{}, duration), "min", count(Seconds{}, duration % minutes{1}), "s");
  if (duration < days{1})
    return pair_of(count(hours{}, duration), "h", count(minutes{}, duration % hours{1}), "min");
  return pair_of(count(days{}, duration), "d", count(hours{}, duration % days{1}), "h");
}

std::string spoken(WallTime at) {
  std::string text = iso8601(at);  // 2026-11-23T20:15:30Z
  text[10] = ' ';
  text.pop_back();
  return text + " UTC";
}

std::string spoken(WallTime at, WallTime now) {
  const std::string text = spoken(at);
  return start_of_day(at) == start_of_day(now) ? text.substr(11) : text;
}

std::string standing(const Lease& lease) {
  switch (lease.state) {
    case LeaseState::launching:
      if (lease.launch.pending) return "Waiting for EC2 to start a machine";
      return lease.reason.empty() ? "About to ask EC2 for a machine"
                                  : "Waiting to ask EC2 for a machine again";
    case LeaseState::booting:
      return "The machine is booting";
    case LeaseState::claimed:
      return "The runner is connecting to GitHub";
    case LeaseState::online:
      return "The runner is ready and waits for its job";
    case LeaseState::busy:
      return "The job is running";
    case LeaseState::ending:
    case LeaseState::gone:
      return standing_of_end(lease);
  }
  return "";
}

std::string short_standing(const Lease& lease) {
  switch (lease.state) {
    case LeaseState::claimed:
      return "connecting";
    case LeaseState::online:
      return "ready";
    case LeaseState::busy:
      return "job running";
    case LeaseState::ending:
    case LeaseState::gone:
      return short_standing_of_end(lease.outcome);
    default:
      return std::string(mayfly::to_string(lease.state));
  }
}

std::string words_for_event(const std::string& name) {
  for (const auto& [event, words] : k_events)
    if (event == name) return std::string(words);
  return name;
}

Mood mood_of(const Lease& lease) {
  switch (lease.outcome) {
    case Outcome::none:
      return lease.state == LeaseState::online || lease.state == LeaseState::busy ? Mood::good
                                                                                  : Mood::waiting;
    case Outcome::job_done:
      return Mood::good;
    case Outcome::run_over:
    case Outcome::released:
      return Mood::over;
    default:
      return Mood::bad;
  }
}

std::string to_string(Mood mood) {
  switch (mood) {
    case Mood::waiting:
      return "waiting";
    case Mood::good:
      return "good";
    case Mood::over:
      return "over";
    case Mood::bad:
      return "bad";
  }
  return "";
}

}  // namespace mayfly::pages
