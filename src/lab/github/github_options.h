#pragma once

// How one fake GitHub is set up: whose it is, what it lets in, and its bounds in time. All but
// on_exchange may be changed while it runs, by FakeGithub::configure(). The defaults
// are GitHub's own where facts.md A1 to A4 states them.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/secret.h"
#include "base/time.h"
#include "lab/github/app_tokens.h"
#include "seam/http_message.h"

namespace mayfly::lab {

struct GithubDownload {
  std::string os;            // "linux"
  std::string architecture;  // "x64", "arm64"
  std::string url;
  std::string filename;
  std::string sha256;
};

struct GithubOptions {
  std::string base_url = "https://api.github.com";  // as clients see it
  std::string runner_url = {};                      // as runners see it; empty: the same
  std::string organization = "octo";
  std::vector<RepositoryName> repositories = {};  // all public
  // The one token that is accepted. Without one, public facts can be read, no more.
  Secret token = {};
  // Installed for the organization and every repository; its tokens are accepted as well.
  std::optional<GithubApp> app = {};

  std::int64_t group_id = 1;
  // GitHub's default for a new group is false; an organisation's runner then gets no job of a
  // public repository and nothing says so.
  bool group_allows_public = true;
  std::vector<GithubDownload> downloads = {};

  std::size_t page_max = 100;
  std::int64_t calls_per_hour = 5000;
  std::int64_t anonymous_calls_per_hour = 60;
  std::int64_t points_per_minute = 900;  // GET 1, the rest 5

  Millis listing_lag{0};                    // a new runner is not in lists before
  Millis offline_after = Seconds{30};       // without a poll
  Millis pickup_limit = Seconds{60};        // an assigned job that is not started is queued again
  Millis lost_after = Seconds{600};         // a running job of an offline runner fails
  std::optional<Millis> idle_removal = {};  // of connected runners without a job
  Millis unconnected_removal = std::chrono::hours{24};  // of runners that are not connected
  Millis queue_limit = std::chrono::hours{24};          // a queued job is cancelled
  // Completed runs and their jobs are gone so long after their last change; none: they stay.
  std::optional<Millis> forget_after = {};

  // Called after each exchange, from the thread that made it, without a lock held.
  std::function<void(const HttpRequest&, const HttpResponse&)> on_exchange = {};
};

}  // namespace mayfly::lab
