#pragma once

// A TOML document as plain values that know their line. The one place where the TOML library shows
// is toml_node.cpp: it is slow to compile.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mayfly {

struct TomlMember;

struct TomlNode {
  enum class Kind { text, integer, real, boolean, date, array, table };

  Kind kind = Kind::table;
  int line = 0;      // from 1; 0 for the top of the file and for what is not in it
  std::string text;  // kind text: the value; real and date: how to show it
  std::int64_t integer = 0;
  bool boolean = false;
  std::vector<TomlNode> elements;
  std::vector<TomlMember> members;

  [[nodiscard]] const TomlNode* find(std::string_view key) const;
  // For a message: "abc" in quotes, 3600, a table. Printable, at most about 60 characters.
  [[nodiscard]] std::string shown() const;
};

struct TomlMember {
  std::string key;
  int key_line = 0;
  TomlNode value;
};

// Code::config_invalid, with "file_name:line: " in front, for what is not TOML 1.0
// or has a line of more than 4096 bytes.
[[nodiscard]] Result<TomlNode> parse_toml(std::string_view toml, const std::string& file_name);

// "mayfly.toml:12: ", or "mayfly.toml: " for line 0.
[[nodiscard]] std::string at_line(const std::string& file_name, int line);

}  // namespace mayfly
