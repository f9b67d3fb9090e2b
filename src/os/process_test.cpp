#include "os/process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "os/loopback_test.h"
#include "os/signals.h"

namespace mayfly {
namespace {

using namespace os;

SpawnOptions shell(const std::string& script, ChildOutput output = ChildOutput::pipe) {
  return {.argv = {"sh", "-c", script}, .output = output};
}

ChildProcess start(const SpawnOptions& options) {
  auto child = ChildProcess::spawn(options);
  MAYFLY_CHECK(child.has_value());
  return std::move(*child);
}

TEST_CASE("process: output and exit status come back") {
  ChildProcess child = start(shell("echo out; echo err >&2; exit 3"));
  CHECK(child.read_output() == "out\nerr\n");
  CHECK(child.wait_for(k_patience) == 3);
  CHECK(child.wait_for(Millis{0}) == 3);
}

TEST_CASE("process: a program that is not there is an error that names it") {
  const auto child = ChildProcess::spawn({.argv = {"/nonexistent/program"}});
  REQUIRE(!child);
  CHECK(child.error().message == "cannot start /nonexistent/program: No such file or directory");
  CHECK(!ChildProcess::spawn({.argv = {"sh"}, .directory = "/nonexistent"}));
}

TEST_CASE("process: environment, directory and an empty input are as told") {
  SpawnOptions options = shell("echo $A-$HOME; pwd; wc -c");
  options.environment = {"A=1", "PATH=/usr/bin:/bin"};
  options.directory = "/usr";
  ChildProcess child = start(options);
  CHECK(child.read_output() == "1-\n/usr\n0\n");
}

TEST_CASE("process: waiting ends at its limit") {
  ChildProcess child = start(shell("sleep 60", ChildOutput::discard));
  CHECK(!child.wait_for(Millis{10}));
  child.signal_group(SIGTERM);
  CHECK(child.wait_for(k_patience) == 128 + SIGTERM);
  child.signal_group(SIGTERM);  // does nothing
}

TEST_CASE("process: output is appended to a file") {
  std::string path = "/tmp/mayfly-process-XXXXXX";
  close(mkstemp(path.data()));
  for (int i = 0; i < 2; ++i) {
    SpawnOptions options = shell("echo line", ChildOutput::file);
    options.output_file = path;
    CHECK(start(options).wait_for(k_patience) == 0);
  }
  std::stringstream content;
  content << std::ifstream(path).rdbuf();
  CHECK(content.str() == "line\nline\n");
  unlink(path.c_str());
}

TEST_CASE("process: a child gets no descriptor of ours and no blocked signal") {
  const StopSignal stop;
  ignore_broken_pipes();
  const FileDescriptor leak(dup(0));  // not close-on-exec
  ChildProcess child =
      start(shell("ls /proc/self/fd | wc -l; grep -E 'Sig(Blk|Ign)' /proc/self/status"));
  const std::string out = child.read_output();
  // 0, 1, 2 and the folder that ls reads.
  CHECK(out == "4\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_CASE("process: neither a child nor a grandchild outlives its object") {
  std::string folder = "/tmp/mayfly-process-XXXXXX";
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const std::string path = folder + "/held";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const FileDescriptor held(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  // At its end once nobody has the other side open.
  const auto is_let_go = [&held] {
    char byte = 0;
    return read(held.get(), &byte, 1) == 0;
  };
  {
    ChildProcess child = start(shell("exec 3>" + path + "; sleep 60 & echo x; wait"));
    CHECK(child.read_output(2) == "x\n");
    CHECK(!is_let_go());
  }
  CHECK(eventually(is_let_go));
  unlink(path.c_str());
  rmdir(folder.c_str());
}

TEST_CASE("process: what a child leaves behind ends when it is waited for") {
  ChildProcess child = start(shell("sleep 60 & exit 0"));
  CHECK(child.wait_for(k_patience) == 0);
  CHECK(child.read_output().empty());  // ends only when nobody can write any more
}

}  // namespace
}  // namespace mayfly
