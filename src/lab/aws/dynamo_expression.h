#pragma once

// The expressions of DynamoDB that the emulator has: terms joined by AND, each of them
// attribute_exists(a), attribute_not_exists(a), begins_with(a, :v) or "a = :v" with =, <>, <, <=, >
// or >=, a being a name or a #placeholder. What it does not know it refuses, as it does a
// placeholder that is not used, a name that is reserved and a value of an unknown type.
// Source: DynamoDB Developer Guide, "Condition and filter expressions", "Reserved words".

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "lab/aws/aws_fault.h"

namespace mayfly::lab {

struct DynamoTerm {
  std::string operation;  // "attribute_exists", ..., "=", "<"
  std::string attribute;
  json::object value;  // {"S":"text"}; empty for those that have none
};

using DynamoExpression = std::vector<DynamoTerm>;

// The expression `field` of the request, with its ExpressionAttributeNames and -Values. Empty: the
// request has none.
[[nodiscard]] Answer<DynamoExpression> parse_expression(const json::object& request,
                                                        std::string_view field);
// Whether every term holds. item: nullptr where there is none.
[[nodiscard]] bool holds(const DynamoExpression& expression, const json::object* item);

}  // namespace mayfly::lab
