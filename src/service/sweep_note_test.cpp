#include "service/sweep_note.h"

#include <doctest/doctest.h>

#include "service/testing.h"

namespace mayfly {
namespace {

SweepNote a_note(Clock& clock) {
  SweepNote note;
  note.at = clock.wall();
  note.report.instances = 3;
  note.report.problems = {"list runners: GitHub is slow"};
  note.github.limit = 5000;
  note.github.remaining = 4711;
  note.github.resets_at = note.at + Seconds{600};
  return note;
}

TEST_CASE("sweep note: another process reads what the sweep left") {
  testing::Service bench;
  CHECK_FALSE(read_sweep_note(*bench.ledger).value());
  const SweepNote note = a_note(bench.clock);
  REQUIRE(write_sweep_note(*bench.ledger, note));
  const auto read = read_sweep_note(*bench.ledger).value();
  REQUIRE(read);
  CHECK(read->at == note.at);
  CHECK(read->report.instances == 3);
  CHECK(read->report.problems == note.report.problems);
  CHECK(read->github.limit == 5000);
  CHECK(read->github.remaining == 4711);
  CHECK(read->github.resets_at == note.github.resets_at);
}

TEST_CASE("sweep note: however much went wrong it stays short") {
  testing::Service bench;
  SweepNote note = a_note(bench.clock);
  note.report.problems.assign(500, std::string(10'000, 'x'));
  const auto read = SweepNote::from_text(note.to_text());
  REQUIRE(read);
  CHECK(note.to_text().size() < 4'000);
  CHECK(read->report.problems.size() == 10);
}

TEST_CASE("sweep note: what GitHub never said is not there, and what is no note is none") {
  SweepNote note;
  note.report.instances = -1;
  const auto read = SweepNote::from_text(note.to_text());
  REQUIRE(read);
  CHECK_FALSE(read->github.remaining);
  CHECK(read->report.instances == -1);
  for (const char* bad : {"", "x", "[]", "{}", R"({"at":1,"instances":-2,"problems":[]})",
                          R"({"at":1,"instances":1})"})
    CHECK_FALSE_MESSAGE(SweepNote::from_text(bad), bad);
}

}  // namespace
}  // namespace mayfly
