#include "config/secret_reference.h"

#include "base/text.h"

namespace mayfly {
namespace {

constexpr std::string_view k_word =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
constexpr std::string_view k_parameter =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-/";
constexpr std::size_t k_name_max = 512;

bool is_name(SecretReference::Kind kind, std::string_view name) {
  switch (kind) {
    case SecretReference::Kind::environment:
      return is_all_of(name, k_word);
    case SecretReference::Kind::file:
      return name.starts_with('/') && printable(name, k_name_max) == name;
    case SecretReference::Kind::ssm:
      return is_all_of(name, k_parameter);
  }
  return false;
}

}  // namespace

std::optional<SecretReference> parse_secret_reference(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = text.substr(0, colon);
  const std::string_view name = text.substr(colon + 1);
  SecretReference::Kind kind = SecretReference::Kind::environment;
  if (scheme == "file")
    kind = SecretReference::Kind::file;
  else if (scheme == "ssm")
    kind = SecretReference::Kind::ssm;
  else if (scheme != "env")
    return std::nullopt;
  if (name.empty() || name.size() > k_name_max || !is_name(kind, name)) return std::nullopt;
  return SecretReference{kind, std::string(name)};
}

}  // namespace mayfly
