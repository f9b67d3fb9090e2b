#include "ledger/sqlite.h"

#include <doctest/doctest.h>

namespace mayfly {
namespace {

using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

Database memory() {
  auto database = Database::open(":memory:").value();
  REQUIRE(database.execute("CREATE TABLE t (text TEXT NOT NULL, number INTEGER) STRICT"));
  return database;
}

Status insert(Database& database, std::string_view text,
              const std::optional<std::int64_t>& number = std::nullopt) {
  return Statement(database, "INSERT INTO t (text, number) VALUES (?, ?)")
      .bind(text)
      .bind(number)
      .run();
}

std::int64_t count(Database& database) {
  Statement query(database, "SELECT count(*) FROM t");
  REQUIRE(query.step().value());
  return query.number(0);
}

TEST_CASE("sqlite: a transaction that was not committed leaves nothing") {
  Database database = memory();
  {
    const auto transaction = Transaction::begin(database);
    REQUIRE(transaction);
    REQUIRE(insert(database, "a"));
  }
  CHECK(count(database) == 0);
  {
    auto transaction = Transaction::begin(database).value();
    REQUIRE(insert(database, "a"));
    CHECK(transaction.commit());
  }
  CHECK(count(database) == 1);
}

TEST_CASE("sqlite: a commit that fails is an error, and leaves nothing") {
  Database database = memory();
  REQUIRE(database.execute("PRAGMA foreign_keys = ON"));
  // A rule that is looked at when the transaction is committed.
  REQUIRE(
      database.execute("CREATE TABLE child (of INTEGER REFERENCES parent (id)"
                       " DEFERRABLE INITIALLY DEFERRED);"
                       "CREATE TABLE parent (id INTEGER PRIMARY KEY)"));
  {
    auto transaction = Transaction::begin(database).value();
    REQUIRE(insert(database, "a"));
    REQUIRE(Statement(database, "INSERT INTO child (of) VALUES (1)").run());
    CHECK(transaction.commit().error().code == Code::ledger_unavailable);
  }
  CHECK(count(database) == 0);
  CHECK(Transaction::begin(database));
}

TEST_CASE("sqlite: a transaction inside another is refused and does not end it") {
  Database database = memory();
  auto outer = Transaction::begin(database).value();
  REQUIRE(insert(database, "a"));
  CHECK(Transaction::begin(database).error().code == Code::ledger_unavailable);
  REQUIRE(outer.commit());
  CHECK(count(database) == 1);
}

TEST_CASE("sqlite: text comes back byte for byte, empty text as empty, and none as none") {
  Database database = memory();
  const std::string odd("a\0b\xff'\n", 6);
  REQUIRE(insert(database, odd, INT64_MIN));
  REQUIRE(insert(database, std::string_view{}));
  Statement query(database, "SELECT text, number FROM t ORDER BY rowid");
  REQUIRE(query.step().value());
  CHECK(query.text(0) == odd);
  CHECK(query.maybe_number(1) == INT64_MIN);
  REQUIRE(query.step().value());
  CHECK(query.text(0).empty());
  CHECK_FALSE(query.maybe_number(1));
  CHECK_FALSE(query.step().value());
}

TEST_CASE("sqlite: the number of changed rows is that of the last statement") {
  Database database = memory();
  REQUIRE(insert(database, "a"));
  REQUIRE(insert(database, "b"));
  REQUIRE(Statement(database, "UPDATE t SET number = 1").run());
  CHECK(database.changes() == 2);
  REQUIRE(Statement(database, "UPDATE t SET number = 2 WHERE text = 'c'").run());
  CHECK(database.changes() == 0);
}

TEST_CASE("sqlite: bad SQL, a value too many and a broken rule are errors that say why") {
  Database database = memory();
  CHECK(database.execute("SELEKT 1").error().code == Code::ledger_unavailable);
  const auto bad = Statement(database, "SELECT a FROM nowhere").run();
  CHECK(bad.error().message.find("nowhere") != std::string::npos);
  CHECK_FALSE(Statement(database, "INSERT INTO t (text) VALUES (?)").bind("a").bind("b").run());
  CHECK_FALSE(Statement(database, "INSERT INTO t (text, number) VALUES ('a', 'b')").run());
  CHECK(count(database) == 0);
}

TEST_CASE("sqlite: a database that was moved from lets the other one close it") {
  Database first = memory();
  REQUIRE(insert(first, "a"));
  Database second = std::move(first);
  CHECK(count(second) == 1);
  Database third = memory();
  third = std::move(second);
  CHECK(count(third) == 1);
}

}  // namespace
}  // namespace mayfly
