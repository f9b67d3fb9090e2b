#include <algorithm>

#include "lab/github/job_delivery.h"
#include "lab/sim/callers.h"
#include "lab/sim/draw.h"
#include "lab/sim/scout.h"

namespace mayfly::lab::sim {
namespace {

constexpr Millis k_patience = Seconds{10};  // GitHub's

HttpRequest delivery_of(const GithubJob& job, const RepositoryName& repository) {
  JobDelivery delivery = job_delivery(job, repository, k_webhook_secret);
  delivery.headers.add("Host", "mayfly.test");
  delivery.headers.add("Content-Type", "application/json");
  delivery.headers.add("User-Agent", "GitHub-Hookshot/044aadd");
  return {"POST", std::string(k_delivery_path), std::move(delivery.headers),
          std::move(delivery.body)};
}

void send_later(SimWorld& world, HttpRequest request, Millis after) {
  world.fibers.spawn(k_world, [&world, request = std::move(request), after] {
    world.fibers.sleep_for(after);
    (void)world.ask("hookshot", request, world.clock.steady() + k_patience);
  });
}

}  // namespace

void deliver_jobs(SimWorld& world, Entropy& entropy, const RepositoryName& repository, RunId run) {
  if (!world.config.github.webhook_secret) return;
  const std::vector<GithubJob> jobs = world.github->jobs(run);
  int attempt = 1;
  for (const GithubJob& job : jobs) attempt = std::max(attempt, job.attempt);
  for (const GithubJob& job : jobs) {
    const bool has_changed = job.state == JobState::queued || job.state == JobState::completed;
    if (job.attempt != attempt || job.spec.hosted || !has_changed) continue;
    if (entropy.below(5) == 0) {
      mark(world, "webhook_lost");
      continue;
    }
    const bool is_doubled = entropy.below(5) == 0;
    if (is_doubled) mark(world, "webhook_doubled");
    for (int i = 0; i <= (is_doubled ? 1 : 0); ++i) {
      const bool is_late = entropy.below(8) == 0;
      const Millis latest = is_late ? Millis{Seconds{1800}} : Millis{Seconds{20}};
      send_later(world, delivery_of(job, repository), draw_between(entropy, Millis{50}, latest));
    }
  }
}

}  // namespace mayfly::lab::sim
