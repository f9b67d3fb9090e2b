#pragma once

// Strong types for the names that travel through the program, so that no function takes two strings
// in a row. An Id is only a label for a string: the parsers that make one from untrusted text live
// with the rules they check (lease/label.h, parse_* below).

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mayfly {

template <class Tag>
struct Id {
  std::string text;

  [[nodiscard]] bool empty() const { return text.empty(); }
  friend auto operator<=>(const Id&, const Id&) = default;
};

using LeaseId = Id<struct LeaseTag>;              // "l-" + 20 lower-case hex digits
using InstanceId = Id<struct InstanceTag>;        // i-0123456789abcdef0
using RepositoryName = Id<struct RepositoryTag>;  // owner/name as GitHub spells it
using ClientToken = Id<struct ClientTokenTag>;    // EC2 idempotency token, at most 64 ASCII bytes

using RunId = std::int64_t;     // GitHub workflow run
using RunnerId = std::int64_t;  // GitHub self-hosted runner

enum class Architecture { x86_64, arm64 };

[[nodiscard]] std::string_view to_string(Architecture architecture);
[[nodiscard]] std::optional<Architecture> parse_architecture(std::string_view text);

[[nodiscard]] std::optional<LeaseId> parse_lease_id(std::string_view text);
[[nodiscard]] std::optional<InstanceId> parse_instance_id(std::string_view text);
// GitHub's alphabet for both halves: letters, digits, '-', '_' and '.'; neither half "." or "..".
[[nodiscard]] std::optional<RepositoryName> parse_repository(std::string_view text);

}  // namespace mayfly
