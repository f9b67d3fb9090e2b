#include "lab/aws/dynamo_item.h"

#include <algorithm>

namespace mayfly::lab {
namespace {

constexpr std::size_t k_pk_bytes_max = 2048;
constexpr std::size_t k_sk_bytes_max = 1024;
constexpr std::size_t k_digits_max = 38;

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.size() <= k_digits_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Answer<std::string> key_text(const json::object& item, std::string_view name, std::size_t max) {
  const json::object* typed = json_object(item, name);
  if (typed == nullptr)
    return invalid("One of the required keys was not given a value: " + std::string(name));
  const auto text = json_string(*typed, "S");
  if (!text) return invalid("Type mismatch for key " + std::string(name) + " expected: S");
  if (text->empty())
    return invalid("An AttributeValue may not contain an empty string. Key: " + std::string(name));
  if (text->size() > max)
    return invalid("Size of " + std::string(name) + " has exceeded the maximum size limit of " +
                   std::to_string(max) + " bytes");
  return *text;
}

Answer<DynamoKey> keys_of(const json::object& item) {
  DynamoKey key;
  TRY_ASSIGN(key.pk, key_text(item, "pk", k_pk_bytes_max));
  TRY_ASSIGN(key.sk, key_text(item, "sk", k_sk_bytes_max));
  return key;
}

std::size_t value_bytes(const json::object& typed) {
  if (const auto text = json_string(typed, "S")) return text->size();
  if (const auto digits = json_string(typed, "N")) return digits->size() / 2 + 2;
  return 1;
}

}  // namespace

Answer<void> check_value(const json::value& value) {
  const json::object* typed = value.if_object();
  if (typed == nullptr || typed->size() != 1)
    return invalid(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly "
        "one of the supported datatypes");
  if (json_string(*typed, "S") || json_bool(*typed, "BOOL")) return {};
  const auto digits = json_string(*typed, "N");
  if (!digits) return invalid("The emulator has the types S, N and BOOL alone");
  if (!is_number(*digits)) return invalid("The parameter cannot be converted to a numeric value");
  return {};
}

Answer<DynamoKey> check_item(const json::object& item) {
  for (const auto& field : item) TRY(check_value(field.value()));
  if (item_bytes(item) > k_dynamo_item_bytes_max)
    return invalid("Item size has exceeded the maximum allowed size");
  return keys_of(item);
}

Answer<DynamoKey> check_key(const json::object& key) {
  for (const auto& field : key) TRY(check_value(field.value()));
  if (key.size() != 2) return invalid("The provided key element does not match the schema");
  return keys_of(key);
}

json::object key_json(const DynamoKey& key) {
  return {{"pk", json::object{{"S", key.pk}}}, {"sk", json::object{{"S", key.sk}}}};
}

std::size_t item_bytes(const json::object& item) {
  std::size_t bytes = 0;
  for (const auto& field : item)
    bytes += field.key().size() +
             (field.value().is_object() ? value_bytes(field.value().get_object()) : 0);
  return bytes;
}

}  // namespace mayfly::lab
