#include "dynamo/books.h"

#include <doctest/doctest.h>

#include "dynamo/books_text.h"
#include "ledger/testing.h"

namespace mayfly::dynamo {
namespace {

using namespace mayfly::testing;

// Books in which every list has something.
Books full_books() {
  Books books;
  Lease lease = numbered(1);
  lease.actor = "ann";
  lease.runner_name = "mf-1";
  enter(books, lease);
  enter(books, numbered_seed(2, 43, Architecture::arm64));
  open_launch(books, numbered(1).id, k_noon);
  open_launch(books, numbered(1).id, k_noon + Seconds{1});
  books.told.push_back({k_noon, Verdict::failed, Code::aws_config});
  MachineRecord machine = machine_of(lease, "i-1", k_noon, Money{5});
  enter_machine(books, std::nullopt, machine);
  machine.instance_id = InstanceId{"i-2"};
  machine.ended_at = k_noon;
  enter_machine(books, std::nullopt, machine);
  books.leases_ever = 2;
  return books;
}

TEST_CASE("books: as text and back they are the same") {
  CHECK(parse_books(to_text(Books{})).value() == Books{});
  CHECK(parse_books(to_text(full_books())).value() == full_books());
}

TEST_CASE("books: text that is not exactly theirs is refused; a newer version is told") {
  for (const char* text : {"", "[]", "{}", R"({"version":1})", R"({"version":"1"})"})
    CHECK_MESSAGE(parse_books(text).error().code == Code::ledger_unavailable, text);
  CHECK(parse_books(R"({"version":2})").error().code == Code::ledger_version);
  const std::string good = to_text(full_books());
  for (const char* part : {"\"x86_64\"", "\"v1\"", "\"failed\"", "\"i-1\"", "[2,2,1,10]"}) {
    std::string bad = good;
    const std::size_t at = bad.find(part);
    REQUIRE_MESSAGE(at != std::string::npos, part);
    bad.replace(at, std::string(part).size(), "null");
    CHECK_MESSAGE(parse_books(bad).error().code == Code::ledger_unavailable, part);
  }
}

TEST_CASE("books: a number beyond what its field holds is refused, not cut") {
  const std::string good = to_text(full_books());
  for (const auto& [part, bad] : {std::pair{",42,1,", ",42,4294967297,"}, {",42,1,", ",42,-1,"}}) {
    std::string text = good;
    REQUIRE(text.find(part) != std::string::npos);
    text.replace(text.find(part), std::string(part).size(), bad);
    CHECK_MESSAGE(parse_books(text).error().code == Code::ledger_unavailable, bad);
  }
}

TEST_CASE("books: a line stands while its lease lives or its runner is left") {
  Books books;
  Lease lease = numbered(1);
  lease.runner_name = "mf-1";
  enter(books, lease);
  REQUIRE(find_line(books, lease.id) != nullptr);
  lease.state = LeaseState::gone;
  enter(books, lease);
  CHECK(audit_of(books).leases_live == 0);
  CHECK(audit_of(books).runners_left == 1);
  CHECK(usage_of(books, lease, wide_caps(), k_noon).machines == 0);
  lease.runner_removed = true;
  enter(books, lease);
  CHECK(books.lines.empty());
}

TEST_CASE("books: what a machine spent counts once, in the day in which it ended") {
  Books books;
  const MachineRecord running = machine_of(numbered(1), "i-1", k_noon, Money{5});
  enter_machine(books, std::nullopt, running);
  MachineRecord ended = running;
  ended.ended_at = k_noon;
  ended.spent = Money{9};
  enter_machine(books, running, ended);
  MachineRecord dearer = ended;
  dearer.spent = Money{12};
  enter_machine(books, ended, dearer);
  CHECK(books.running.empty());
  CHECK(books.ended == std::map<WallTime, Money>{{start_of_day(k_noon), Money{12}}});
  CHECK(books.spent_ever == Money{12});
  CHECK(books.machines_ever == 1);
  CHECK(books.machines_ended == 1);
}

TEST_CASE("books: days told by a calendar that ran ahead push none of the month out") {
  Books books;
  MachineRecord machine = machine_of(numbered(1), "i-0", k_noon, Money{1});
  for (int day = 0; day < 100; ++day) {
    machine.instance_id = InstanceId{"i-" + std::to_string(day)};
    machine.ended_at = k_noon + day * std::chrono::hours{24};
    enter_machine(books, std::nullopt, machine);
  }
  machine.instance_id = InstanceId{"i-ahead"};
  machine.ended_at = k_noon + 9000 * std::chrono::hours{24};
  enter_machine(books, std::nullopt, machine);
  CHECK(books.ended.size() == 70);
  const WallTime today = k_noon + 99 * std::chrono::hours{24};
  CHECK(usage_of(books, numbered(1), wide_caps(), today).spent_this_month >= Money{2});
}

TEST_CASE("books: launches are forgotten when no limit looks at them, open ones never") {
  Books books;
  Caps caps = wide_caps();
  caps.launch_failures_max = 2;
  for (int n = 1; n <= 5; ++n) {
    Lease lease = numbered(n);
    open_launch(books, lease.id, k_noon);
    lease.state = LeaseState::ending;
    lease.outcome = Outcome::refused;
    lease.state_since = k_noon + Seconds{n};
    settle_launch(books, lease);
  }
  open_launch(books, numbered(6).id, k_noon);
  const WallTime later = k_noon + k_launch_window;
  const auto before = launches_of(books, caps, later);
  forget_launches(books, caps, later);
  CHECK(books.counted.empty());
  CHECK(books.told.size() == 2);
  CHECK(books.open.size() == 1);
  CHECK(launches_of(books, caps, later).of_hour == before.of_hour);
}

TEST_CASE("books: a thousand machines and ten thousand launches fit into one item") {
  Books books;
  for (int n = 0; n < 1000; ++n) {
    enter(books, numbered(n));
    books.running[InstanceId{"i-0123456789abcd" + std::to_string(n)}] = Money{1'000'000};
  }
  books.counted.assign(9000, k_noon);
  for (int n = 0; n < 1000; ++n) open_launch(books, numbered(n).id, k_noon);
  CHECK(to_text(books).size() < 400 * 1000);
  CHECK(parse_books(to_text(books)).value() == books);
}

}  // namespace
}  // namespace mayfly::dynamo
