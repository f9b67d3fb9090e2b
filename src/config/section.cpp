#include "config/section.h"

#include <algorithm>

#include "base/text.h"
#include "config/keys.h"
#include "config/secret_reference.h"

namespace mayfly {
namespace {

constexpr std::size_t k_text_max = 1024;
constexpr std::size_t k_tables_max = 256;

const TomlNode& absent_table() {
  static const TomlNode k_absent;
  return k_absent;
}

bool has_control_characters(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
}

// As one would write it in the file: "60m", "24h".
std::string written(Millis d) {
  using std::chrono::hours;
  using std::chrono::minutes;
  if (d > hours{1} && d % hours{1} == Millis{0}) return std::to_string(d / hours{1}) + "h";
  if (d >= minutes{1} && d % minutes{1} == Millis{0}) return std::to_string(d / minutes{1}) + "m";
  return std::to_string(d / Seconds{1}) + "s";
}

}  // namespace

Result<Section> Section::open_file(const TomlNode& top, const std::string& file_name) {
  return open(top, file_name, "");
}

Result<Section> Section::open(const TomlNode& node, const std::string& file_name,
                              std::string path) {
  const auto known = keys_of(path);
  for (const TomlMember& member : node.members) {
    if (std::ranges::find(known, member.key) != known.end()) continue;
    return fail(Code::config_invalid, at_line(file_name, member.key_line) +
                                          full_key(path, printable(member.key, 64)) +
                                          " is not a key here; " + advice_for(path, member.key));
  }
  return Section(node, file_name, std::move(path));
}

Result<Section> Section::table(std::string_view key) const {
  const TomlNode* node = node_->find(key);
  if (node == nullptr) return open(absent_table(), *file_name_, full_key(path_, key));
  if (node->kind != TomlNode::Kind::table) return expected(key, *node, "a table");
  return open(*node, *file_name_, full_key(path_, key));
}

Result<std::vector<Section>> Section::tables(std::string_view key) const {
  const TomlNode* node = node_->find(key);
  std::vector<Section> sections;
  if (node == nullptr) return sections;
  const std::string expectation = "one or more tables, each headed [[" + std::string(key) + "]]";
  if (node->kind != TomlNode::Kind::array) return expected(key, *node, expectation);
  if (node->elements.size() > k_tables_max)
    return refuse(key, "has more than " + std::to_string(k_tables_max) + " tables");
  for (const TomlNode& element : node->elements) {
    if (element.kind != TomlNode::Kind::table) return expected(key, element, expectation);
    TRY_ASSIGN(Section section, open(element, *file_name_, full_key(path_, key)));
    sections.push_back(std::move(section));
  }
  return sections;
}

Status Section::require(std::string_view key) const {
  if (has(key)) return {};
  return refuse(key, "is missing");
}

Status Section::text(std::string_view key, const Form& form, std::string& out) const {
  const TomlNode* node = node_->find(key);
  if (node == nullptr) return {};
  TRY(checked_text(key, *node, form));
  out = node->text;
  return {};
}

Status Section::texts(std::string_view key, const Form& form, std::size_t max,
                      std::vector<std::string>& out) const {
  const TomlNode* node = node_->find(key);
  if (node == nullptr) return {};
  const std::string expectation = "a list of 1 to " + std::to_string(max) + " strings";
  if (node->kind != TomlNode::Kind::array) return expected(key, *node, expectation);
  if (node->elements.empty() || node->elements.size() > max)
    return refuse(key, "must be " + expectation);
  for (const TomlNode& element : node->elements) {
    TRY(checked_text(key, element, form));
    if (std::ranges::find(out, element.text) != out.end())
      return refuse(key, "names " + element.shown() + " twice");
    out.push_back(element.text);
  }
  return {};
}

Status Section::boolean(std::string_view key, bool& out) const {
  const TomlNode* node = node_->find(key);
  if (node == nullptr) return {};
  if (node->kind != TomlNode::Kind::boolean) return expected(key, *node, "true or false");
  out = node->boolean;
  return {};
}

Status Section::duration(std::string_view key, DurationRange range, Millis& out) const {
  const TomlNode* node = node_->find(key);
  if (node == nullptr) return {};
  const bool is_text = node->kind == TomlNode::Kind::text;
  const auto duration = is_text ? parse_duration(node->text) : std::nullopt;
  if (!duration) return expected(key, *node, "a duration like \"" + written(out) + "\"");
  if (*duration < range.min || *duration > range.max)
    return expected(key, *node, "from " + written(range.min) + " to " + written(range.max));
  out = *duration;
  return {};
}

Status Section::money(std::string_view key, Money& out) const {
  const TomlNode* node = node_->find(key);
  if (node == nullptr) return {};
  if (node->kind == TomlNode::Kind::real)
    return expected(key, *node, "in quotes, like \"" + node->text + "\"");
  const bool is_integer = node->kind == TomlNode::Kind::integer;
  const auto usd = parse_usd(is_integer ? std::to_string(node->integer) : node->text);
  if (!usd || (!is_integer && node->kind != TomlNode::Kind::text))
    return expected(key, *node, "US dollars like \"1.53\"");
  out = *usd;
  return {};
}

Status Section::secret(std::string_view key, SecretReference& out) const {
  const TomlNode* node = node_->find(key);
  if (node == nullptr) return {};
  const auto reference =
      node->kind == TomlNode::Kind::text ? parse_secret_reference(node->text) : std::nullopt;
  // What is there may be the secret itself, so it is not repeated.
  if (!reference) {
    return refuse(key,
                  "must say where the secret is, never what it is: write env:NAME, "
                  "file:/path or ssm:/parameter/name");
  }
  out = *reference;
  return {};
}

Result<std::optional<std::int64_t>> Section::checked_integer(std::string_view key,
                                                             IntRange range) const {
  const TomlNode* node = node_->find(key);
  if (node == nullptr) return std::optional<std::int64_t>{};
  const bool is_integer = node->kind == TomlNode::Kind::integer;
  if (!is_integer || node->integer < range.min || node->integer > range.max) {
    return expected(
        key, *node,
        "a whole number from " + std::to_string(range.min) + " to " + std::to_string(range.max));
  }
  return std::optional{node->integer};
}

Result<std::optional<std::size_t>> Section::checked_choice(
    std::string_view key, const std::vector<std::string_view>& names) const {
  const TomlNode* node = node_->find(key);
  if (node == nullptr) return std::optional<std::size_t>{};
  const auto found = std::ranges::find(names, node->text);
  if (node->kind == TomlNode::Kind::text && found != names.end())
    return std::optional{static_cast<std::size_t>(found - names.begin())};
  std::string list;
  for (const std::string_view name : names)
    list += (list.empty() ? "\"" : " or \"") + std::string(name) + "\"";
  return expected(key, *node, list);
}

Status Section::checked_text(std::string_view key, const TomlNode& node, const Form& form) const {
  const bool is_clean = node.kind == TomlNode::Kind::text && node.text.size() <= k_text_max &&
                        !has_control_characters(node.text);
  if (is_clean && form.matches(node.text)) return {};
  return expected(key, node, std::string(form.expectation));
}

tl::unexpected<Error> Section::expected(std::string_view key, const TomlNode& node,
                                        const std::string& expectation) const {
  return fail(Code::config_invalid, at_line(*file_name_, node.line) + full_key(path_, key) +
                                        " must be " + expectation + ", not " + node.shown());
}

tl::unexpected<Error> Section::refuse(std::string_view key, const std::string& why) const {
  const TomlNode* node = node_->find(key);
  const int line = node == nullptr ? node_->line : node->line;
  return fail(Code::config_invalid, at_line(*file_name_, line) + full_key(path_, key) + " " + why);
}

}  // namespace mayfly
