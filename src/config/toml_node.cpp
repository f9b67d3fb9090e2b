#include "config/toml_node.h"

#include <toml++/toml.h>
#include <exception>
#include <sstream>

#include "base/text.h"

namespace mayfly {
namespace {

constexpr std::size_t k_shown_max = 60;

int line_of(const toml::source_region& region) { return static_cast<int>(region.begin.line); }

template <class Value>
std::string printed(const Value& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

TomlNode converted(const toml::node& from);

std::vector<TomlMember> converted_members(const toml::table& table) {
  std::vector<TomlMember> members;
  for (const auto& [key, value] : table)
    members.push_back({std::string(key.str()), line_of(key.source()), converted(value)});
  return members;
}

std::vector<TomlNode> converted_elements(const toml::array& array) {
  std::vector<TomlNode> elements;
  for (const toml::node& element : array) elements.push_back(converted(element));
  return elements;
}

TomlNode converted(const toml::node& from) {
  TomlNode to;
  to.line = line_of(from.source());
  if (const auto* text = from.as_string()) {
    to.kind = TomlNode::Kind::text;
    to.text = text->get();
  } else if (const auto* integer = from.as_integer()) {
    to.kind = TomlNode::Kind::integer;
    to.integer = integer->get();
  } else if (const auto* boolean = from.as_boolean()) {
    to.kind = TomlNode::Kind::boolean;
    to.boolean = boolean->get();
  } else if (const auto* array = from.as_array()) {
    to.kind = TomlNode::Kind::array;
    to.elements = converted_elements(*array);
  } else if (const auto* table = from.as_table()) {
    to.members = converted_members(*table);
  } else if (const auto* real = from.as_floating_point()) {
    to.kind = TomlNode::Kind::real;
    to.text = printed(real->get());
  } else {
    to.kind = TomlNode::Kind::date;
    to.text = "a date";
  }
  return to;
}

}  // namespace

const TomlNode* TomlNode::find(std::string_view key) const {
  for (const TomlMember& member : members)
    if (member.key == key) return &member.value;
  return nullptr;
}

std::string TomlNode::shown() const {
  switch (kind) {
    case Kind::text:
      return "\"" + printable(text, k_shown_max) + "\"";
    case Kind::integer:
      return std::to_string(integer);
    case Kind::boolean:
      return boolean ? "true" : "false";
    case Kind::array:
      return "an array";
    case Kind::table:
      return "a table";
    case Kind::real:
    case Kind::date:
      break;
  }
  return printable(text, k_shown_max);
}

std::string at_line(const std::string& file_name, int line) {
  return file_name + (line > 0 ? ":" + std::to_string(line) : "") + ": ";
}

Result<TomlNode> parse_toml(std::string_view toml, const std::string& file_name) {
  try {
    const toml::parse_result parsed = toml::parse(toml);
    if (parsed) {
      TomlNode top = converted(parsed.table());
      top.line = 0;
      return top;
    }
    const toml::parse_error& error = parsed.error();
    return fail(Code::config_invalid,
                at_line(file_name, line_of(error.source())) + printable(error.description()));
  } catch (const std::exception& e) {
    return fail(Code::config_invalid, at_line(file_name, 0) + e.what());
  }
}

}  // namespace mayfly
