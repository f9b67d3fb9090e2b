#pragma once

// Items in DynamoDB's JSON: {"name":{"S":"text"},"count":{"N":"7"},"on":{"BOOL":true}}. Reading is
// strict: one type an attribute, whole numbers, no type that Attribute does not have.

#include <boost/json/object.hpp>

#include "aws/dynamodb.h"
#include "base/json.h"

namespace mayfly::aws {

[[nodiscard]] json::object to_json(const Item& item);
[[nodiscard]] json::object to_json(const ItemKey& key);
// None: it is no such item.
[[nodiscard]] std::optional<Item> parse_item(const json::value& value);
[[nodiscard]] std::optional<ItemKey> parse_key(const json::value& value);

}  // namespace mayfly::aws
