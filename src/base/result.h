#pragma once

// Result<T>: what every function that can fail returns. An Error carries a stable Code
// (base/codes.h), a sentence for a person, and, when the other side named one, how long to wait.
//
// Exceptions are for third-party libraries only; they are caught in the function that calls the
// library and turned into an Error there. Broken invariants abort (MAYFLY_CHECK), in every build.

#include <chrono>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "base/codes.h"

namespace mayfly {

struct Error {
  Code code = Code::internal;
  std::string message;
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;

  [[nodiscard]] ErrorKind kind() const { return info(code).kind; }
};

template <class T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> fail(Code code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::nullopt});
}

[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

// Adds what was being done: "describe images: request limit exceeded". Once per layer.
[[nodiscard]] inline tl::unexpected<Error> fail_while(const std::string& doing, Error error) {
  error.message = doing + ": " + error.message;
  return tl::unexpected<Error>(std::move(error));
}

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace mayfly

#define MAYFLY_CONCAT_INNER(a, b) a##b
#define MAYFLY_CONCAT(a, b) MAYFLY_CONCAT_INNER(a, b)

// TRY(expr): return the error of a Status or Result from the enclosing function.
#define TRY(...)                                                                          \
  if (auto MAYFLY_CONCAT(try_, __LINE__) = (__VA_ARGS__); !MAYFLY_CONCAT(try_, __LINE__)) \
  return ::mayfly::fail(std::move(MAYFLY_CONCAT(try_, __LINE__)).error())

// TRY_ASSIGN(auto x, expr): the value, or return the error.
#define TRY_ASSIGN(declaration, ...)                                                \
  auto MAYFLY_CONCAT(try_assign_, __LINE__) = (__VA_ARGS__);                        \
  if (!MAYFLY_CONCAT(try_assign_, __LINE__))                                        \
    return ::mayfly::fail(std::move(MAYFLY_CONCAT(try_assign_, __LINE__)).error()); \
  declaration = std::move(*MAYFLY_CONCAT(try_assign_, __LINE__))

// Holds in all builds. Untrusted input never reaches it.
#define MAYFLY_CHECK(condition) \
  ((condition) ? void() : ::mayfly::check_failed(#condition, __FILE__, __LINE__))
