// Runs that the service has GitHub run again: nobody sets them up.

#include "base/text.h"
#include "lab/rig/rr_workflow.h"
#include "lab/sim/callers.h"

namespace mayfly::lab::sim {
namespace {

constexpr Millis k_poll = Seconds{15};

bool are_tests_over(SimWorld& world, RunId run) {
  for (const GithubJob& job : world.github->jobs(run))
    if (!job.spec.hosted && job.state != JobState::completed) return false;
  return true;
}

// Whoever does not wait for it any more cancels it, as in a Story.
void play_rerun(SimWorld& world, RunId run) {
  ++world.active_callers;
  world.stir();
  const SteadyTime end =
      world.clock.steady() + world.config.machine.lifetime + std::chrono::hours{1};
  while (!are_tests_over(world, run) && world.clock.steady() < end) world.fibers.sleep_for(k_poll);
  if (!are_tests_over(world, run)) (void)world.github->cancel_run(run);
  const auto stop = job_named(*world.github, run, "stop");
  if (stop && stop->state == JobState::queued && world.github->begin_job(stop->id))
    (void)world.github->complete_job(stop->id, "success");
  --world.active_callers;
}

}  // namespace

void follow_reruns(SimWorld& world) {
  world.on_rerun = [&world](std::string_view call) {
    const auto parts = split(std::string(call), '/');
    const auto run = parts.size() < 2 ? std::nullopt : parse_int(parts[parts.size() - 2]);
    if (run) world.fibers.spawn(k_world, [&world, id = *run] { play_rerun(world, id); });
  };
}

}  // namespace mayfly::lab::sim
