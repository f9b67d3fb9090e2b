#include "config/forms.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ids.h"
#include "base/ip_address.h"
#include "base/text.h"

namespace mayfly {
namespace {

constexpr std::string_view k_digits = "0123456789";
constexpr std::string_view k_hex = "0123456789abcdefABCDEF";
constexpr std::string_view k_lower_and_dash = "abcdefghijklmnopqrstuvwxyz0123456789-";
constexpr std::string_view k_letters_and_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool is_within(std::string_view text, std::size_t min, std::size_t max) {
  return text.size() >= min && text.size() <= max;
}

bool is_made_of(std::string_view text, std::string_view extra) {
  for (const char c : text) {
    const bool is_known = k_letters_and_digits.find(c) != std::string_view::npos;
    if (!is_known && extra.find(c) == std::string_view::npos) return false;
  }
  return true;
}

bool is_resource_id(std::string_view text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  const std::string_view rest = text.substr(prefix.size());
  return is_within(rest, 1, 32) && is_all_of(rest, "0123456789abcdef");
}

bool is_ipv4(std::string_view text) {
  const auto parts = split(text, '.');
  return parts.size() == 4 && std::ranges::all_of(parts, [](const std::string& part) {
           const auto number = parse_int(part);
           return number && *number <= 255 && part.size() <= 3;
         });
}

struct UrlParts {
  std::string_view scheme;
  std::string_view host;  // with brackets where it has them
  std::string_view port;  // with its colon
  std::string_view path;
};

std::optional<UrlParts> parts_of(std::string_view url) {
  UrlParts parts;
  const std::size_t mark = url.find("://");
  if (mark == std::string_view::npos) return std::nullopt;
  parts.scheme = url.substr(0, mark);
  const std::string_view rest = url.substr(mark + 3);
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  parts.path = rest.substr(slash);
  const std::string_view host_port = rest.substr(0, slash);
  const std::size_t host_end = host_port.starts_with('[') ? host_port.find(']') : 0;
  if (host_end == std::string_view::npos) return std::nullopt;
  const std::size_t colon = std::min(host_port.find(':', host_end), host_port.size());
  parts.host = host_port.substr(0, colon);
  parts.port = host_port.substr(colon);
  return parts;
}

bool is_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']'))
    return host.size() > 3 &&
           is_all_of(host.substr(1, host.size() - 2), "0123456789abcdefABCDEF:.");
  return is_within(host, 1, 253) && is_made_of(host, "-.");
}

bool is_port(std::string_view port) {
  if (port.empty()) return true;
  const auto number = parse_int(port.substr(1));
  return number && *number >= 1 && *number <= 65535;
}

bool is_url(std::string_view text, std::string_view path_extra) {
  const auto parts = parts_of(text);
  return parts && (parts->scheme == "http" || parts->scheme == "https") && is_host(parts->host) &&
         is_port(parts->port) && is_made_of(parts->path, path_extra);
}

}  // namespace

bool is_deployment(std::string_view text) {
  return is_within(text, 1, 32) && is_all_of(text, k_lower_and_dash);
}

bool is_profile(std::string_view text) {
  return is_within(text, 1, 16) && is_all_of(text, k_lower_and_dash) &&
         text.find('-') == std::string_view::npos && !is_all_of(text.substr(0, 1), k_digits) &&
         !parse_architecture(text);
}

bool is_base_url(std::string_view text) { return is_url(text, "/-._~%") && !text.ends_with('/'); }

bool is_loopback_host(std::string_view host) {
  return (host.starts_with("127.") && is_ipv4(host)) || host == "localhost" || host == "::1" ||
         host == "[::1]";
}

bool is_plain_http_to_others(std::string_view base_url) {
  const auto parts = parts_of(base_url);
  return parts && parts->scheme == "http" && !is_loopback_host(parts->host);
}

bool is_private_url(std::string_view text) {
  return is_base_url(text) && !is_plain_http_to_others(text);
}

bool is_download_url(std::string_view text) {
  return is_url(text, "/-._~%{}") && text.find("{version}") != std::string_view::npos &&
         text.find("{arch}") != std::string_view::npos;
}

bool is_address(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return is_ipv4(text);
  return is_within(text, 2, 45) && is_all_of(text, "0123456789abcdefABCDEF:.") &&
         text.find(':') != text.rfind(':');
}

bool is_proxy(std::string_view text) {
  constexpr int k_widest = 8;
  constexpr int k_widest_v4 = 96 + k_widest;
  const auto network = parse_network(text);
  return network && network->prefix >= (network->address.is_v4() ? k_widest_v4 : k_widest);
}

bool is_organization(std::string_view text) {
  return is_within(text, 1, 39) && is_made_of(text, "-") && !text.starts_with('-');
}

bool is_app_id(std::string_view text) { return is_within(text, 1, 40) && is_made_of(text, "."); }

bool is_repository(std::string_view text) { return parse_repository(text).has_value(); }

bool is_label_prefix(std::string_view text) {
  return is_within(text, 3, 64) && is_made_of(text, "_");
}

bool is_event(std::string_view text) {
  return is_within(text, 1, 64) && is_all_of(text, "abcdefghijklmnopqrstuvwxyz_");
}

bool is_workflow_path(std::string_view text) {
  constexpr std::string_view k_folder = ".github/workflows/";
  if (!text.starts_with(k_folder)) return false;
  const std::string_view name = text.substr(k_folder.size());
  return is_within(name, 5, 200) && is_made_of(name, "-._+ ") &&
         (name.ends_with(".yml") || name.ends_with(".yaml"));
}

bool is_login(std::string_view text) {
  constexpr std::string_view k_bot = "[bot]";
  if (text.ends_with(k_bot)) text.remove_suffix(k_bot.size());
  // An underscore stands before the short name of an enterprise that manages its accounts.
  return is_within(text, 1, 100) && is_made_of(text, "-_") && !text.starts_with('-');
}

std::span<const std::string_view> github_events() {
  static constexpr std::string_view k_events[] = {
      "branch_protection_rule",
      "check_run",
      "check_suite",
      "create",
      "delete",
      "deployment",
      "deployment_status",
      "discussion",
      "discussion_comment",
      "dynamic",
      "fork",
      "gollum",
      "image_version",
      "issue_comment",
      "issues",
      "label",
      "merge_group",
      "milestone",
      "page_build",
      "project",
      "project_card",
      "project_column",
      "public",
      "pull_request",
      "pull_request_review",
      "pull_request_review_comment",
      "pull_request_target",
      "push",
      "registry_package",
      "release",
      "repository_dispatch",
      "schedule",
      "status",
      "watch",
      "workflow_dispatch",
      "workflow_run",
  };
  return k_events;
}

bool is_region(std::string_view text) {
  return is_within(text, 1, 32) && is_all_of(text, k_lower_and_dash);
}

bool is_subnet_id(std::string_view text) { return is_resource_id(text, "subnet-"); }

bool is_security_group_id(std::string_view text) { return is_resource_id(text, "sg-"); }

bool is_image_id(std::string_view text) { return is_resource_id(text, "ami-"); }

bool is_image_owner(std::string_view text) {
  return text == "self" || text == "amazon" || (text.size() == 12 && is_all_of(text, k_digits));
}

bool is_parameter_path(std::string_view text) {
  return is_within(text, 2, 512) && text.starts_with('/') && is_made_of(text, "/-._");
}

bool is_instance_type(std::string_view text) {
  const std::size_t dot = text.find('.');
  return is_within(text, 3, 32) && dot != std::string_view::npos && dot > 0 &&
         dot + 1 < text.size() && is_all_of(text.substr(0, dot), k_lower_and_dash) &&
         is_all_of(text.substr(dot + 1), k_lower_and_dash);
}

bool is_key_name(std::string_view text) { return text.size() <= 255; }

bool is_table_name(std::string_view text) {
  return is_within(text, 3, 255) && is_made_of(text, "_.-");
}

bool is_not_empty(std::string_view text) { return !text.empty(); }

bool is_sha256(std::string_view text) { return text.size() == 64 && is_all_of(text, k_hex); }

bool is_runner_version(std::string_view text) {
  constexpr std::array<std::int64_t, 3> k_oldest = {2, 329, 0};
  if (text == "latest") return true;
  const auto parts = split(text, '.');
  if (parts.size() != k_oldest.size()) return false;
  std::array<std::int64_t, 3> version{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto number = parse_int(parts[i]);
    if (!number || parts[i].size() > 6) return false;
    version[i] = *number;
  }
  return version >= k_oldest;
}

}  // namespace mayfly
