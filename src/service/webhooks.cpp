#include "service/webhooks.h"

#include <algorithm>

#include "base/text.h"
#include "lease/label.h"
#include "lease/lease.h"

namespace mayfly {

// A label decides whether it is worth a look, not what may be had for it.
bool Webhooks::is_ours(const RepositoryConfig& repository, const github::JobEvent& event) const {
  const RunnerLabels ours = config_.labels();
  const bool may_be_new = repository.webhook != Webhook::off;
  return std::any_of(event.labels.begin(), event.labels.end(), [&](const std::string& label) {
    if (ours.parse_derived(label, event.run_id)) return may_be_new || event.run_attempt > 1;
    if (ours.parse_shared(label))
      return repository.webhook == Webhook::shared || event.run_attempt > 1;
    return event.run_attempt > 1 && repository.seed_labels != SeedLabels::off &&
           is_seed_label(label, repository.seed_label_prefix);
  });
}

Result<Heard> Webhooks::hear(std::string_view event, std::string_view signature,
                             std::string_view body) {
  if (!secret_) return fail(Code::webhooks_off, "github.webhook_secret is not set");
  if (!github::is_signed_with(*secret_, body, signature))
    return fail(Code::webhook_unsigned, "X-Hub-Signature-256 is not that of this body");
  if (event == "ping") return Heard::ping;
  if (event != "workflow_job") return Heard::ignored;
  TRY_ASSIGN(const github::JobEvent job, github::parse_job_event(body));
  const RepositoryConfig* repository = config_.find_repository(job.repository);
  if (repository == nullptr)
    return fail(Code::repository_not_served,
                printable(job.repository.text, 140) + " is not in the configuration");
  const bool tells_something = job.action == "queued" || job.action == "completed";
  if (!tells_something || !is_ours(*repository, job)) return Heard::ignored;
  // Too many: the lookout finds it by itself, later.
  if (!seams_.hints.add(repository->name, job.run_id))
    seams_.log.warning("webhook-hint-dropped", {{"run", std::to_string(job.run_id)}});
  seams_.doorbell.ring();
  return Heard::noted;
}

}  // namespace mayfly
