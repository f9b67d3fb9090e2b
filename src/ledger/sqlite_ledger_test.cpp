#include "ledger/sqlite_ledger.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "ledger/schema.h"
#include "ledger/testing.h"
#include "ledger/testing_contract.h"

namespace mayfly {
namespace {

using namespace testing;

// A folder of its own, with all that is in it gone at the end; in memory where there is such a
// place, for a ledger waits for its disk at every write.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    const std::filesystem::path memory = "/dev/shm";
    const bool has_memory = access(memory.c_str(), W_OK) == 0;
    const auto parent = has_memory ? memory : std::filesystem::temp_directory_path();
    std::string name = parent / "mayfly-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] std::string file(const char* name = "mayfly.db") const { return path_ / name; }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::unique_ptr<SqliteLedger> opened(const std::string& path) {
  auto ledger = SqliteLedger::open(path);
  REQUIRE_MESSAGE(ledger.has_value(), ledger.error().message);
  return std::move(*ledger);
}

Error refusal(const std::string& path) {
  const auto ledger = SqliteLedger::open(path);
  REQUIRE_FALSE(ledger);
  return ledger.error();
}

class SqliteFileStore final : public LedgerStore {
 public:
  std::unique_ptr<Ledger> open() override { return opened(folder_.file()); }

 private:
  TemporaryFolder folder_;
};

void write_user_version(const std::string& path, int version) {
  auto database = sqlite::Database::open(path).value();
  REQUIRE(database.execute(("PRAGMA user_version=" + std::to_string(version)).c_str()));
}

// For the superuser, who may write what others may not, so that a mode means something.
class Unprivileged {
 public:
  Unprivileged() : was_(geteuid()) {
    if (was_ == 0) REQUIRE(seteuid(65534) == 0);
  }
  ~Unprivileged() {
    if (was_ == 0) (void)!seteuid(was_);
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  uid_t was_;
};

// Tries to reserve so many leases, each on its own, and counts those that it got.
int reserve_many(Ledger& ledger, int first, int count, const Caps& caps) {
  int got = 0;
  for (int n = first; n < first + count; ++n) {
    const auto reserved = ledger.reserve({numbered(n)}, {}, caps, k_noon);
    if (reserved)
      ++got;
    else if (reserved.error().code != Code::limit_machines)
      return -1000;
  }
  return got;
}

TEST_CASE("sqlite ledger: two that race for the last places never pass a cap together") {
  const TemporaryFolder folder;
  const auto one = opened(folder.file());
  const auto two = opened(folder.file());
  Caps caps = wide_caps();
  caps.machines = 60;
  constexpr int k_tries = 100;
  std::atomic<int> got_one = 0;
  std::thread rival([&] { got_one = reserve_many(*one, 1000, k_tries, caps); });
  const int got_two = reserve_many(*two, 2000, k_tries, caps);
  rival.join();
  CHECK(got_one >= 0);
  CHECK(got_one + got_two == 60);
  CHECK(one->live().value().size() == 60);
}

TEST_CASE("sqlite ledger: of two that race to update one version exactly one wins each round") {
  const TemporaryFolder folder;
  const auto one = opened(folder.file());
  const auto two = opened(folder.file());
  Lease lease = one->reserve({numbered(1)}, {}, wide_caps(), k_noon).value().front().lease;
  for (int round = 0; round < 30; ++round) {
    std::atomic<int> won = 0;
    std::thread rival([&] { won += one->update(lease, {}, std::nullopt).has_value() ? 1 : 0; });
    won += two->update(lease, {}, std::nullopt).has_value() ? 1 : 0;
    rival.join();
    REQUIRE(won == 1);
    lease = two->find(lease.id).value().value();
  }
  CHECK(lease.version == 30);
}

TEST_CASE("sqlite ledger: one object may be used from two threads") {
  const TemporaryFolder folder;
  const auto ledger = opened(folder.file());
  std::atomic<int> got = 0;
  std::thread other([&] { got = reserve_many(*ledger, 1000, 50, wide_caps()); });
  CHECK(reserve_many(*ledger, 2000, 50, wide_caps()) == 50);
  other.join();
  CHECK(got == 50);
}

TEST_CASE("sqlite ledger: several that open a new file at the same time all get it") {
  for (int round = 0; round < 10; ++round) {
    const TemporaryFolder folder;
    std::array<std::string, 4> troubles;
    std::vector<std::thread> threads;
    for (std::string& trouble : troubles)
      threads.emplace_back([&] {
        const auto ledger = SqliteLedger::open(folder.file());
        const Status set = ledger ? (*ledger)->set_fact("a", "b") : fail(ledger.error());
        if (!set) trouble = set.error().message;
      });
    for (std::thread& thread : threads) thread.join();
    for (const std::string& trouble : troubles) REQUIRE(trouble == "");
  }
}

TEST_CASE("sqlite ledger: what was written is there after it is closed and opened again") {
  const TemporaryFolder folder;
  Lease lease = numbered(1);
  {
    const auto ledger = opened(folder.file());
    REQUIRE(ledger->reserve({lease}, {{lease.id, k_noon, "asked", ""}}, wide_caps(), k_noon));
    lease = ledger->update(lease, {}, machine_of(lease, "i-1", k_noon, Money{7})).value();
    REQUIRE(ledger->set_fact("a", "b"));
  }
  const auto ledger = opened(folder.file());
  CHECK(fields(ledger->find(lease.id).value().value()) == fields(lease));
  CHECK(ledger->events(lease.id).value().size() == 1);
  CHECK(ledger->machines(lease.id).value().size() == 1);
  CHECK(ledger->fact("a").value() == "b");
}

TEST_CASE("sqlite ledger: an empty file becomes a ledger of the present version") {
  const TemporaryFolder folder;
  std::ofstream(folder.file()).close();
  REQUIRE(opened(folder.file())->set_fact("a", "b"));
  auto database = sqlite::Database::open(folder.file()).value();
  sqlite::Statement query(database, "PRAGMA user_version");
  REQUIRE(query.step().value());
  CHECK(query.number(0) == schema_version());
  CHECK(migrate(database));
  CHECK(opened(folder.file())->fact("a").value() == "b");
}

TEST_CASE("sqlite ledger: a file of a newer mayfly is refused and left as it is") {
  const TemporaryFolder folder;
  REQUIRE(opened(folder.file())->set_fact("a", "b"));
  for (const int version : {schema_version() + 1, 1'000'000, -1}) {
    write_user_version(folder.file(), version);
    const Error error = refusal(folder.file());
    CHECK(error.code == Code::ledger_version);
    CHECK(error.message.find(std::to_string(version)) != std::string::npos);
  }
  write_user_version(folder.file(), schema_version());
  CHECK(opened(folder.file())->fact("a").value() == "b");
}

TEST_CASE("sqlite ledger: what is no database, or no file at all, is refused by its path") {
  const TemporaryFolder folder;
  const std::string text(8192, 'x');
  std::ofstream(folder.file("text")) << text;
  for (const std::string& path :
       {folder.file("text"), folder.path().string(), folder.file("no/such/folder.db")}) {
    const Error error = refusal(path);
    CHECK(error.code == Code::ledger_unavailable);
    CHECK_MESSAGE(error.message.find(path) != std::string::npos, error.message);
  }
  std::ifstream left(folder.file("text"));
  CHECK(std::string(std::istreambuf_iterator<char>(left), {}) == text);
}

TEST_CASE(
    "sqlite ledger: a file that may only be read is refused at once, not at the first lease") {
  const TemporaryFolder folder;
  REQUIRE(opened(folder.file())->set_fact("a", "b"));
  using std::filesystem::perms;
  std::filesystem::permissions(folder.path(), perms::all);
  std::filesystem::permissions(folder.file(),
                               perms::owner_read | perms::group_read | perms::others_read);
  const Unprivileged unprivileged;
  const Error error = refusal(folder.file());
  CHECK(error.code == Code::ledger_unavailable);
  CHECK_MESSAGE(error.message.find(folder.file()) != std::string::npos, error.message);
}

TEST_CASE("sqlite ledger: a row that no mayfly wrote is an error, not a guess") {
  for (const char* damage :
       {"state = 'asleep'", "outcome = ''", "source = 'mail'", "architecture = 'z80'",
        "labels = '{}'", "labels = '[1]'", "labels = 'x'"}) {
    const TemporaryFolder folder;
    const auto ledger = opened(folder.file());
    REQUIRE(ledger->reserve({numbered(1)}, {}, wide_caps(), k_noon));
    auto database = sqlite::Database::open(folder.file()).value();
    REQUIRE(database.execute((std::string("UPDATE lease SET ") + damage).c_str()));
    const auto found = ledger->find(numbered(1).id);
    REQUIRE_FALSE(found);
    CHECK_MESSAGE(found.error().code == Code::ledger_unavailable, std::string(damage));
  }
}

TEST_CASE("sqlite ledger: an event of no lease is refused") {
  const TemporaryFolder folder;
  const auto ledger = opened(folder.file());
  CHECK(ledger->append({numbered(1).id, k_noon, "a", ""}).error().code == Code::ledger_unavailable);
}

TEST_CASE("sqlite ledger: an ask that names one new lease twice reserves nothing") {
  const TemporaryFolder folder;
  const auto ledger = opened(folder.file());
  CHECK_FALSE(ledger->reserve({numbered(1), numbered(1)}, {}, wide_caps(), k_noon));
  CHECK(ledger->recent(10).value().empty());
}

}  // namespace

namespace testing {

std::span<const LedgerKind> ledger_kinds() {
  static constexpr LedgerKind k_kinds[] = {{"sqlite", []() -> std::unique_ptr<LedgerStore> {
                                              return std::make_unique<SqliteFileStore>();
                                            }}};
  return k_kinds;
}

}  // namespace testing
}  // namespace mayfly
