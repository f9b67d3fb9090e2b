#include <algorithm>

#include "lab/github/job_delivery.h"
#include "lab/sim/callers.h"
#include "lab/sim/draw.h"
#include "lab/sim/scout.h"

namespace mayfly::lab::sim {
namespace {

constexpr Millis k_patience = Seconds{10};  // GitHub's
constexpr Millis k_sent_again_after = Seconds{1};

HttpRequest request_of(JobDelivery delivery) {
  delivery.headers.add("Host", "mayfly.test");
  delivery.headers.add("Content-Type", "application/json");
  delivery.headers.add("User-Agent", "GitHub-Hookshot/044aadd");
  return {"POST", std::string(k_delivery_path), std::move(delivery.headers),
          std::move(delivery.body)};
}

// As GitHub keeps it.
int status_of(const Result<HttpResponse>& answer) {
  if (answer) return answer->status;
  return answer.error().code == Code::transport_not_sent ? 502 : 504;
}

// Of an App's own webhook GitHub shows it what became of each attempt.
void note(SimWorld& world, const JobDelivery& delivery, int status, const std::string& guid = {}) {
  if (!world.config.github.app) return;
  world.github->with_deliveries([&](HookDeliveries& deliveries, WallTime now) {
    deliveries.note(delivery, status, now, guid);
  });
}

void send_later(SimWorld& world, JobDelivery delivery, Millis after, std::string guid = {}) {
  world.fibers.spawn(
      k_world, [&world, delivery = std::move(delivery), after, guid = std::move(guid)] {
        world.fibers.sleep_for(after);
        const auto answer =
            world.ask("hookshot", request_of(delivery), world.clock.steady() + k_patience);
        note(world, delivery, status_of(answer), guid);
        if (!guid.empty() && answer && answer->ok()) mark(world, "webhook_sent_again");
      });
}

void lose(SimWorld& world, Entropy& entropy, const JobDelivery& delivery) {
  if (!world.config.github.app || entropy.below(2) == 0) return mark(world, "webhook_lost");
  mark(world, "webhook_failed");
  note(world, delivery, 502);
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
    const JobDelivery delivery = job_delivery(job, repository, k_webhook_secret);
    if (entropy.below(5) == 0) {
      lose(world, entropy, delivery);
      continue;
    }
    const bool is_doubled = entropy.below(5) == 0;
    if (is_doubled) mark(world, "webhook_doubled");
    for (int i = 0; i <= (is_doubled ? 1 : 0); ++i) {
      const bool is_late = entropy.below(8) == 0;
      const Millis latest = is_late ? Millis{Seconds{1800}} : Millis{Seconds{20}};
      send_later(world, delivery, draw_between(entropy, Millis{50}, latest));
    }
  }
}

void follow_redeliveries(SimWorld& world) {
  world.on_redelivery = [&world] {
    std::vector<HookDelivery> asked;
    world.github->with_deliveries(
        [&](HookDeliveries& deliveries, WallTime) { asked = deliveries.take_asked(); });
    for (HookDelivery& one : asked)
      send_later(world, std::move(one.content), k_sent_again_after, std::move(one.guid));
  };
}

}  // namespace mayfly::lab::sim
