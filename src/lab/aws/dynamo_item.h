#pragma once

// Items as DynamoDB's JSON has them, {"name":{"S":"text"}}, and what DynamoDB demands of them. Kept
// apart from src/aws, whose codec is what is to be held against this.
// Sources: DynamoDB Developer Guide, "Constraints", "Item sizes and formats".

#include <boost/json/object.hpp>
#include <compare>
#include <string>

#include "base/json.h"
#include "lab/aws/aws_fault.h"

namespace mayfly::lab {

inline constexpr std::size_t k_dynamo_item_bytes_max = 400 * 1024;

struct DynamoKey {
  std::string pk;
  std::string sk;

  friend auto operator<=>(const DynamoKey&, const DynamoKey&) = default;
};

// One of S, N and BOOL, well-formed; the emulator has no other.
[[nodiscard]] Answer<void> check_value(const json::value& value);
// Every value well-formed, both keys there and within their lengths, the whole within 400 KB.
[[nodiscard]] Answer<DynamoKey> check_item(const json::object& item);
// The two keys and nothing else.
[[nodiscard]] Answer<DynamoKey> check_key(const json::object& key);
[[nodiscard]] json::object key_json(const DynamoKey& key);
// As DynamoDB counts: names and values in UTF-8.
[[nodiscard]] std::size_t item_bytes(const json::object& item);

[[nodiscard]] inline tl::unexpected<AwsFault> invalid(std::string message) {
  return refuse("ValidationException", std::move(message));
}

}  // namespace mayfly::lab
