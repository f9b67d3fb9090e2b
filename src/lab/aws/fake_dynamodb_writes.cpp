#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <set>

#include "base/digest.h"
#include "lab/aws/fake_dynamodb.h"

namespace mayfly::lab {
namespace {

constexpr std::size_t k_writes_max = 100;
constexpr std::size_t k_transaction_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t k_token_bytes_max = 36;
constexpr Millis k_token_life = std::chrono::minutes{10};

const char* text_for(std::string_view code) {
  if (code == "ConditionalCheckFailed") return "The conditional request failed";
  if (code == "TransactionConflict") return "Transaction is ongoing for the item";
  return nullptr;
}

// codes: one for each write, "None" for those that could have been.
AwsFault cancelled(const std::vector<std::string_view>& codes) {
  AwsFault fault{400, "TransactionCanceledException",
                 "Transaction cancelled, please refer cancellation reasons for specific reasons ["};
  json::array reasons;
  for (const std::string_view code : codes) {
    fault.message += (reasons.empty() ? "" : ", ") + std::string(code);
    json::object reason{{"Code", code}};
    if (const char* text = text_for(code)) reason["Message"] = text;
    reasons.push_back(std::move(reason));
  }
  fault.message += "]";
  fault.reasons = json::serialize(reasons);
  return fault;
}

}  // namespace

Answer<FakeDynamoDb::Change> FakeDynamoDb::parse_put(const json::object& put) {
  Change change;
  TRY_ASSIGN(change.table, table_of(put));
  change.table_name = json_string(put, "TableName").value_or("");
  const json::object* item = json_object(put, "Item");
  if (item == nullptr) return invalid("Item is required");
  TRY_ASSIGN(change.key, check_item(*item));
  TRY_ASSIGN(change.condition, parse_expression(put, "ConditionExpression"));
  change.item = *item;
  return change;
}

Answer<FakeDynamoDb::Change> FakeDynamoDb::parse_keyed(const json::object& request, bool writes) {
  Change change;
  TRY_ASSIGN(change.table, table_of(request));
  change.table_name = json_string(request, "TableName").value_or("");
  const json::object* key = json_object(request, "Key");
  if (key == nullptr) return invalid("Key is required");
  TRY_ASSIGN(change.key, check_key(*key));
  TRY_ASSIGN(change.condition, parse_expression(request, "ConditionExpression"));
  if (!writes && change.condition.empty()) return invalid("ConditionExpression is required");
  change.writes = writes;
  return change;
}

Answer<json::object> FakeDynamoDb::write_alone(const Call& call, const Change& change) {
  if (!holds(change.condition, change.table->find(change.key, {call.now})))
    return refuse("ConditionalCheckFailedException", "The conditional request failed");
  change.table->write(change.key, change.item, call.now);
  return json::object{};
}

Answer<json::object> FakeDynamoDb::put_item(const Call& call) {
  TRY_ASSIGN(const Change change, parse_put(call.request));
  return write_alone(call, change);
}

Answer<json::object> FakeDynamoDb::delete_item(const Call& call) {
  TRY_ASSIGN(const Change change, parse_keyed(call.request, true));
  return write_alone(call, change);
}

Answer<FakeDynamoDb::Change> FakeDynamoDb::parse_transact_item(const json::value& entry) {
  const json::object* one = entry.if_object();
  if (one == nullptr || one->size() != 1)
    return invalid("TransactItems can only contain one of Check, Put, Update or Delete");
  if (const json::object* put = json_object(*one, "Put")) return parse_put(*put);
  if (const json::object* remove = json_object(*one, "Delete")) return parse_keyed(*remove, true);
  if (const json::object* check = json_object(*one, "ConditionCheck"))
    return parse_keyed(*check, false);
  return invalid("The emulator has Put, Delete and ConditionCheck alone");
}

Answer<std::vector<FakeDynamoDb::Change>> FakeDynamoDb::parse_transaction(const Call& call) {
  const json::array* entries = json_array(call.request, "TransactItems");
  if (entries == nullptr || entries->empty() || entries->size() > k_writes_max)
    return invalid("Member must have length between 1 and 100");
  std::vector<Change> changes;
  std::set<std::pair<std::string, DynamoKey>> seen;
  std::size_t bytes = 0;
  for (const json::value& entry : *entries) {
    TRY_ASSIGN(Change change, parse_transact_item(entry));
    if (!seen.emplace(change.table_name, change.key).second)
      return invalid("Transaction request cannot include multiple operations on one item");
    bytes += change.item ? item_bytes(*change.item) : 0;
    changes.push_back(std::move(change));
  }
  if (bytes > k_transaction_bytes_max)
    return invalid("Aggregated size of all items in the transaction exceeds 4 MB");
  return changes;
}

Answer<json::object> FakeDynamoDb::transact_write_items(const Call& call) {
  TRY_ASSIGN(const std::vector<Change> changes, parse_transaction(call));
  const std::string token = json_string(call.request, "ClientRequestToken").value_or("");
  if (token.size() > k_token_bytes_max)
    return invalid("ClientRequestToken must have at most 36 characters");
  const std::string digest = sha256_hex(json::serialize(call.request));
  std::erase_if(tokens_, [&](const auto& entry) { return entry.second.until <= call.now; });
  if (const auto known = tokens_.find(token); !token.empty() && known != tokens_.end()) {
    if (known->second.body_sha256 == digest) return json::object{};
    return refuse("IdempotentParameterMismatchException",
                  "The request was rejected because its token was used for other parameters");
  }
  std::vector<std::string_view> codes;
  bool is_hindered = false;
  for (const Change& change : changes) {
    const bool is_allowed = holds(change.condition, change.table->find(change.key, {call.now}));
    codes.push_back(is_allowed ? "None" : "ConditionalCheckFailed");
    is_hindered = is_hindered || !is_allowed;
  }
  if (!is_hindered && call.options.dynamo_conflicts > 0) {
    call.options.dynamo_conflicts -= 1;
    codes.back() = "TransactionConflict";
    is_hindered = true;
  }
  if (is_hindered) return fail(cancelled(codes));
  for (const Change& change : changes)
    if (change.writes) change.table->write(change.key, change.item, call.now);
  if (!token.empty()) tokens_[token] = {digest, call.now + k_token_life};
  return json::object{};
}

}  // namespace mayfly::lab
