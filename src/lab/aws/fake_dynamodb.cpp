#include "lab/aws/fake_dynamodb.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <set>

#include "base/text.h"

namespace mayfly::lab {
namespace {

constexpr std::size_t k_batch_keys_max = 100;
constexpr std::size_t k_batch_bytes_max = 16 * 1024 * 1024;
constexpr std::size_t k_page_bytes_max = 1024 * 1024;

Answer<void> check_fields(const json::object& request, std::string_view known) {
  const std::vector<std::string> names = split(known, ' ');
  for (const auto& field : request)
    if (std::find(names.begin(), names.end(), std::string(field.key())) == names.end())
      return invalid("The emulator does not know the field " + printable(std::string(field.key())));
  return {};
}

DynamoView view_of(const json::object& request, const FakeAwsOptions& options, SteadyTime now) {
  const bool is_consistent = json_bool(request, "ConsistentRead").value_or(false);
  return {now, is_consistent ? Millis{0} : options.dynamo_staleness};
}

AwsFault throttled() {
  return {400, "ProvisionedThroughputExceededException",
          "The level of configured provisioned throughput for the table was exceeded."};
}

// "pk = :pk", and at most one more term, on sk.
Answer<std::string> partition_asked_for(const DynamoExpression& expression) {
  if (expression.empty() || expression.size() > 2 || expression[0].attribute != "pk" ||
      expression[0].operation != "=")
    return invalid("Query condition missed key schema element: pk");
  const bool second_fits =
      expression.size() == 1 ||
      (expression[1].attribute == "sk" && !expression[1].operation.starts_with("attribute") &&
       expression[1].operation != "<>");
  const auto pk = json_string(expression[0].value, "S");
  if (!second_fits || !pk) return invalid("Query key condition not supported");
  return *pk;
}

bool is_beyond(const std::string& sk, const std::optional<DynamoKey>& after, bool forward) {
  return !after || (forward ? sk > after->sk : sk < after->sk);
}

// What one page of a query has, in order.
struct Pager {
  json::array items = {};
  std::size_t bytes = 0;
  std::optional<DynamoKey> last = {};
  bool is_full = false;

  void add(const DynamoKey& key, const json::object& item, std::size_t limit) {
    items.push_back(item);
    bytes += item_bytes(item);
    last = key;
    is_full = items.size() == limit || bytes >= k_page_bytes_max;
  }
};

}  // namespace

Answer<std::string> FakeDynamoDb::answer(std::string_view target, std::string_view body,
                                         FakeAwsOptions& options, SteadyTime now, WallTime wall) {
  for (const std::string& name : options.dynamo_tables) tables_.try_emplace(name);
  const auto action = actions().find(target);
  if (action == actions().end())
    return refuse("UnknownOperationException",
                  "The emulator has no dynamodb:" + printable(std::string(target)));
  const auto document = parse_json(body, upstream_json_limits());
  if (!document || !document->is_object())
    return refuse("SerializationException", "The request body is not a JSON object");
  const json::object& request = document->get_object();
  if (options.denied_actions.contains("dynamodb:" + std::string(target)))
    return refuse("AccessDeniedException",
                  "User: " + options.keys.front().arn +
                      " is not authorized to perform: dynamodb:" + std::string(target));
  TRY(check_fields(request, action->second.fields));
  if (options.dynamo_throttles > 0) {
    options.dynamo_throttles -= 1;
    return fail(throttled());
  }
  TRY_ASSIGN(const json::object out, (this->*action->second.run)({request, options, now, wall}));
  return json::serialize(out);
}

const std::map<std::string_view, FakeDynamoDb::Action>& FakeDynamoDb::actions() {
  static const std::map<std::string_view, Action> all = {
      {"GetItem", {&FakeDynamoDb::get_item, "TableName Key ConsistentRead"}},
      {"PutItem",
       {&FakeDynamoDb::put_item,
        "TableName Item ConditionExpression ExpressionAttributeNames "
        "ExpressionAttributeValues"}},
      {"DeleteItem",
       {&FakeDynamoDb::delete_item,
        "TableName Key ConditionExpression ExpressionAttributeNames "
        "ExpressionAttributeValues"}},
      {"BatchGetItem", {&FakeDynamoDb::batch_get_item, "RequestItems"}},
      {"Query",
       {&FakeDynamoDb::query,
        "TableName ConsistentRead KeyConditionExpression ExpressionAttributeNames "
        "ExpressionAttributeValues ScanIndexForward Limit ExclusiveStartKey"}},
      {"TransactWriteItems",
       {&FakeDynamoDb::transact_write_items, "TransactItems ClientRequestToken"}},
      {"CreateTable",
       {&FakeDynamoDb::create_table,
        "TableName KeySchema AttributeDefinitions BillingMode Tags DeletionProtectionEnabled"}},
      {"DescribeTable", {&FakeDynamoDb::describe_table, "TableName"}},
      {"ListTables", {&FakeDynamoDb::list_tables, ""}},
      {"UpdateTimeToLive",
       {&FakeDynamoDb::update_time_to_live, "TableName TimeToLiveSpecification"}},
      {"DescribeTimeToLive", {&FakeDynamoDb::describe_time_to_live, "TableName"}}};
  return all;
}

Answer<DynamoTable*> FakeDynamoDb::table_of(const json::object& request) {
  const auto name = json_string(request, "TableName");
  const auto found = name ? tables_.find(*name) : tables_.end();
  if (found == tables_.end())
    return refuse("ResourceNotFoundException", "Requested resource not found");
  return &found->second;
}

Answer<json::object> FakeDynamoDb::get_item(const Call& call) {
  TRY_ASSIGN(const DynamoTable* table, table_of(call.request));
  const json::object* key = json_object(call.request, "Key");
  if (key == nullptr) return invalid("Key is required");
  TRY_ASSIGN(const DynamoKey wanted, check_key(*key));
  const auto* item = table->find(wanted, view_of(call.request, call.options, call.now));
  json::object out;
  if (item != nullptr) out["Item"] = *item;
  return out;
}

Answer<json::object> FakeDynamoDb::batch_get_item(const Call& call) {
  const json::object* tables = json_object(call.request, "RequestItems");
  if (tables == nullptr || tables->size() != 1)
    return invalid("The emulator reads a batch of exactly one table");
  const std::string name(tables->begin()->key());
  const json::object* asked = json_object(*tables, name);
  const json::array* keys = asked == nullptr ? nullptr : json_array(*asked, "Keys");
  if (keys == nullptr || keys->empty() || keys->size() > k_batch_keys_max)
    return invalid("Keys must be 1 to 100");
  TRY(check_fields(*asked, "Keys ConsistentRead"));
  TRY_ASSIGN(const DynamoTable* table, table_of({{"TableName", name}}));
  const DynamoView view = view_of(*asked, call.options, call.now);
  const bool is_short = call.options.dynamo_unprocessed > 0;
  call.options.dynamo_unprocessed -= is_short ? 1 : 0;
  std::set<DynamoKey> seen;
  json::array items;
  json::array unprocessed;
  std::size_t bytes = 0;
  for (const json::value& value : *keys) {
    if (!value.is_object()) return invalid("A key must be an object");
    TRY_ASSIGN(const DynamoKey key, check_key(value.get_object()));
    if (!seen.insert(key).second) return invalid("Provided list of item keys contains duplicates");
    const auto* item = table->find(key, view);
    bytes += item == nullptr ? 0 : item_bytes(*item);
    if (bytes > k_batch_bytes_max || (is_short && seen.size() > 1))
      unprocessed.push_back(value);
    else if (item != nullptr)
      items.push_back(*item);
  }
  json::object left;
  if (!unprocessed.empty()) {
    json::object rest = *asked;
    rest["Keys"] = std::move(unprocessed);
    left[name] = std::move(rest);
  }
  json::object responses;
  responses[name] = std::move(items);
  return json::object{{"Responses", std::move(responses)}, {"UnprocessedKeys", std::move(left)}};
}

Answer<json::object> FakeDynamoDb::query(const Call& call) {
  TRY_ASSIGN(const DynamoTable* table, table_of(call.request));
  TRY_ASSIGN(const DynamoExpression expression,
             parse_expression(call.request, "KeyConditionExpression"));
  TRY_ASSIGN(const std::string pk, partition_asked_for(expression));
  const DynamoView view = view_of(call.request, call.options, call.now);
  const bool forward = json_bool(call.request, "ScanIndexForward").value_or(true);
  const auto limit = json_int(call.request, "Limit").value_or(INT32_MAX);
  if (limit < 1) return invalid("Limit must be at least 1");
  std::optional<DynamoKey> after;
  if (const json::object* start = json_object(call.request, "ExclusiveStartKey")) {
    TRY_ASSIGN(after, check_key(*start));
    if (after->pk != pk) return invalid("The provided starting key is outside query boundaries");
  }
  Pager page;
  const auto visit = [&](const std::string& sk, const DynamoTable::Stored& stored) {
    const json::object* item = DynamoTable::seen(stored, view);
    if (!page.is_full && item != nullptr && is_beyond(sk, after, forward) &&
        holds(expression, item))
      page.add({pk, sk}, *item, static_cast<std::size_t>(limit));
  };
  if (const DynamoTable::Partition* partition = table->partition(pk)) {
    if (forward)
      for (const auto& [sk, stored] : *partition) visit(sk, stored);
    else
      std::for_each(partition->rbegin(), partition->rend(),
                    [&](const auto& entry) { visit(entry.first, entry.second); });
  }
  json::object out;
  out["Count"] = page.items.size();
  out["ScannedCount"] = page.items.size();
  out["Items"] = std::move(page.items);
  // As AWS: a page that is full may turn out to have been the last.
  if (page.is_full) out["LastEvaluatedKey"] = key_json(*page.last);
  return out;
}

}  // namespace mayfly::lab
