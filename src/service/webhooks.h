#pragma once

// GitHub's deliveries. They carry no authority: a job that names a label of ours makes the lookout
// look at its run soon, and what GitHub then says of the run decides. Nothing is asked of anybody
// here, so that GitHub is answered within milliseconds. Thread rule: safe from many threads.

#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "config/config.h"
#include "github/webhook.h"
#include "seam/doorbell.h"
#include "seam/log.h"
#include "service/hints.h"

namespace mayfly {

// Of one delivery.
inline constexpr std::size_t k_delivery_max = github::k_delivery_bytes_max;

enum class Heard { ping, noted, ignored };

struct WebhookSeams {
  Log& log;
  Doorbell& doorbell;
  Hints& hints;
};

class Webhooks {
 public:
  // secret: none where the owner takes no webhooks.
  Webhooks(const Config& config, const WebhookSeams& seams, std::optional<Secret> secret)
      : config_(config), seams_(seams), secret_(std::move(secret)) {}

  [[nodiscard]] bool are_on() const { return secret_.has_value(); }
  // webhooks_off, webhook_unsigned, repository_not_served, bad_json, bad_field. event: the header
  // X-GitHub-Event; everything but workflow_job is ignored, and so are jobs that name no label of
  // ours. Doing it twice, or in another order, does no harm.
  [[nodiscard]] Result<Heard> hear(std::string_view event, std::string_view signature,
                                   std::string_view body);

 private:
  [[nodiscard]] bool is_ours(const RepositoryConfig& repository,
                             const github::JobEvent& event) const;

  const Config& config_;
  WebhookSeams seams_;
  const std::optional<Secret> secret_;
};

}  // namespace mayfly
