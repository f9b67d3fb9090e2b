#include "base/result.h"

#include <doctest/doctest.h>

#include <memory>

namespace mayfly {
namespace {

Result<std::unique_ptr<int>> boxed(bool works) {
  if (!works) return fail(Code::internal, "no box");
  return std::make_unique<int>(7);
}

Result<int> opened(bool works) {
  TRY_ASSIGN(const std::unique_ptr<int> box, boxed(works));
  return *box;
}

Status checked(bool works) {
  TRY(opened(works));
  return {};
}

TEST_CASE("result: TRY_ASSIGN moves the value out, or hands the error on") {
  CHECK(opened(true) == 7);
  CHECK(opened(false).error().message == "no box");
}

TEST_CASE("result: TRY goes on after a success and returns a failure") {
  CHECK(checked(true));
  CHECK(checked(false).error().code == Code::internal);
}

TEST_CASE("result: fail_while keeps the code and the wait, and says what was being done") {
  Error error{Code::internal, "limit exceeded", std::chrono::milliseconds{5}};
  const Status status = fail_while("describe images", std::move(error));
  CHECK(status.error().message == "describe images: limit exceeded");
  CHECK(status.error().retry_after == std::chrono::milliseconds{5});
}

}  // namespace
}  // namespace mayfly
