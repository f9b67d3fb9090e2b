#include "base/codes.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace mayfly {
namespace {

TEST_CASE("codes: every code finds its own row") {
  for (const CodeInfo& row : all_codes()) CHECK(&info(row.code) == &row);
}

TEST_CASE("codes: names are unique and in kebab-case") {
  std::set<std::string_view> names;
  for (const CodeInfo& row : all_codes()) {
    CHECK_MESSAGE(names.insert(row.name).second, row.name);
    CHECK_MESSAGE(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") ==
                      std::string_view::npos,
                  row.name);
  }
}

TEST_CASE("codes: every code has an HTTP error status, a title and a remedy") {
  for (const CodeInfo& row : all_codes()) {
    CHECK_MESSAGE((row.http_status >= 400 && row.http_status <= 599), row.name);
    CHECK_MESSAGE(!row.title.empty(), row.name);
    CHECK_MESSAGE(row.remedy.ends_with('.'), row.name);
  }
}

TEST_CASE("codes: what may be repeated is never the caller's own fault") {
  for (const CodeInfo& row : all_codes()) {
    if (row.kind == ErrorKind::unavailable) CHECK_MESSAGE(row.http_status >= 500, row.name);
    if (row.kind == ErrorKind::bad_request) CHECK_MESSAGE(row.http_status < 500, row.name);
  }
}

TEST_CASE("codes: every kind has its own name") {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::internal); ++kind)
    CHECK(names.insert(to_string(static_cast<ErrorKind>(kind))).second);
}

}  // namespace
}  // namespace mayfly
