#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/digest.h"
#include "lab/sim/callers.h"
#include "lab/sim/draw.h"
#include "lab/sim/scout.h"

namespace mayfly::lab::sim {
namespace {

constexpr Millis k_patience = Seconds{10};  // GitHub's

std::string signature_of(const std::string& body) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string out = "sha256=";
  for (const std::uint8_t byte : hmac_sha256(k_webhook_secret, body)) {
    out += k_digits[byte >> 4];
    out += k_digits[byte & 15];
  }
  return out;
}

HttpRequest delivery_of(const GithubJob& job, const RepositoryName& repository) {
  json::array labels;
  for (const std::string& label : job.spec.labels) labels.emplace_back(label);
  const char* status = job.state == JobState::completed ? "completed" : "queued";
  const std::string body =
      json::serialize(json::object{{"action", status},
                                   {"workflow_job", json::object{{"id", job.id},
                                                                 {"run_id", job.run_id},
                                                                 {"run_attempt", job.attempt},
                                                                 {"status", status},
                                                                 {"labels", std::move(labels)}}},
                                   {"repository", json::object{{"full_name", repository.text}}}});
  return {"POST",
          "/v1/webhooks/github",
          {{"Host", "mayfly.test"},
           {"User-Agent", "GitHub-Hookshot/044aadd"},
           {"Content-Type", "application/json"},
           {"X-GitHub-Event", "workflow_job"},
           {"X-Hub-Signature-256", signature_of(body)}},
          body};
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
