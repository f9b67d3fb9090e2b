#pragma once

// One table of the configuration, read key by key. Each reader leaves its output as it was when the
// key is absent, so that defaults live in config.h alone, and otherwise checks type and bounds.
// Every error is Code::config_invalid and says file, line, key, what is expected and what is there.

#include <concepts>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/money.h"
#include "base/result.h"
#include "base/time.h"
#include "config/config.h"
#include "config/forms.h"
#include "config/toml_node.h"

namespace mayfly {

struct IntRange {
  std::int64_t min;
  std::int64_t max;
};

struct DurationRange {
  Millis min;
  Millis max;
};

// Refers to the document it was opened from, which must live longer.
class Section {
 public:
  // Fails for a key that keys.h does not list.
  [[nodiscard]] static Result<Section> open_file(const TomlNode& top, const std::string& file_name);
  // An absent table reads as an empty one.
  [[nodiscard]] Result<Section> table(std::string_view key) const;
  // [[key]]; empty when absent.
  [[nodiscard]] Result<std::vector<Section>> tables(std::string_view key) const;

  [[nodiscard]] bool has(std::string_view key) const { return node_->find(key) != nullptr; }
  [[nodiscard]] Status require(std::string_view key) const;

  [[nodiscard]] Status text(std::string_view key, const Form& form, std::string& out) const;
  // One to max texts, none of them twice.
  [[nodiscard]] Status texts(std::string_view key, const Form& form, std::size_t max,
                             std::vector<std::string>& out) const;
  [[nodiscard]] Status boolean(std::string_view key, bool& out) const;
  [[nodiscard]] Status duration(std::string_view key, DurationRange range, Millis& out) const;
  // A string or an integer: a TOML float cannot hold cents exactly.
  [[nodiscard]] Status money(std::string_view key, Money& out) const;
  [[nodiscard]] Status secret(std::string_view key, SecretReference& out) const;

  template <std::integral Int>
  [[nodiscard]] Status integer(std::string_view key, IntRange range, Int& out) const {
    TRY_ASSIGN(const std::optional<std::int64_t> number, checked_integer(key, range));
    if (number) out = static_cast<Int>(*number);
    return {};
  }

  template <class Enum>
  using Choice = std::pair<std::string_view, Enum>;

  template <class Enum>
  [[nodiscard]] Status choice(std::string_view key, std::initializer_list<Choice<Enum>> choices,
                              Enum& out) const {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : choices) names.push_back(name);
    TRY_ASSIGN(const std::optional<std::size_t> index, checked_choice(key, names));
    if (index) out = (choices.begin() + *index)->second;
    return {};
  }

  // "file:line: section.key why"; at the section's own line when the key is absent.
  [[nodiscard]] tl::unexpected<Error> refuse(std::string_view key, const std::string& why) const;

 private:
  Section(const TomlNode& node, const std::string& file_name, std::string path)
      : node_(&node), file_name_(&file_name), path_(std::move(path)) {}

  [[nodiscard]] static Result<Section> open(const TomlNode& node, const std::string& file_name,
                                            std::string path);
  [[nodiscard]] Result<std::optional<std::int64_t>> checked_integer(std::string_view key,
                                                                    IntRange range) const;
  [[nodiscard]] Result<std::optional<std::size_t>> checked_choice(
      std::string_view key, const std::vector<std::string_view>& names) const;
  [[nodiscard]] Status checked_text(std::string_view key, const TomlNode& node,
                                    const Form& form) const;
  // "... must be <expectation>, not <node>".
  [[nodiscard]] tl::unexpected<Error> expected(std::string_view key, const TomlNode& node,
                                               const std::string& expectation) const;

  const TomlNode* node_;
  const std::string* file_name_;
  std::string path_;
};

}  // namespace mayfly
