#pragma once

// The credential of a GitHub App (facts.md A5): a JWT signed with the App's key gets a token of its
// installation, which lasts an hour and may do no more than mayfly needs, in the served
// repositories only. A token is renewed ten minutes before its end (or in the last sixth of a
// shorter life) by one caller, while the others go on with the old one; at the start, and after
// GitHub has refused a token, one caller fetches and the others wait. An attempt that failed is
// followed by a pause. Nothing is logged, no message holds a token or a JWT, and nothing is assumed
// of a token's form but its length.
//
// Clocks: the JWT is back-dated by a minute and lasts eight more. When GitHub refuses it and its
// Date differs from our clock, it is made once more by GitHub's time, and so are the next ones. How
// long a token lasts is measured from that Date as well.
//
// These calls, two or three an hour, are not counted by call_budget.h; the App's others
// (deliveries.h) are. Thread rule: safe from many threads; no lock is held during a call.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/rs256.h"
#include "github/client.h"
#include "github/permissions.h"

namespace mayfly::github {

struct Call;  // github/call.h

struct AppSettings {
  std::string api_url = "https://api.github.com";
  std::string user_agent = "mayfly";
  std::string app_id;                // or its client id
  std::int64_t installation_id = 0;  // 0: looked up for the scope
  Scope scope;
  std::vector<RepositoryName> repositories;  // that tokens are narrowed to
  bool reads_pulls = false;
  bool changes_runs = false;
};

// header.payload.signature
[[nodiscard]] std::string app_jwt(const RsaKey& key, const std::string& app_id, WallTime now);

class AppToken final : public TokenSource {
 public:
  AppToken(HttpTransport& transport, Clock& clock, RsaKey key, AppSettings settings);

  // github_unauthorized: GitHub does not know the App or its key; github_not_found: it is not
  // installed there; github_forbidden: its installation lacks a permission, which the message
  // names.
  [[nodiscard]] Result<Secret> token(SteadyTime deadline) override;
  [[nodiscard]] bool replace(const Secret& refused) override;
  [[nodiscard]] Result<std::string> describe(SteadyTime deadline) override;
  // A JWT for each call, by GitHub's time as far as a token's fetch has shown it.
  [[nodiscard]] TokenSource* as_app() override { return &itself_; }

 private:
  class Itself final : public TokenSource {
   public:
    explicit Itself(AppToken& app) : app_(app) {}
    [[nodiscard]] Result<Secret> token(SteadyTime) override { return Secret(app_.jwt()); }

   private:
    AppToken& app_;
  };
  struct Kept {
    Secret token;
    SteadyTime since = {};
    SteadyTime until = {};
    WallTime wall_until = {};  // of our clock: the other one may stand while we are frozen
    Millis renew_before = {};
  };
  enum class Turn { answered, fetch, wait };

  [[nodiscard]] bool serves(Millis ahead) const;
  // answered: `answer` is a token or why there is none. fetch: this caller is the one who does.
  [[nodiscard]] Turn take_turn(Result<Secret>& answer);
  [[nodiscard]] Result<Secret> keep(Result<Kept> fetched);
  [[nodiscard]] Result<Kept> fetch(SteadyTime deadline);
  [[nodiscard]] Result<Kept> read_token(const HttpResponse& response, SteadyTime since) const;
  // Whether GitHub's clock differs from what was believed of it.
  [[nodiscard]] bool learn_skew(const HttpResponse& response);
  [[nodiscard]] Result<std::int64_t> installation(SteadyTime deadline);
  [[nodiscard]] Result<HttpResponse> send_as_app(const Call& call, SteadyTime deadline);
  [[nodiscard]] Result<HttpResponse> send_once(const Call& call, SteadyTime deadline);
  [[nodiscard]] Error explain(Error error, std::int64_t id, SteadyTime deadline);
  [[nodiscard]] std::vector<Permission> needed() const;
  [[nodiscard]] std::string token_request() const;
  [[nodiscard]] std::string jwt();

  HttpTransport& transport_;
  Clock& clock_;
  const RsaKey key_;
  const AppSettings settings_;
  Itself itself_{*this};

  std::mutex mutex_;  // of what follows
  std::optional<Kept> kept_;
  bool is_fetching_ = false;
  SteadyTime next_attempt_{};
  Error last_error_;  // while next_attempt_ is to come
  std::int64_t installation_id_;
  Millis skew_{0};  // GitHub's clock less ours, once ours was refused
};

}  // namespace mayfly::github
