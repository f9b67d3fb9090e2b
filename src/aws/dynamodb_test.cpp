#include "aws/dynamodb.h"

#include <doctest/doctest.h>

#include "aws/testing.h"
#include "base/json.h"

namespace mayfly {
namespace {

using aws::Hindrance;
using aws::Item;

struct TableBench : aws::testing::Bench {
  TableBench() : Bench("dynamodb"), table(sender, "mayfly") {}

  std::optional<Code> code_of_get(const char* body) {
    transport.answer(200, body);
    const auto batch = table.get_items({{"a", "b"}}, deadline);
    return batch ? std::nullopt : std::optional(batch.error().code);
  }
  Result<std::vector<Hindrance>> transact(int status, const std::string& body) {
    transport.answer(status, body);
    return table.transact(
        {"token-1", {aws::Write::put({{"pk", "a"}, {"sk", "b"}}), aws::Write::remove({"c", "d"})}},
        deadline);
  }

  aws::DynamoDbClient table;
};

std::string cancelled(const std::string& first, const std::string& second) {
  return R"({"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException",)"
         R"("Message":"cancelled","CancellationReasons":[{"Code":")" +
         first + R"("},{"Code":")" + second + R"("}]})";
}

TEST_CASE("dynamodb: items are asked for by JSON 1.0, consistently, and come back typed") {
  TableBench bench;
  bench.transport.answer(200,
                         R"({"Responses":{"mayfly":[{"pk":{"S":"a"},"sk":{"S":"b"},"n":{"N":"-7"},)"
                         R"("on":{"BOOL":true},"t":{"S":""}}]},"UnprocessedKeys":{"mayfly":)"
                         R"({"ConsistentRead":true,"Keys":[{"pk":{"S":"c"},"sk":{"S":"d"}}]}}})");
  const auto batch = bench.table.get_items({{"a", "b"}, {"c", "d"}}, bench.deadline).value();
  REQUIRE(batch.items.size() == 1);
  CHECK(batch.items[0] ==
        Item{{"pk", "a"}, {"sk", "b"}, {"n", std::int64_t{-7}}, {"on", true}, {"t", ""}});
  CHECK(batch.unprocessed == std::vector<aws::ItemKey>{{"c", "d"}});
  const HttpRequest& request = bench.transport.sent.at(0).request;
  CHECK(request.url == "https://dynamodb.us-east-2.amazonaws.com/");
  CHECK(request.headers.find("Content-Type") == "application/x-amz-json-1.0");
  CHECK(request.headers.find("X-Amz-Target") == "DynamoDB_20120810.BatchGetItem");
  CHECK(request.body == R"({"RequestItems":{"mayfly":{"ConsistentRead":true,"Keys":[)"
                        R"({"pk":{"S":"a"},"sk":{"S":"b"}},{"pk":{"S":"c"},"sk":{"S":"d"}}]}}})");
}

TEST_CASE("dynamodb: an answer that is not of mayfly's form is refused") {
  TableBench bench;
  for (const char* body :
       {"", "[]", "{}", R"({"Responses":{"other":[]}})", R"({"Responses":{"mayfly":[7]}})",
        R"({"Responses":{"mayfly":[{"pk":{"S":"a"}}]}})",
        R"({"Responses":{"mayfly":[{"pk":{"S":"a"},"sk":{"N":"1"}}]}})",
        R"({"Responses":{"mayfly":[{"pk":{"S":"a"},"sk":{"S":"b"},"x":{"N":"1.5"}}]}})",
        R"({"Responses":{"mayfly":[{"pk":{"S":"a"},"sk":{"S":"b"},"x":{"N":"99999999999999999999")"
        R"(}}]}})",
        R"({"Responses":{"mayfly":[{"pk":{"S":"a"},"sk":{"S":"b"},"x":{"N":" 1"}}]}})",
        R"({"Responses":{"mayfly":[{"pk":{"S":"a"},"sk":{"S":"b"},"x":{"L":[]}}]}})",
        R"({"Responses":{"mayfly":[{"pk":{"S":"a"},"sk":{"S":"b"},"x":{"S":"1","N":"1"}}]}})",
        R"({"Responses":{"mayfly":[]},"UnprocessedKeys":{"other":{"Keys":[]}}})",
        R"({"Responses":{"mayfly":[]},"UnprocessedKeys":{"mayfly":{"Keys":[{}]}}})"})
    CHECK_MESSAGE(bench.code_of_get(body) == Code::aws_bad_answer, body);
  CHECK_FALSE(bench.code_of_get(R"({"Responses":{},"UnprocessedKeys":{}})"));
}

TEST_CASE("dynamodb: a query asks for one partition by prefix and goes on after a key") {
  TableBench bench;
  bench.transport.answer(200, R"({"Items":[],"Count":0,"LastEvaluatedKey":)"
                              R"({"pk":{"S":"p"},"sk":{"S":"x2"}}})");
  const auto page =
      bench.table.query({"p", "x", true, 5, aws::ItemKey{"p", "x9"}}, bench.deadline).value();
  CHECK(page.next == aws::ItemKey{"p", "x2"});
  CHECK(bench.transport.sent.at(0).request.body ==
        R"({"TableName":"mayfly","ConsistentRead":true,)"
        R"x("KeyConditionExpression":"pk = :pk AND begins_with(sk, :prefix)",)x"
        R"("ExpressionAttributeValues":{":pk":{"S":"p"},":prefix":{"S":"x"}},)"
        R"("ScanIndexForward":false,"Limit":5,)"
        R"("ExclusiveStartKey":{"pk":{"S":"p"},"sk":{"S":"x9"}}})");
  bench.transport.answer(200, R"({"Items":[],"LastEvaluatedKey":{"pk":{"S":"p"}}})");
  CHECK(bench.table.query({"p"}, bench.deadline).error().code == Code::aws_bad_answer);
}

TEST_CASE("dynamodb: a transaction carries its token, its writes and their conditions") {
  TableBench bench;
  bench.transport.answer(200, "{}");
  const auto done = bench.table.transact(
      {"token-1",
       {aws::Write::put({{"pk", "a"}, {"sk", "b"}}, {"rev = :r", {{":r", std::int64_t{4}}}}),
        aws::Write::remove({"c", "d"}, {"attribute_exists(pk)"})}},
      bench.deadline);
  CHECK(done.value().empty());
  CHECK(bench.transport.sent.at(0).request.body ==
        R"({"ClientRequestToken":"token-1","TransactItems":[{"Put":{"TableName":"mayfly",)"
        R"("Item":{"pk":{"S":"a"},"sk":{"S":"b"}},"ConditionExpression":"rev = :r",)"
        R"("ExpressionAttributeValues":{":r":{"N":"4"}}}},{"Delete":{"TableName":"mayfly",)"
        R"("Key":{"pk":{"S":"c"},"sk":{"S":"d"}},)"
        R"x("ConditionExpression":"attribute_exists(pk)"}}]})x");
}

TEST_CASE("dynamodb: a cancelled transaction says what stood in each write's way") {
  TableBench bench;
  using List = std::vector<Hindrance>;
  CHECK(bench.transact(400, cancelled("None", "ConditionalCheckFailed")).value() ==
        List{Hindrance::none, Hindrance::condition});
  CHECK(bench.transact(400, cancelled("TransactionConflict", "ThrottlingError")).value() ==
        List{Hindrance::conflict, Hindrance::throttled});
  CHECK(bench.transact(400, cancelled("ValidationError", "None")).error().code == Code::aws_config);
  CHECK(bench.transact(400, R"({"__type":"x#TransactionCanceledException"})").error().code ==
        Code::aws_config);
}

TEST_CASE("dynamodb: whether a transaction happened is open when AWS fails or is still at it") {
  TableBench bench;
  CHECK(bench.transact(500, R"({"__type":"x#InternalServerError"})").error().code ==
        Code::aws_lost);
  CHECK(bench.transact(400, R"({"__type":"x#TransactionInProgressException"})").error().code ==
        Code::aws_lost);
  CHECK(
      bench.transact(400, R"({"__type":"x#IdempotentParameterMismatchException"})").error().code ==
      Code::aws_token_reused);
  CHECK(bench.transact(400, R"({"__type":"x#ProvisionedThroughputExceededException"})")
            .error()
            .code == Code::aws_throttled);
}

TEST_CASE(
    "dynamodb: a table that is not there is not found by its status, and misconfigured else") {
  TableBench bench;
  const char* absent = R"({"__type":"x#ResourceNotFoundException","message":"no table"})";
  bench.transport.answer(400, absent);
  CHECK(bench.table.table_status(bench.deadline).error().code == Code::aws_not_found);
  bench.transport.answer(400, absent);
  CHECK(bench.table.query({"p"}, bench.deadline).error().code == Code::aws_config);
  bench.transport.answer(200, R"({"Table":{"TableStatus":"ACTIVE"}})");
  CHECK(bench.table.table_status(bench.deadline).value() == "ACTIVE");
  bench.transport.answer(200, R"({"Table":{}})");
  CHECK(bench.table.table_status(bench.deadline).error().code == Code::aws_bad_answer);
}

}  // namespace
}  // namespace mayfly
