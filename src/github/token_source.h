#pragma once

// Where the credential comes from: a fixed token, or a GitHub App (app_token.h). Thread rule: safe
// from many threads.

#include <string>
#include <utility>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace mayfly::github {

class TokenSource {
 public:
  TokenSource() = default;
  TokenSource(const TokenSource&) = delete;
  TokenSource& operator=(const TokenSource&) = delete;
  virtual ~TokenSource() = default;

  [[nodiscard]] virtual Result<Secret> token(SteadyTime deadline) = 0;
  // GitHub answered 401 to this one. True: token() may give another, and the call be made again.
  [[nodiscard]] virtual bool replace(const Secret& /*refused*/) { return false; }
  // What it is, in words, once it has worked; empty where there is nothing to say.
  [[nodiscard]] virtual Result<std::string> describe(SteadyTime /*deadline*/) {
    return std::string();
  }
  // Where this is an App: what authenticates the App itself, for calls that no token may make.
  [[nodiscard]] virtual TokenSource* as_app() { return nullptr; }
};

class FixedToken final : public TokenSource {
 public:
  explicit FixedToken(Secret token) : token_(std::move(token)) {}
  [[nodiscard]] Result<Secret> token(SteadyTime) override { return token_; }

 private:
  Secret token_;
};

}  // namespace mayfly::github
