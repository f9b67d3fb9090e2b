#pragma once

// DynamoDB over JSON 1.0, as far as mayfly and an operator need it: GetItem, PutItem, DeleteItem,
// BatchGetItem, Query and TransactWriteItems with Put, Delete and ConditionCheck; CreateTable,
// DescribeTable, ListTables, UpdateTimeToLive and DescribeTimeToLive. Tables are of "pk" and "sk",
// both S, on demand. Stricter than AWS: unknown fields of a request are refused. Expired items
// stay, as they may for days in AWS. Sources: DynamoDB API reference for each action; limits:
// Developer Guide, "Quotas". Idempotency: TransactWriteItems, ClientRequestToken (ten minutes). Not
// thread-safe.

#include <map>
#include <string>
#include <string_view>

#include "lab/aws/aws_fault.h"
#include "lab/aws/aws_options.h"
#include "lab/aws/dynamo_expression.h"
#include "lab/aws/dynamo_table.h"

namespace mayfly::lab {

class FakeDynamoDb {
 public:
  // The JSON answer. Takes the faults that it plays from the options. A cancelled transaction is a
  // fault with its reasons.
  [[nodiscard]] Answer<std::string> answer(std::string_view target, std::string_view body,
                                           FakeAwsOptions& options, SteadyTime now, WallTime wall);

 private:
  struct Call {
    const json::object& request;
    FakeAwsOptions& options;
    SteadyTime now;
    WallTime wall;
  };
  struct Change {
    DynamoTable* table = nullptr;
    std::string table_name;
    DynamoKey key;
    bool writes = true;  // false: a condition alone
    std::optional<json::object> item;
    DynamoExpression condition = {};
  };
  struct Remembered {
    std::string body_sha256;
    SteadyTime until{};
  };
  using Run = Answer<json::object> (FakeDynamoDb::*)(const Call&);
  struct Action {
    Run run;
    std::string_view fields;  // of the request, separated by spaces
  };
  [[nodiscard]] static const std::map<std::string_view, Action>& actions();

  Answer<json::object> get_item(const Call& call);
  Answer<json::object> put_item(const Call& call);
  Answer<json::object> delete_item(const Call& call);
  Answer<json::object> batch_get_item(const Call& call);
  Answer<json::object> query(const Call& call);
  Answer<json::object> transact_write_items(const Call& call);
  Answer<json::object> create_table(const Call& call);
  Answer<json::object> describe_table(const Call& call);
  Answer<json::object> list_tables(const Call& call);
  Answer<json::object> update_time_to_live(const Call& call);
  Answer<json::object> describe_time_to_live(const Call& call);

  Answer<DynamoTable*> table_of(const json::object& request);
  Answer<Change> parse_put(const json::object& put);
  Answer<Change> parse_keyed(const json::object& request, bool writes);
  Answer<Change> parse_transact_item(const json::value& entry);
  static Answer<json::object> write_alone(const Call& call, const Change& change);
  Answer<std::vector<Change>> parse_transaction(const Call& call);

  std::map<std::string, DynamoTable, std::less<>> tables_;
  std::map<std::string, Remembered> tokens_;
};

}  // namespace mayfly::lab
