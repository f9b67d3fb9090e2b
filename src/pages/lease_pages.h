#pragma once

// Answers who looks at a lease: the page, the badge, the one line. What is read of the ledger is
// kept for a second, so that a thousand viewers of one lease cost one read a second and as much
// memory as one; GitHub and AWS are asked nothing. A page says its version, and whoever has that
// one already is told so (304).
//
// Thread rule: safe from many threads. No lock is held while the ledger is read: at a moment at
// which the kept story has just become old, several threads may read it anew.

#include <map>
#include <memory>
#include <mutex>

#include "config/config.h"
#include "ledger/ledger.h"
#include "pages/lease_page.h"
#include "pages/usuals.h"
#include "seam/clock.h"
#include "seam/http_message.h"

namespace mayfly::pages {

class LeasePages {
 public:
  LeasePages(const Config& config, Clock& clock, Ledger& ledger)
      : config_(config), clock_(clock), ledger_(ledger), usuals_(clock, ledger) {}

  // lease_not_found, or what the ledger says.
  [[nodiscard]] Result<HttpResponse> page(const HttpRequest& request, const std::string& path,
                                          const LeaseId& id);
  [[nodiscard]] Result<HttpResponse> summary(const LeaseId& id);
  [[nodiscard]] Result<HttpResponse> badge(const LeaseId& id);
  [[nodiscard]] std::size_t remembered() const;

  static constexpr std::size_t k_stories_max = 256;

 private:
  using Story = std::shared_ptr<const LeaseStory>;
  struct Kept {
    Story story;
    SteadyTime until{};
  };

  [[nodiscard]] Result<Story> story_of(const LeaseId& id);
  [[nodiscard]] Result<Story> read(const LeaseId& id);
  void keep(const LeaseId& id, const Story& story, SteadyTime now);

  const Config& config_;
  Clock& clock_;
  Ledger& ledger_;
  UsualTimes usuals_;
  mutable std::mutex mutex_;
  std::map<std::string, Kept> kept_;
};

// "https://github.com" for what people look at, by the address of the API; empty where it is
// neither GitHub's own nor of a GitHub Enterprise Server.
[[nodiscard]] std::string github_url_of(const std::string& api_url);

}  // namespace mayfly::pages
