#pragma once

// A thin hold on SQLite: open, statements with bound values, transactions. Nothing here knows
// leases. A statement's text is compiled once: what a Statement leaves behind is used again by the
// next with the same text. Thread rule: one Database per thread at a time; the owner locks.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace mayfly::sqlite {

class Database {
 public:
  // ":memory:" for tests and simulation. WAL, synchronous=FULL, foreign keys, 5 s busy timeout.
  [[nodiscard]] static Result<Database> open(const std::string& path);
  Database(Database&& other) noexcept;
  Database& operator=(Database&& other) noexcept;
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

  [[nodiscard]] Status execute(const char* sql);  // no parameters, may be several statements
  [[nodiscard]] std::int64_t changes() const;     // rows changed by the last statement
  [[nodiscard]] sqlite3* handle() const { return handle_; }

 private:
  friend class Statement;
  explicit Database(sqlite3* handle) : handle_(handle) {}
  [[nodiscard]] sqlite3_stmt* take(std::string_view sql);  // nullptr: it does not compile
  void give_back(std::string_view sql, sqlite3_stmt* statement);

  sqlite3* handle_ = nullptr;
  std::map<std::string, std::vector<sqlite3_stmt*>, std::less<>> idle_;  // by text
};

// One prepared statement, used once: bind in order, then step. The Database must
// stay where it is.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::string_view text);
  Statement& bind(std::int64_t number);
  Statement& bind(const std::optional<std::int64_t>& number);

  // true: a row is there to read. false: done.
  [[nodiscard]] Result<bool> step();
  // For statements that return no row.
  [[nodiscard]] Status run();

  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::optional<std::int64_t> maybe_number(int column) const;

 private:
  Database& database_;
  const std::string sql_;
  sqlite3_stmt* statement_;
  bool ok_;
  int bound_ = 0;
};

// BEGIN IMMEDIATE; rolled back unless commit() succeeded.
class Transaction {
 public:
  [[nodiscard]] static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  [[nodiscard]] Status commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

}  // namespace mayfly::sqlite
