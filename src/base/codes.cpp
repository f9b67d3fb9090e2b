#include "base/codes.h"

#include <array>

namespace mayfly {
namespace {

constexpr std::array k_codes = {
#define MAYFLY_CODE(id, name, kind, status, title, remedy) \
  CodeInfo{Code::id, name, ErrorKind::kind, status, title, remedy},
#include "base/codes.def"
#undef MAYFLY_CODE
};

}  // namespace

const CodeInfo& info(Code code) { return k_codes[static_cast<std::size_t>(code)]; }

std::span<const CodeInfo> all_codes() { return k_codes; }

std::optional<Code> code_named(std::string_view name) {
  for (const CodeInfo& code : k_codes)
    if (code.name == name) return code.code;
  return std::nullopt;
}

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::bad_request:
      return "bad-request";
    case ErrorKind::denied:
      return "denied";
    case ErrorKind::not_found:
      return "not-found";
    case ErrorKind::conflict:
      return "conflict";
    case ErrorKind::throttled:
      return "throttled";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::ambiguous:
      return "ambiguous";
    case ErrorKind::capacity:
      return "capacity";
    case ErrorKind::misconfigured:
      return "misconfigured";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace mayfly
