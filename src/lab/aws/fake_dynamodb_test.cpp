#include "lab/aws/fake_dynamodb.h"

#include <doctest/doctest.h>

#include "aws/dynamodb.h"
#include "lab/aws/testing_dynamodb.h"

namespace mayfly::lab {
namespace {

using aws::Condition;
using aws::Hindrance;
using aws::Item;
using aws::ItemKey;
using aws::Write;

Item item(const std::string& pk, const std::string& sk, std::int64_t rev = 1) {
  return {{"pk", pk}, {"sk", sk}, {"rev", rev}};
}

struct TableBench : testing::TableClient {
  explicit TableBench(testing::TableTransport& t) : TableClient(t), transport(t) {}

  Result<std::vector<Hindrance>> transact(const std::string& token, std::vector<Write> writes) {
    return table.transact({token, std::move(writes)}, deadline);
  }
  void put(const Item& one) {
    REQUIRE(transact("put-" + std::to_string(++puts), {Write::put(one)}).value().empty());
  }
  std::optional<Item> get(const std::string& pk, const std::string& sk) {
    const auto batch = table.get_items({{pk, sk}}, deadline);
    REQUIRE(batch);
    return batch->items.empty() ? std::nullopt : std::optional(batch->items.front());
  }
  // A call in DynamoDB's own JSON, for what the real client never sends.
  HttpResponse raw(const std::string& action, const std::string& body) {
    HttpRequest request{"POST", "http://aws.test/", {}, body, {}};
    request.headers.add("Content-Type", "application/x-amz-json-1.0");
    request.headers.add("X-Amz-Target", "DynamoDB_20120810." + action);
    return *sender.send(request, deadline);
  }
  std::string refusal(const std::string& action, const std::string& body) {
    const auto response = raw(action, body);
    const auto failure = aws::read_failure(response, {"", aws::Protocol::json});
    return response.ok() ? "" : failure.code;
  }
  void pass(Millis d) { transport.clock.sleep_for(d); }

  testing::TableTransport& transport;
  SteadyTime deadline = SteadyTime{Seconds{1'000'000}};
  int puts = 0;
};

TEST_CASE("fake dynamodb: what was written comes back; what was removed does not") {
  testing::TableTransport transport;
  TableBench bench(transport);
  Item full = item("p", "s");
  full["text"] = "\xc3\xbc \"x\"\n";
  full["on"] = false;
  bench.put(full);
  CHECK(bench.get("p", "s") == full);
  CHECK_FALSE(bench.get("p", "t"));
  CHECK(bench.transact("t", {Write::remove({"p", "s"})}).value().empty());
  CHECK_FALSE(bench.get("p", "s"));
}

TEST_CASE("fake dynamodb: a transaction is written whole or not at all") {
  testing::TableTransport transport;
  TableBench bench(transport);
  bench.put(item("p", "1", 7));
  const auto hindered =
      bench.transact("a", {Write::put(item("p", "2"), {"attribute_not_exists(pk)"}),
                           Write::put(item("p", "1", 9), {"rev = :r", {{":r", std::int64_t{8}}}})});
  CHECK(hindered.value() == std::vector<Hindrance>{Hindrance::none, Hindrance::condition});
  CHECK_FALSE(bench.get("p", "2"));
  CHECK(bench.get("p", "1") == item("p", "1", 7));
  CHECK(bench
            .transact("b", {Write::put(item("p", "2"), {"attribute_not_exists(pk)"}),
                            Write::put(item("p", "1", 9), {"rev = :r", {{":r", std::int64_t{7}}}})})
            .value()
            .empty());
  CHECK(bench.get("p", "1") == item("p", "1", 9));
}

TEST_CASE("fake dynamodb: a token is carried out once for ten minutes, and for one request") {
  testing::TableTransport transport;
  TableBench bench(transport);
  const std::vector<Write> first = {Write::put(item("p", "1"), {"attribute_not_exists(pk)"})};
  CHECK(bench.transact("t", first).value().empty());
  CHECK(bench.transact("t", {Write::remove({"p", "1"})}).error().code == Code::aws_token_reused);
  CHECK(bench.transact("t", first).value().empty());
  bench.pass(std::chrono::minutes{10});
  CHECK(bench.transact("t", first).value() == std::vector<Hindrance>{Hindrance::condition});
}

TEST_CASE("fake dynamodb: a query pages through one partition in either direction") {
  testing::TableTransport transport;
  TableBench bench(transport);
  for (const char* sk : {"a1", "b1", "b2", "b3", "c1"}) bench.put(item("p", sk));
  bench.put(item("q", "b2"));
  const auto page = bench.table.query({"p", "b", false, 2}, bench.deadline).value();
  REQUIRE(page.items.size() == 2);
  REQUIRE(page.next == ItemKey{"p", "b2"});
  const auto rest = bench.table.query({"p", "b", false, 2, page.next}, bench.deadline).value();
  CHECK(rest.items == std::vector<Item>{item("p", "b3")});
  CHECK_FALSE(rest.next);
  const auto newest = bench.table.query({"p", "", true, 1}, bench.deadline).value();
  CHECK(newest.items == std::vector<Item>{item("p", "c1")});
}

TEST_CASE("fake dynamodb: a page of a query ends at one megabyte") {
  testing::TableTransport transport;
  TableBench bench(transport);
  for (int i = 0; i < 4; ++i) {
    Item big = item("p", std::to_string(i));
    big["fill"] = std::string(390 * 1024, 'x');
    bench.put(big);
  }
  const auto page = bench.table.query({"p"}, bench.deadline).value();
  CHECK(page.items.size() == 3);
  CHECK(page.next == ItemKey{"p", "2"});
}

TEST_CASE("fake dynamodb: limits on items, keys and transactions hold") {
  testing::TableTransport transport;
  TableBench bench(transport);
  Item big = item("p", "s");
  big["fill"] = std::string(400 * 1024, 'x');
  CHECK(bench.transact("a", {Write::put(big)}).error().code == Code::aws_config);
  CHECK(bench.transact("b", {Write::put(item("", "s"))}).error().code == Code::aws_config);
  CHECK(bench.transact("c", {Write::put(item("p", std::string(1025, 'x')))}).error().code ==
        Code::aws_config);
  const std::vector<Write> twice = {Write::put(item("p", "s")), Write::remove({"p", "s"})};
  CHECK(bench.transact("d", twice).error().code == Code::aws_config);
  std::vector<Write> many;
  for (int i = 0; i < 101; ++i) many.push_back(Write::put(item("p", std::to_string(i))));
  CHECK(bench.transact("e", many).error().code == Code::aws_config);
  many.pop_back();
  CHECK(bench.transact("f", many).value().empty());
  CHECK(bench.transact(std::string(37, 't'), {Write::put(item("p", "s"))}).error().code ==
        Code::aws_config);
  CHECK(bench.table.get_items({{"p", "1"}, {"p", "1"}}, bench.deadline).error().code ==
        Code::aws_config);
}

TEST_CASE("fake dynamodb: expressions that it does not know are refused") {
  testing::TableTransport transport;
  TableBench bench(transport);
  const auto put = [&](const std::string& condition, const std::string& more = "") {
    return bench.refusal("PutItem",
                         R"({"TableName":"mayfly","Item":{"pk":{"S":"p"},"sk":{"S":"s"}},)"
                         R"("ConditionExpression":")" +
                             condition + "\"" + more + "}");
  };
  CHECK(put("attribute_not_exists(pk)") == "");
  CHECK(put("attribute_not_exists(pk)") == "ConditionalCheckFailedException");
  const std::string value = R"(,"ExpressionAttributeValues":{":v":{"S":"p"}})";
  CHECK(put("pk = :v", value) == "");
  CHECK(put("pk = :v AND sk <> :v", value) == "");
  CHECK(put("pk < :v", value) == "ConditionalCheckFailedException");
  CHECK(put("#n = :v", value + R"(,"ExpressionAttributeNames":{"#n":"pk"})") == "");
  for (const char* bad : {"pk = :w", "pk == :v", "size(pk) = :v", "pk = :v OR sk = :v", "pk :v",
                          "NOT pk = :v", "pk = :v AND", "", "state = :v", "#n = :v"})
    CHECK_MESSAGE(put(bad, value) == "ValidationException", bad);
  CHECK(put("attribute_exists(pk)", value) == "ValidationException");
  CHECK(bench.refusal("GetItem", R"({"TableName":"mayfly","Key":{"pk":{"S":"p"}}})") ==
        "ValidationException");
  CHECK(bench.refusal("Query", R"({"TableName":"mayfly"})") == "ValidationException");
  CHECK(bench.refusal("PutItem", R"({"TableName":"mayfly","Item":{},"Nonsense":1})") ==
        "ValidationException");
  CHECK(bench.refusal("Scan", "{}") == "UnknownOperationException");
  CHECK(bench.refusal("GetItem", R"({"TableName":"other","Key":{}})") ==
        "ResourceNotFoundException");
}

TEST_CASE("fake dynamodb: faults that are set are played, each as AWS words it") {
  testing::TableTransport transport;
  TableBench bench(transport);
  bench.put(item("p", "1"));
  bench.put(item("p", "2"));
  transport.options.dynamo_throttles = 1;
  transport.options.dynamo_conflicts = 1;
  transport.options.dynamo_unprocessed = 1;
  const std::vector<ItemKey> keys = {{"p", "1"}, {"p", "2"}};
  CHECK(bench.table.get_items(keys, bench.deadline).error().code == Code::aws_throttled);
  const auto part = bench.table.get_items(keys, bench.deadline).value();
  CHECK(part.items.size() == 1);
  CHECK(part.unprocessed == std::vector<ItemKey>{{"p", "2"}});
  CHECK(bench.table.get_items(keys, bench.deadline).value().unprocessed.empty());
  CHECK(bench.transact("t", {Write::put(item("p", "3"))}).value() ==
        std::vector<Hindrance>{Hindrance::conflict});
  CHECK_FALSE(bench.get("p", "3"));
}

TEST_CASE("fake dynamodb: only a read that asks for it sees the newest write at once") {
  testing::TableTransport transport;
  TableBench bench(transport);
  transport.options.dynamo_staleness = Millis{500};
  bench.put(item("p", "s", 1));
  bench.pass(Millis{600});
  bench.put(item("p", "s", 2));
  const std::string question = R"({"TableName":"mayfly","Key":{"pk":{"S":"p"},"sk":{"S":"s"}}})";
  CHECK(bench.get("p", "s") == item("p", "s", 2));
  CHECK(bench.raw("GetItem", question).body.find(R"("N":"1")") != std::string::npos);
  bench.pass(Millis{600});
  CHECK(bench.raw("GetItem", question).body.find(R"("N":"2")") != std::string::npos);
}

TEST_CASE("fake dynamodb: a table is made once, and can be described") {
  testing::TableTransport transport;
  TableBench bench(transport);
  const std::string table = R"({"TableName":"new","BillingMode":"PAY_PER_REQUEST",)"
                            R"("KeySchema":[{"AttributeName":"pk","KeyType":"HASH"},)"
                            R"({"AttributeName":"sk","KeyType":"RANGE"}],)"
                            R"("AttributeDefinitions":[{"AttributeName":"sk","AttributeType":"S"},)"
                            R"({"AttributeName":"pk","AttributeType":"S"}]})";
  CHECK(bench.refusal("CreateTable", table) == "");
  CHECK(bench.refusal("CreateTable", table) == "ResourceInUseException");
  CHECK(bench.table.table_status(bench.deadline).value() == "ACTIVE");
  aws::DynamoDbClient other(bench.sender, "other");
  CHECK(other.table_status(bench.deadline).error().code == Code::aws_not_found);
  const std::string ttl = R"({"TableName":"new","TimeToLiveSpecification":)"
                          R"({"AttributeName":"expires_at","Enabled":true}})";
  CHECK(bench.refusal("UpdateTimeToLive", ttl) == "");
  CHECK(bench.refusal("UpdateTimeToLive", ttl) == "ValidationException");
}

}  // namespace
}  // namespace mayfly::lab
