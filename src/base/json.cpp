#include "base/json.h"

#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value_stack.hpp>
#include <cmath>
#include <exception>
#include <set>
#include <vector>

#include "base/text.h"

namespace mayfly {
namespace {

using json::error_code;
using json::string_view;

// Builds the value from the parser's events, and refuses what RFC 8259 leaves open: a second key of
// the same name, a NUL character, a number beyond double.
class StrictHandler {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  json::value release() { return stack_.release(); }

  bool on_document_begin(error_code&) {
    stack_.reset();
    return true;
  }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) {
    keys_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t members, error_code&) {
    keys_.pop_back();
    stack_.push_object(members);
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t elements, error_code&) {
    stack_.push_array(elements);
    return true;
  }
  bool on_key_part(string_view part, std::size_t, error_code& ec) {
    key_.append(part.data(), part.size());
    stack_.push_chars(part);
    return without_nul(part, ec);
  }
  bool on_key(string_view part, std::size_t, error_code& ec) {
    key_.append(part.data(), part.size());
    stack_.push_key(part);
    const bool is_new = keys_.back().insert(key_).second;
    if (!is_new) return refuse("the key \"" + printable(key_, 64) + "\" appears twice", ec);
    key_.clear();
    return without_nul(part, ec);
  }
  bool on_string_part(string_view part, std::size_t, error_code& ec) {
    stack_.push_chars(part);
    return without_nul(part, ec);
  }
  bool on_string(string_view part, std::size_t, error_code& ec) {
    stack_.push_string(part);
    return without_nul(part, ec);
  }
  bool on_number_part(string_view, error_code&) { return true; }
  bool on_int64(std::int64_t number, string_view, error_code&) {
    stack_.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, string_view, error_code&) {
    stack_.push_uint64(number);
    return true;
  }
  bool on_double(double number, string_view, error_code& ec) {
    stack_.push_double(number);
    return std::isfinite(number) || refuse("a number is too large", ec);
  }
  bool on_bool(bool truth, error_code&) {
    stack_.push_bool(truth);
    return true;
  }
  bool on_null(error_code&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

 private:
  bool refuse(std::string why, error_code& ec) {
    refusal_ = std::move(why);
    ec = json::error::syntax;
    return false;
  }
  bool without_nul(string_view part, error_code& ec) {
    return part.find('\0') == string_view::npos || refuse("a string contains a NUL character", ec);
  }

  json::value_stack stack_;
  std::vector<std::set<std::string>> keys_;  // of the objects that are open
  std::string key_;
  std::string refusal_;
};

std::string reason(const error_code& ec, const StrictHandler& handler, const JsonLimits& limits) {
  if (!handler.refusal().empty()) return handler.refusal();
  if (ec == json::error::too_deep)
    return "nested deeper than " + std::to_string(limits.depth_max) + " levels";
  if (ec == json::error::incomplete) return "the document ends too early";
  return ec.message();
}

Result<json::value> parse_within(std::string_view text, const JsonLimits& limits) {
  json::parse_options options;
  options.max_depth = limits.depth_max;
  json::basic_parser<StrictHandler> parser(options);
  error_code ec;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && read < text.size()) ec = json::error::extra_data;
  if (ec) {
    return fail(Code::bad_json, "not acceptable JSON at byte " + std::to_string(read) + ": " +
                                    reason(ec, parser.handler(), limits));
  }
  return parser.handler().release();
}

const json::value* member(const json::object& object, std::string_view key) {
  return object.if_contains({key.data(), key.size()});
}

}  // namespace

Result<json::value> parse_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes_max) {
    return fail(Code::bad_json, "not acceptable JSON at byte " + std::to_string(limits.bytes_max) +
                                    ": longer than " + std::to_string(limits.bytes_max) + " bytes");
  }
  try {
    return parse_within(text, limits);
  } catch (const std::exception& e) {
    return fail(Code::bad_json, std::string("not acceptable JSON at byte 0: ") + e.what());
  }
}

JsonLimits upstream_json_limits() { return {.bytes_max = 8 * 1024 * 1024, .depth_max = 32}; }

std::optional<std::string> json_string(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::optional<std::int64_t> json_int(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  if (value == nullptr || value->is_double()) return std::nullopt;
  error_code ec;
  const auto number = value->to_number<std::int64_t>(ec);
  if (ec) return std::nullopt;
  return number;
}

std::optional<bool> json_bool(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  if (value == nullptr || !value->is_bool()) return std::nullopt;
  return value->get_bool();
}

const json::object* json_object(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  return value == nullptr ? nullptr : value->if_object();
}

const json::array* json_array(const json::object& object, std::string_view key) {
  const json::value* value = member(object, key);
  return value == nullptr ? nullptr : value->if_array();
}

}  // namespace mayfly
