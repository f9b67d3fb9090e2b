#include "aws/dynamodb_json.h"

#include <charconv>

namespace mayfly::aws {
namespace {

struct ToJson {
  json::object operator()(const std::string& text) const { return {{"S", text}}; }
  json::object operator()(std::int64_t number) const { return {{"N", std::to_string(number)}}; }
  json::object operator()(bool truth) const { return {{"BOOL", truth}}; }
};

std::optional<std::int64_t> parse_whole(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc{} && end == text.data() + text.size();
  return is_whole ? std::optional(number) : std::nullopt;
}

std::optional<Attribute> parse_attribute(const json::value& value) {
  const json::object* typed = value.if_object();
  if (typed == nullptr || typed->size() != 1) return std::nullopt;
  if (auto text = json_string(*typed, "S")) return Attribute(std::move(*text));
  if (const auto truth = json_bool(*typed, "BOOL")) return Attribute(*truth);
  const auto digits = json_string(*typed, "N");
  const auto number = digits ? parse_whole(*digits) : std::nullopt;
  return number ? std::optional<Attribute>(*number) : std::nullopt;
}

}  // namespace

json::object to_json(const Item& item) {
  json::object out;
  for (const auto& [name, value] : item) out[name] = std::visit(ToJson{}, value);
  return out;
}

json::object to_json(const ItemKey& key) { return to_json(Item{{"pk", key.pk}, {"sk", key.sk}}); }

std::optional<Item> parse_item(const json::value& value) {
  const json::object* object = value.if_object();
  if (object == nullptr) return std::nullopt;
  Item item;
  for (const auto& field : *object) {
    auto attribute = parse_attribute(field.value());
    if (!attribute) return std::nullopt;
    item.emplace(std::string(field.key()), std::move(*attribute));
  }
  return item;
}

std::optional<ItemKey> parse_key(const json::value& value) {
  const auto item = parse_item(value);
  return item && item->size() == 2 ? key_of(*item) : std::nullopt;
}

}  // namespace mayfly::aws
