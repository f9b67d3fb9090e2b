// The strict JSON parser that every body from outside goes through.

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "fuzz/laws.h"

namespace mayfly::fuzz {
namespace {

std::size_t depth_of(const json::value& value) {
  std::size_t deepest = 0;
  if (const json::array* array = value.if_array()) {
    for (const json::value& element : *array) deepest = std::max(deepest, depth_of(element));
    return deepest + 1;
  }
  if (const json::object* object = value.if_object()) {
    for (const auto& member : *object) deepest = std::max(deepest, depth_of(member.value()));
    return deepest + 1;
  }
  return 0;
}

bool has_nul(const json::value& value) {
  if (const json::string* text = value.if_string()) return text->find('\0') != json::string::npos;
  if (const json::array* array = value.if_array())
    return std::any_of(array->begin(), array->end(), has_nul);
  if (const json::object* object = value.if_object())
    return std::any_of(object->begin(), object->end(), [](const auto& member) {
      return member.key().find('\0') != std::string_view::npos || has_nul(member.value());
    });
  return false;
}

bool has_real(const json::value& value) {
  if (const json::array* array = value.if_array())
    return std::any_of(array->begin(), array->end(), has_real);
  if (const json::object* object = value.if_object())
    return std::any_of(object->begin(), object->end(),
                       [](const auto& member) { return has_real(member.value()); });
  return value.is_double();
}

void check_accepted(std::string_view text, const json::value& value, const JsonLimits& limits) {
  law(text.size() <= limits.bytes_max, "what is accepted is within the size limit");
  law(depth_of(value) <= limits.depth_max, "what is accepted is within the depth limit");
  law(!has_nul(value), "no NUL is accepted");
  json::error_code ec;
  json::parse_options options;
  options.max_depth = limits.depth_max;
  const json::value other = json::parse({text.data(), text.size()}, ec, {}, options);
  law(!ec && other == value, "what is accepted means the same to Boost's own parser");
  // Boost 1.81 reads some reals a bit off, so that they need not come back.
  if (has_real(value)) return;
  const std::string written = json::serialize(value);
  const auto again = parse_json(written, upstream_json_limits());
  law(again.has_value(), "what is accepted is accepted again when it is written out", written);
  law(json::serialize(*again) == written, "and is written the same", written);
}

}  // namespace
}  // namespace mayfly::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  const std::string_view text = fuzz::text_of(data, size);
  const auto strict = parse_json(text);
  const auto upstream = parse_json(text, upstream_json_limits());
  if (strict) fuzz::check_accepted(text, *strict, {});
  if (upstream) fuzz::check_accepted(text, *upstream, upstream_json_limits());
  fuzz::law(!strict || upstream, "what a caller may send GitHub may answer");
  for (const auto* result : {&strict, &upstream}) {
    if (*result) continue;
    fuzz::check_error(result->error());
    fuzz::law(result->error().code == Code::bad_json, "what is refused is bad-json");
  }
  return 0;
}
