#pragma once

// Every error mayfly can answer with, in one table (codes.def): the stable name that clients see in
// the problem document's `code`, what the caller should do (kind), the HTTP status, a title and the
// remedy. docs/errors.md is held against this table by a test. Names are never reused.

#include <optional>
#include <span>
#include <string_view>

namespace mayfly {

// Named by what the caller should do next.
enum class ErrorKind {
  bad_request,    // change the request
  denied,         // not allowed; repeating will not help
  not_found,      // there is no such thing
  conflict,       // state moved on: reload, decide again
  throttled,      // wait as long as told, then repeat
  unavailable,    // did not happen; may be repeated
  ambiguous,      // may have happened: find out before repeating
  capacity,       // this pool has none; try the next
  misconfigured,  // the owner must change something first
  internal,       // a bug: report it
};

enum class Code {
#define MAYFLY_CODE(id, name, kind, status, title, remedy) id,
#include "base/codes.def"
#undef MAYFLY_CODE
};

struct CodeInfo {
  Code code;
  std::string_view name;
  ErrorKind kind;
  int http_status;
  std::string_view title;
  std::string_view remedy;
};

[[nodiscard]] const CodeInfo& info(Code code);
[[nodiscard]] std::span<const CodeInfo> all_codes();
[[nodiscard]] std::optional<Code> code_named(std::string_view name);
[[nodiscard]] std::string_view to_string(ErrorKind kind);

}  // namespace mayfly
