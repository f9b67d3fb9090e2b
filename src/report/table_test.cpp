#include "report/table.h"

#include <doctest/doctest.h>

namespace mayfly::report {
namespace {

TEST_CASE("table: columns are as wide as their widest cell, two spaces apart, none at the end") {
  Table table({"LEASE", "STATE", "MACHINE"});
  table.add({"l-1", "booting", "-"});
  table.add({"l-22222222", "ok", "c7i.large"});
  CHECK(table.text() ==
        "LEASE       STATE    MACHINE\n"
        "l-1         booting  -\n"
        "l-22222222  ok       c7i.large\n");
}

TEST_CASE("table: without rows it is its heading") { CHECK(Table({"A", "B"}).text() == "A  B\n"); }

TEST_CASE("table: empty cells keep their column, missing ones end the line, too many are dropped") {
  Table table({"A", "B", "C"});
  table.add({"", "", "3"});
  table.add({"1"});
  table.add({"1", "2", "3", "4"});
  CHECK(table.text() ==
        "A  B  C\n"
        "      3\n"
        "1\n"
        "1  2  3\n");
}

}  // namespace
}  // namespace mayfly::report
