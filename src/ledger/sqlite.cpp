#include "ledger/sqlite.h"

#include <sqlite3.h>

#include <utility>

namespace mayfly::sqlite {
namespace {

tl::unexpected<Error> failure(sqlite3* database, const std::string& doing) {
  const char* why = database != nullptr ? sqlite3_errmsg(database) : "out of memory";
  return fail(Code::ledger_unavailable, "ledger: " + doing + ": " + why);
}

// Two that open a new file at once both want to change it to WAL, and the busy timeout does not
// cover that change. Who was late waits for the other's lock, which it does cover, and looks again.
Status settle(Database& database) {
  constexpr int k_tries = 10;
  for (int tries = 1;; ++tries) {
    Status settled = database.execute(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
        "PRAGMA trusted_schema=OFF;");
    const bool is_busy = !settled && sqlite3_errcode(database.handle()) == SQLITE_BUSY;
    if (!is_busy || tries == k_tries) return settled;
    (void)database.execute("BEGIN IMMEDIATE; COMMIT");
  }
}

}  // namespace

Result<Database> Database::open(const std::string& path) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(path.c_str(), &handle, flags, nullptr) != SQLITE_OK) {
    auto error = failure(handle, "open " + path);
    sqlite3_close_v2(handle);
    return error;
  }
  Database database(handle);
  // Where the file may not be written, SQLite opens it all the same, and fails at the first write.
  if (sqlite3_db_readonly(handle, "main") == 1)
    return fail(Code::ledger_unavailable, "ledger: " + path + " may only be read");
  sqlite3_busy_timeout(handle, 5000);
  if (const Status settled = settle(database); !settled)
    return fail_while("open " + path, settled.error());
  return database;
}

Database::Database(Database&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), idle_(std::exchange(other.idle_, {})) {}

Database& Database::operator=(Database&& other) noexcept {
  std::swap(handle_, other.handle_);
  std::swap(idle_, other.idle_);
  return *this;
}

Database::~Database() {
  for (const auto& [sql, statements] : idle_)
    for (sqlite3_stmt* statement : statements) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
}

sqlite3_stmt* Database::take(std::string_view sql) {
  if (const auto found = idle_.find(sql); found != idle_.end() && !found->second.empty()) {
    sqlite3_stmt* statement = found->second.back();
    found->second.pop_back();
    return statement;
  }
  sqlite3_stmt* statement = nullptr;
  const int size = static_cast<int>(sql.size());
  if (sqlite3_prepare_v3(handle_, sql.data(), size, SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK)
    return nullptr;
  return statement;
}

void Database::give_back(std::string_view sql, sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (const auto found = idle_.find(sql); found != idle_.end())
    found->second.push_back(statement);
  else
    idle_.emplace(std::string(sql), std::vector{statement});
}

Status Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    return failure(handle_, "execute");
  return {};
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_); }

Statement::Statement(Database& database, std::string_view sql)
    : database_(database), sql_(sql), statement_(database.take(sql)), ok_(statement_ != nullptr) {}

Statement::~Statement() {
  if (statement_ != nullptr) database_.give_back(sql_, statement_);
}

Statement& Statement::bind(std::string_view text) {
  const char* bytes = text.empty() ? "" : text.data();  // a null pointer would be NULL
  ok_ = ok_ && sqlite3_bind_text(statement_, ++bound_, bytes, static_cast<int>(text.size()),
                                 SQLITE_TRANSIENT) == SQLITE_OK;
  return *this;
}

Statement& Statement::bind(std::int64_t number) {
  ok_ = ok_ && sqlite3_bind_int64(statement_, ++bound_, number) == SQLITE_OK;
  return *this;
}

Statement& Statement::bind(const std::optional<std::int64_t>& number) {
  if (number) return bind(*number);
  ok_ = ok_ && sqlite3_bind_null(statement_, ++bound_) == SQLITE_OK;
  return *this;
}

Result<bool> Statement::step() {
  if (!ok_) return failure(database_.handle(), "prepare");
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(database_.handle(), "step");
}

Status Statement::run() {
  TRY_ASSIGN(const bool row, step());
  MAYFLY_CHECK(!row);
  return {};
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return bytes == nullptr
             ? std::string()
             : std::string(bytes,
                           static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::optional<std::int64_t> Statement::maybe_number(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
  return number(column);
}

Result<Transaction> Transaction::begin(Database& database) {
  TRY(Statement(database, "BEGIN IMMEDIATE").run());
  return Transaction(database);
}

Transaction::Transaction(Transaction&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)) {}

Transaction::~Transaction() {
  if (database_ != nullptr) (void)database_->execute("ROLLBACK");
}

Status Transaction::commit() {
  TRY(Statement(*database_, "COMMIT").run());
  database_ = nullptr;
  return {};
}

}  // namespace mayfly::sqlite
