#pragma once

// A refusal as AWS words it: HTTP status, AWS's own code and message. Inside the emulated AWS an
// Answer<T> is what Result<T> is elsewhere, and TRY works on it.

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace mayfly::lab {

struct AwsFault {
  int status = 400;
  std::string code;
  std::string message;
  std::string reasons = {};  // a cancelled transaction's CancellationReasons, as JSON
};

template <class T>
using Answer = tl::expected<T, AwsFault>;

[[nodiscard]] inline tl::unexpected<AwsFault> refuse(int status, std::string code,
                                                     std::string message) {
  return tl::unexpected<AwsFault>({status, std::move(code), std::move(message)});
}
[[nodiscard]] inline tl::unexpected<AwsFault> refuse(std::string code, std::string message) {
  return refuse(400, std::move(code), std::move(message));
}

}  // namespace mayfly::lab

namespace mayfly {

// What TRY calls to hand an error on.
[[nodiscard]] inline tl::unexpected<lab::AwsFault> fail(lab::AwsFault fault) {
  return tl::unexpected<lab::AwsFault>(std::move(fault));
}

}  // namespace mayfly
