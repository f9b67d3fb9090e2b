#include "lab/machine/runner_archive.h"

#include <doctest/doctest.h>

#include "base/digest.h"
#include "lab/machine/testing.h"

namespace mayfly {
namespace {

using namespace lab;

TEST_CASE("runner archive: unpacks to run.sh, which may be executed") {
  const TemporaryDirectory directory;
  const auto archive = make_runner_archive(directory.path());
  REQUIRE(archive);
  const std::string file = directory.path() + "/runner.tar.gz";
  REQUIRE(write_file(file, archive->bytes));
  REQUIRE(run_command({"tar", "-xzf", file, "-C", directory.path()}));
  CHECK(run_command({"test", "-x", directory.path() + "/run.sh"}));
  CHECK(read_file(directory.path() + "/run.sh").value() == stand_in_runner_script());
}

TEST_CASE("runner archive: the checksum is that of the bytes, and the same every time") {
  const TemporaryDirectory directory;
  const auto one = make_runner_archive(directory.path());
  const auto two = make_runner_archive(directory.path());
  REQUIRE(one);
  REQUIRE(two);
  CHECK(one->sha256 == sha256_hex(one->bytes));
  CHECK(one->sha256 == two->sha256);
}

TEST_CASE("runner archive: a directory that cannot be written is an error") {
  CHECK(!make_runner_archive("/proc/none"));
}

}  // namespace
}  // namespace mayfly
