#pragma once

// The operator's pages as a part of an HTTP service: what each listener puts in front of them.
// Nothing here is logged, for a link's path opens the pages. Thread rule: safe from many threads.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "config/config.h"
#include "pages/kept.h"
#include "pages/operator_pages.h"
#include "seam/clock.h"
#include "seam/http_message.h"

namespace mayfly::pages {

// At the root, for the admin listener: whoever admit_operator() lets in.
[[nodiscard]] HttpResponse answer_operator(OperatorPages& pages, const HttpRequest& request,
                                           const Secret& token);

// Below "/operator/{pass}/", for where there is one listener for all (Lambda): whoever has a link.
// Everything else goes to the others. The token is asked for when a link is first opened, and once
// a minute then, so that no start waits for it and nobody can have it asked for often.
class OperatorLinks final : public HttpService {
 public:
  // Empty: there is no token. None: it cannot be read. In both cases no link is one.
  using TokenOf = std::function<std::optional<Secret>()>;
  OperatorLinks(HttpService& others, OperatorPages& pages, const Config& config, TokenOf token,
                Clock& clock)
      : others_(others),
        pages_(pages),
        config_(config),
        token_of_(std::move(token)),
        clock_(clock) {}

  [[nodiscard]] HttpResponse handle(const HttpRequest& request) override;

 private:
  [[nodiscard]] Status check(std::string_view pass);

  HttpService& others_;
  OperatorPages& pages_;
  const Config& config_;
  TokenOf token_of_;
  Clock& clock_;
  Kept<std::optional<Secret>> token_;
};

// "/operator/{pass}/"
[[nodiscard]] std::string operator_path(const Secret& token, const std::string& deployment,
                                        WallTime expires);

}  // namespace mayfly::pages
