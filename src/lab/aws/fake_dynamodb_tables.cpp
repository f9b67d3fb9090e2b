#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "lab/aws/fake_dynamodb.h"

namespace mayfly::lab {
namespace {

constexpr std::string_view k_schema =
    R"([{"AttributeName":"pk","KeyType":"HASH"},{"AttributeName":"sk","KeyType":"RANGE"}])";
constexpr std::string_view k_definitions =
    R"([{"AttributeName":"pk","AttributeType":"S"},{"AttributeName":"sk","AttributeType":"S"}])";

json::value parsed(std::string_view text) { return *parse_json(text); }

bool is_name(const std::string& name) {
  return name.size() >= 3 && name.size() <= 255 &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.';
         });
}

json::object description(const std::string& name, const DynamoTable& table,
                         const FakeAwsOptions& options) {
  json::object out;
  out["TableName"] = name;
  out["TableStatus"] = "ACTIVE";
  out["TableArn"] = "arn:aws:dynamodb:" + options.region + ":" + options.account + ":table/" + name;
  out["CreationDateTime"] = epoch_seconds(table.created_at);
  out["KeySchema"] = parsed(k_schema);
  out["AttributeDefinitions"] = parsed(k_definitions);
  out["BillingModeSummary"] = json::object{{"BillingMode", "PAY_PER_REQUEST"}};
  out["ItemCount"] = table.item_count();
  return out;
}

}  // namespace

Answer<json::object> FakeDynamoDb::create_table(const Call& call) {
  const std::string name = json_string(call.request, "TableName").value_or("");
  if (!is_name(name)) return invalid("TableName must be 3 to 255 of a-z, A-Z, 0-9, _, - and .");
  if (tables_.contains(name))
    return refuse("ResourceInUseException", "Table already exists: " + name);
  const auto* schema = json_array(call.request, "KeySchema");
  const auto* definitions = json_array(call.request, "AttributeDefinitions");
  const bool is_ours = schema != nullptr && definitions != nullptr &&
                       json::value(*schema) == parsed(k_schema) && definitions->size() == 2 &&
                       std::is_permutation(definitions->begin(), definitions->end(),
                                           parsed(k_definitions).get_array().begin());
  if (!is_ours || json_string(call.request, "BillingMode") != "PAY_PER_REQUEST")
    return invalid("The emulator has tables of pk and sk, both S, on demand alone");
  DynamoTable& table = tables_[name];
  table.created_at = call.wall;
  return json::object{{"TableDescription", description(name, table, call.options)}};
}

Answer<json::object> FakeDynamoDb::describe_table(const Call& call) {
  TRY_ASSIGN(const DynamoTable* table, table_of(call.request));
  const std::string name = json_string(call.request, "TableName").value_or("");
  return json::object{{"Table", description(name, *table, call.options)}};
}

Answer<json::object> FakeDynamoDb::list_tables(const Call&) {
  json::array names;
  for (const auto& [name, table] : tables_) names.emplace_back(name);
  return json::object{{"TableNames", std::move(names)}};
}

Answer<json::object> FakeDynamoDb::update_time_to_live(const Call& call) {
  TRY_ASSIGN(DynamoTable* const table, table_of(call.request));
  const json::object* wanted = json_object(call.request, "TimeToLiveSpecification");
  const auto name = wanted == nullptr ? std::nullopt : json_string(*wanted, "AttributeName");
  const auto on = wanted == nullptr ? std::nullopt : json_bool(*wanted, "Enabled");
  if (!name || name->empty() || !on) return invalid("TimeToLiveSpecification is not complete");
  if (*on == !table->ttl_attribute.empty())
    return invalid(*on ? "TimeToLive is already enabled" : "TimeToLive is already disabled");
  table->ttl_attribute = *on ? *name : "";
  return json::object{{"TimeToLiveSpecification", *wanted}};
}

Answer<json::object> FakeDynamoDb::describe_time_to_live(const Call& call) {
  TRY_ASSIGN(const DynamoTable* table, table_of(call.request));
  const bool is_on = !table->ttl_attribute.empty();
  json::object out{{"TimeToLiveStatus", is_on ? "ENABLED" : "DISABLED"}};
  if (is_on) out["AttributeName"] = table->ttl_attribute;
  return json::object{{"TimeToLiveDescription", std::move(out)}};
}

}  // namespace mayfly::lab
