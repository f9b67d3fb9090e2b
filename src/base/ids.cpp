#include "base/ids.h"

#include "base/text.h"

namespace mayfly {
namespace {

constexpr std::string_view k_hex = "0123456789abcdef";
constexpr std::string_view k_github_name =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
constexpr std::size_t k_github_name_max = 100;

bool is_hex_after(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) && is_all_of(text.substr(prefix.size()), k_hex);
}

bool is_github_name(std::string_view name) {
  return !name.empty() && name.size() <= k_github_name_max && is_all_of(name, k_github_name) &&
         name != "." && name != "..";
}

}  // namespace

std::string_view to_string(Architecture architecture) {
  return architecture == Architecture::x86_64 ? "x86_64" : "arm64";
}

std::optional<Architecture> parse_architecture(std::string_view text) {
  if (text == "x86_64") return Architecture::x86_64;
  if (text == "arm64") return Architecture::arm64;
  return std::nullopt;
}

std::optional<LeaseId> parse_lease_id(std::string_view text) {
  if (text.size() != 22 || !is_hex_after(text, "l-")) return std::nullopt;
  return LeaseId{std::string(text)};
}

std::optional<InstanceId> parse_instance_id(std::string_view text) {
  const bool is_length = text.size() == 10 || text.size() == 19;  // EC2's old and new ids
  if (!is_length || !is_hex_after(text, "i-")) return std::nullopt;
  return InstanceId{std::string(text)};
}

std::optional<RepositoryName> parse_repository(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  if (!is_github_name(text.substr(0, slash)) || !is_github_name(text.substr(slash + 1)))
    return std::nullopt;
  return RepositoryName{std::string(text)};
}

}  // namespace mayfly
