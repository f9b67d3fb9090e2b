#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <set>

#include "os/condition_doorbell.h"
#include "os/core_dumps.h"
#include "os/loopback_test.h"
#include "os/signals.h"
#include "os/system_clock.h"
#include "os/system_entropy.h"
#include "os/system_environment.h"
#include "os/worker_pool.h"

namespace mayfly {
namespace {

using namespace os;

struct TemporaryFolder {
  TemporaryFolder() { MAYFLY_CHECK(mkdtemp(path.data()) != nullptr); }
  ~TemporaryFolder() {
    for (const std::string& file : files) unlink(file.c_str());
    rmdir(path.c_str());
  }
  std::string add(const std::string& name, const std::string& content) {
    files.push_back(path + "/" + name);
    std::ofstream(files.back()) << content;
    return files.back();
  }
  std::string path = "/tmp/mayfly-os-XXXXXX";
  std::vector<std::string> files;
};

TEST_CASE("clock: sleep_until returns at or after its time and not at once") {
  SystemClock clock;
  const SteadyTime before = clock.steady();
  clock.sleep_until(before + Millis{15});
  CHECK(clock.steady() >= before + Millis{15});
  CHECK(clock.steady() < before + k_patience);
  clock.sleep_until(before);  // in the past
}

TEST_CASE("clock: wall time is this century's") {
  SystemClock clock;
  CHECK(clock.wall() > wall_from_epoch_seconds(1'700'000'000));
  CHECK(clock.wall() < wall_from_epoch_seconds(4'000'000'000));
}

TEST_CASE("entropy: ids do not repeat") {
  SystemEntropy entropy;
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) seen.insert(entropy.hex(16));
  CHECK(seen.size() == 200);
  CHECK(entropy.hex(300).size() == 600);  // longer than getrandom promises in one call
}

TEST_CASE("environment: an empty variable reads as none") {
  SystemEnvironment environment;
  setenv("MAYFLY_OS_TEST", "value", 1);
  CHECK(environment.variable("MAYFLY_OS_TEST") == "value");
  setenv("MAYFLY_OS_TEST", "", 1);
  CHECK(!environment.variable("MAYFLY_OS_TEST"));
  unsetenv("MAYFLY_OS_TEST");
  CHECK(!environment.variable("MAYFLY_OS_TEST"));
}

TEST_CASE("environment: a file is read whole, to the last byte allowed and no further") {
  SystemEnvironment environment;
  TemporaryFolder folder;
  const std::string full(1024 * 1024, 'x');
  CHECK(environment.read_file(folder.add("small", "a\nb")) == "a\nb");
  CHECK(environment.read_file(folder.add("empty", "")) == "");
  CHECK(environment.read_file(folder.add("full", full)) == full);
  const auto larger = environment.read_file(folder.add("larger", full + "x"));
  REQUIRE(!larger);
  CHECK(larger.error().code == Code::secret_unreadable);
}

TEST_CASE("environment: what is no regular file is refused without waiting for it") {
  SystemEnvironment environment;
  TemporaryFolder folder;
  const std::string pipe = folder.path + "/pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  folder.files.push_back(pipe);
  for (const std::string& path : {pipe, folder.path, std::string("/dev/stdin"),
                                  std::string("/dev/zero"), folder.path + "/absent"}) {
    CAPTURE(path);
    const auto read = environment.read_file(path);
    REQUIRE(!read);
    CHECK(read.error().code == Code::secret_unreadable);
  }
}

TEST_CASE("doorbell: a ring before the wait is kept, as one") {
  SystemClock clock;
  ConditionDoorbell bell(clock);
  bell.ring();
  bell.ring();
  const SteadyTime start = clock.steady();
  bell.wait_until(start + k_patience);
  CHECK(clock.steady() < start + k_patience);
  const SteadyTime second = clock.steady();
  bell.wait_until(second + Millis{15});
  CHECK(clock.steady() >= second + Millis{15});
}

TEST_CASE("doorbell: a ring from another thread ends the wait") {
  SystemClock clock;
  ConditionDoorbell bell(clock);
  const SteadyTime start = clock.steady();
  const NamedThread ringer("ringer", [&bell] { bell.ring(); });
  bell.wait_until(start + k_patience);
  CHECK(clock.steady() < start + k_patience);
}

TEST_CASE("core dumps: once forbidden there is no core, and nobody else reads the memory") {
  const pid_t child = fork();  // it holds for the rest of a process's life
  if (child == 0) {
    const bool was_dumpable = prctl(PR_GET_DUMPABLE) == 1;
    forbid_core_dumps();
    rlimit limit{};
    getrlimit(RLIMIT_CORE, &limit);
    const bool is_forbidden =
        prctl(PR_GET_DUMPABLE) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0;
    _exit(was_dumpable && is_forbidden ? 0 : 1);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("signals: SIGTERM is waited for and ends nothing") {
  StopSignal stop;
  CHECK(!stop.wait_for(Millis{1}));
  kill(getpid(), SIGTERM);
  CHECK(stop.wait_for(k_patience));
  kill(getpid(), SIGINT);
  CHECK(stop.wait() == SIGINT);
}

TEST_CASE("signals: one that nobody waited for ends nothing once it is forgotten") {
  {
    StopSignal stop;
    kill(getpid(), SIGTERM);
    CHECK_FALSE(stop.has_come());
    stop.forget();
    CHECK(stop.has_come());
    CHECK_FALSE(stop.wait_for(Millis{1}));
  }
  CHECK(getpid() > 0);  // still here
}

TEST_CASE("signals: writing to a broken pipe is an error once ignored") {
  ignore_broken_pipes();
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  close(ends[0]);
  CHECK(write(ends[1], "x", 1) == -1);
  close(ends[1]);
}

TEST_CASE("workers: a full queue refuses at once, and room comes back") {
  std::atomic<bool> gate = false;
  std::atomic<int> done = 0;
  WorkerPool pool("test", 2, 1);
  const auto task = [&gate, &done] {
    CHECK(eventually([&gate] { return gate.load(); }));
    ++done;
  };
  for (int i = 0; i < 3; ++i) CHECK(pool.try_submit(task));
  CHECK(!pool.try_submit(task));
  gate = true;
  CHECK(eventually([&done] { return done == 3; }));
  CHECK(eventually([&] { return pool.try_submit(task); }));
}

TEST_CASE("workers: stop waits for what runs and drops what is queued") {
  std::atomic<bool> has_begun = false;
  std::atomic<int> done = 0;
  WorkerPool pool("test", 1, 100'000);
  const auto count = [&done] { ++done; };
  CHECK(pool.try_submit([&] {
    has_begun = true;
    CHECK(eventually([&] { return !pool.try_submit(count); }));  // until stop was called
    ++done;
  }));
  CHECK(eventually([&has_begun] { return has_begun.load(); }));
  pool.stop();
  CHECK(done == 1);
  CHECK(!pool.try_submit(count));
}

}  // namespace
}  // namespace mayfly
