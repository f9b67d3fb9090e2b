#include "aws/dynamodb.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "aws/dynamodb_json.h"

namespace mayfly::aws {
namespace {

constexpr std::string_view k_cancelled = "TransactionCanceledException";
constexpr std::string_view k_in_progress = "TransactionInProgressException";

Action action_named(const std::string& name, bool mutating) {
  return {"dynamodb:" + name, Protocol::json, mutating, "ResourceNotFoundException"};
}

HttpRequest request_for(const SignedSender& sender, const std::string& name,
                        const json::object& question) {
  HttpRequest request;
  request.method = "POST";
  request.url = sender.endpoint().url + "/";
  request.headers.add("Content-Type", "application/x-amz-json-1.0");
  request.headers.add("X-Amz-Target", "DynamoDB_20120810." + name);
  request.body = json::serialize(question);
  return request;
}

// A table that is not there is the owner's fault in every call but the one that asks for it.
Error without_absence(Error error) {
  if (error.code == Code::aws_not_found) error.code = Code::aws_config;
  return error;
}

Result<json::object> parse_answer(const Action& action, const std::string& body) {
  auto document = parse_json(body, upstream_json_limits());
  if (!document) return fail(bad_answer(action, document.error().message));
  if (!document->is_object()) return fail(bad_answer(action, "it is no object"));
  return std::move(document->get_object());
}

Result<json::object> ask(SignedSender& sender, const std::string& name,
                         const json::object& question, SteadyTime deadline) {
  const Action action = action_named(name, false);
  TRY_ASSIGN(const std::string body,
             call(sender, request_for(sender, name, question), action, deadline));
  return parse_answer(action, body);
}

Result<std::vector<Item>> parse_items(const json::object& answer, std::string_view name,
                                      const Action& action) {
  const json::array* list = json_array(answer, name);
  if (list == nullptr) return fail(bad_answer(action, "it has no list of items"));
  std::vector<Item> items;
  for (const json::value& value : *list) {
    auto item = parse_item(value);
    if (!item || !key_of(*item)) return fail(bad_answer(action, "an item is not of mayfly's form"));
    items.push_back(std::move(*item));
  }
  return items;
}

Result<std::vector<ItemKey>> parse_unprocessed(const json::object& answer, const std::string& table,
                                               const Action& action) {
  std::vector<ItemKey> keys;
  const json::object* tables = json_object(answer, "UnprocessedKeys");
  if (tables == nullptr || tables->empty()) return keys;
  const json::object* of_table = json_object(*tables, table);
  const json::array* list = of_table == nullptr ? nullptr : json_array(*of_table, "Keys");
  if (list == nullptr) return fail(bad_answer(action, "it leaves open keys of another table"));
  for (const json::value& value : *list) {
    auto key = parse_key(value);
    if (!key) return fail(bad_answer(action, "a key that it leaves open is none"));
    keys.push_back(std::move(*key));
  }
  return keys;
}

void add_condition(json::object& write, const Condition& condition) {
  if (condition.expression.empty()) return;
  write["ConditionExpression"] = condition.expression;
  if (!condition.values.empty()) write["ExpressionAttributeValues"] = to_json(condition.values);
}

json::object write_json(const Write& write, const std::string& table) {
  const bool is_put = write.kind == Write::Kind::put;
  json::object inner{{"TableName", table}};
  if (is_put)
    inner["Item"] = to_json(write.item);
  else
    inner["Key"] = to_json(write.key);
  add_condition(inner, write.condition);
  json::object outer;
  outer[is_put ? "Put" : "Delete"] = std::move(inner);
  return outer;
}

std::optional<Hindrance> parse_hindrance(std::string_view code) {
  if (code == "None") return Hindrance::none;
  if (code == "ConditionalCheckFailed") return Hindrance::condition;
  if (code == "TransactionConflict") return Hindrance::conflict;
  if (code == "ThrottlingError" || code == "ProvisionedThroughputExceeded")
    return Hindrance::throttled;
  return std::nullopt;
}

// Of a transaction that was cancelled. A reason that is of our own making (ValidationError,
// ItemCollectionSizeLimitExceeded) and one that nobody knows are errors.
Result<std::vector<Hindrance>> parse_reasons(const Answer& answer, const Action& action,
                                             std::size_t writes) {
  const auto document = parse_json(answer.body, upstream_json_limits());
  const json::array* reasons = document && document->is_object()
                                   ? json_array(document->get_object(), "CancellationReasons")
                                   : nullptr;
  if (reasons == nullptr || reasons->size() != writes)
    return fail(interpret(*answer.failure, action.name));
  std::vector<Hindrance> hindrances;
  for (const json::value& reason : *reasons) {
    const auto code = reason.is_object() ? json_string(reason.get_object(), "Code") : std::nullopt;
    const auto hindrance = code ? parse_hindrance(*code) : std::nullopt;
    if (!hindrance) return fail(interpret(*answer.failure, action.name));
    hindrances.push_back(*hindrance);
  }
  return hindrances;
}

json::object query_json(const Question& question, const std::string& table) {
  Item values{{":pk", question.pk}};
  std::string expression = "pk = :pk";
  if (!question.sk_prefix.empty()) {
    expression += " AND begins_with(sk, :prefix)";
    values[":prefix"] = question.sk_prefix;
  }
  json::object out{{"TableName", table},
                   {"ConsistentRead", true},
                   {"KeyConditionExpression", expression},
                   {"ExpressionAttributeValues", to_json(values)},
                   {"ScanIndexForward", !question.newest_first}};
  if (question.limit > 0) out["Limit"] = question.limit;
  if (question.after) out["ExclusiveStartKey"] = to_json(*question.after);
  return out;
}

}  // namespace

std::optional<ItemKey> key_of(const Item& item) {
  const auto pk = item.find("pk");
  const auto sk = item.find("sk");
  if (pk == item.end() || sk == item.end()) return std::nullopt;
  const auto* pk_text = std::get_if<std::string>(&pk->second);
  const auto* sk_text = std::get_if<std::string>(&sk->second);
  if (pk_text == nullptr || sk_text == nullptr) return std::nullopt;
  return ItemKey{*pk_text, *sk_text};
}

Write Write::put(Item item, Condition condition) {
  return {Kind::put, std::move(item), {}, std::move(condition)};
}

Write Write::remove(ItemKey key, Condition condition) {
  return {Kind::remove, {}, std::move(key), std::move(condition)};
}

Result<Batch> DynamoDbClient::get_items(const std::vector<ItemKey>& keys, SteadyTime deadline) {
  json::array list;
  for (const ItemKey& key : keys) list.push_back(to_json(key));
  json::object of_table{{"ConsistentRead", true}, {"Keys", std::move(list)}};
  json::object question;
  question["RequestItems"] = json::object{{table_, std::move(of_table)}};
  auto answer = ask(sender_, "BatchGetItem", question, deadline);
  if (!answer) return fail(without_absence(answer.error()));
  const Action action = action_named("BatchGetItem", false);
  const json::object* responses = json_object(*answer, "Responses");
  if (responses == nullptr) return fail(bad_answer(action, "it has no responses"));
  Batch batch;
  if (json_array(*responses, table_) != nullptr) {
    TRY_ASSIGN(batch.items, parse_items(*responses, table_, action));
  } else if (!responses->empty()) {
    return fail(bad_answer(action, "it is of another table"));
  }
  TRY_ASSIGN(batch.unprocessed, parse_unprocessed(*answer, table_, action));
  return batch;
}

Result<Page> DynamoDbClient::query(const Question& question, SteadyTime deadline) {
  auto answer = ask(sender_, "Query", query_json(question, table_), deadline);
  if (!answer) return fail(without_absence(answer.error()));
  const Action action = action_named("Query", false);
  Page page;
  TRY_ASSIGN(page.items, parse_items(*answer, "Items", action));
  const auto* last = answer->if_contains("LastEvaluatedKey");
  if (last == nullptr) return page;
  page.next = parse_key(*last);
  if (!page.next) return fail(bad_answer(action, "the key to go on from is none"));
  return page;
}

Result<std::vector<Hindrance>> DynamoDbClient::transact(const Transaction& transaction,
                                                        SteadyTime deadline) {
  const Action action = action_named("TransactWriteItems", true);
  json::array writes;
  for (const Write& write : transaction.writes) writes.push_back(write_json(write, table_));
  const json::object question{{"ClientRequestToken", transaction.token},
                              {"TransactItems", std::move(writes)}};
  TRY_ASSIGN(
      const Answer answer,
      exchange(sender_, request_for(sender_, "TransactWriteItems", question), action, deadline));
  if (!answer.failure) return std::vector<Hindrance>{};
  if (answer.failure->code == k_cancelled)
    return parse_reasons(answer, action, transaction.writes.size());
  Error error = interpret(*answer.failure, action.name);
  if (answer.failure->code == k_in_progress) error.code = Code::aws_lost;
  return fail(std::move(error));
}

Result<std::string> DynamoDbClient::table_status(SteadyTime deadline) {
  TRY_ASSIGN(const json::object answer,
             ask(sender_, "DescribeTable", {{"TableName", table_}}, deadline));
  const json::object* table = json_object(answer, "Table");
  auto status = table == nullptr ? std::nullopt : json_string(*table, "TableStatus");
  if (!status)
    return fail(bad_answer(action_named("DescribeTable", false), "it has no TableStatus"));
  return std::move(*status);
}

}  // namespace mayfly::aws
