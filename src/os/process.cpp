#include "os/process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "base/text.h"

namespace mayfly::os {
namespace {

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

std::optional<Pipe> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

std::vector<char*> pointers_to(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const std::string& string : strings) out.push_back(const_cast<char*>(string.c_str()));
  out.push_back(nullptr);
  return out;
}

// Everything the child needs, made before fork: between fork and exec it may not allocate.
struct Plan {
  std::vector<char*> argv;
  std::vector<char*> environment;
  const char* directory = nullptr;
  int input = -1;
  int output = -1;  // -1: inherited
  int failure = -1;
  pid_t parent = 0;
};

void give_child_its_signals() {
  for (int signal = 1; signal < NSIG; ++signal) std::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

bool give_child_its_files(const Plan& plan) {
  if (dup2(plan.input, 0) < 0) return false;
  if (plan.output >= 0 && (dup2(plan.output, 1) < 0 || dup2(plan.output, 2) < 0)) return false;
  if (plan.directory != nullptr && chdir(plan.directory) != 0) return false;
  return close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0;
}

[[noreturn]] void become(const Plan& plan) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before the line above: then nobody would send the signal.
  if (getppid() != plan.parent) _exit(127);
  give_child_its_signals();
  if (give_child_its_files(plan)) {
    if (!plan.environment.empty()) environ = const_cast<char**>(plan.environment.data());
    execvp(plan.argv[0], plan.argv.data());
  }
  const int error = errno;
  const ssize_t ignored = write(plan.failure, &error, sizeof error);
  _exit(ignored == sizeof error ? 127 : 126);
}

// 0 when the child became its program, else the errno it died of.
int failure_of(int pipe) {
  int error = 0;
  ssize_t got = 0;
  while ((got = read(pipe, &error, sizeof error)) < 0 && errno == EINTR) {
  }
  return got == sizeof error ? error : 0;
}

FileDescriptor open_output(const SpawnOptions& options) {
  const int flags = O_WRONLY | O_CLOEXEC;
  if (options.output == ChildOutput::discard) return FileDescriptor(open("/dev/null", flags));
  return FileDescriptor(open(options.output_file.c_str(), flags | O_APPEND | O_CREAT, 0644));
}

int status_from(int raw) { return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw); }

int poll_millis(Millis left) {
  constexpr Millis k_max{3'600'000};
  return static_cast<int>(std::min(std::max(left, Millis{0}), k_max).count());
}

}  // namespace

ChildProcess::ChildProcess(pid_t pid, FileDescriptor handle, FileDescriptor output)
    : pid_(pid), handle_(std::move(handle)), output_(std::move(output)) {}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      handle_(std::move(other.handle_)),
      output_(std::move(other.output_)),
      status_(other.status_) {}

ChildProcess::~ChildProcess() {
  if (pid_ > 0 && !status_) reap();
}

Result<ChildProcess> ChildProcess::spawn(const SpawnOptions& options) {
  MAYFLY_CHECK(!options.argv.empty());
  const auto failed = [&](int error) {
    return fail(Code::internal,
                "cannot start " + printable(options.argv[0]) + ": " + errno_text(error));
  };
  auto failure = make_pipe();
  auto piped = options.output == ChildOutput::pipe ? make_pipe() : std::optional<Pipe>(Pipe{});
  const FileDescriptor input(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!failure || !piped || !input) return failed(errno);
  FileDescriptor output = std::move(piped->write);
  if (options.output == ChildOutput::discard || options.output == ChildOutput::file) {
    output = open_output(options);
    if (!output) return failed(errno);
  }

  Plan plan{.argv = pointers_to(options.argv),
            .environment = {},
            .directory = options.directory.empty() ? nullptr : options.directory.c_str(),
            .input = input.get(),
            .output = output.get(),
            .failure = failure->write.get(),
            .parent = getpid()};
  if (options.environment) plan.environment = pointers_to(*options.environment);

  const pid_t pid = fork();
  if (pid < 0) return failed(errno);
  if (pid == 0) become(plan);
  setpgid(pid, pid);  // here as well, so that the group exists before anyone signals it
  failure->write.reset();
  ChildProcess child(pid, FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))),
                     std::move(piped->read));
  if (const int error = failure_of(failure->read.get()); error != 0) return failed(error);
  return child;
}

std::optional<int> ChildProcess::wait_for(Millis limit) {
  if (status_) return status_;
  pollfd entry{handle_.get(), POLLIN, 0};
  if (poll(&entry, 1, poll_millis(limit)) <= 0) return std::nullopt;
  reap();
  return status_;
}

void ChildProcess::signal_group(int signal) {
  if (!status_) kill(-pid_, signal);
}

std::string ChildProcess::read_output(std::size_t max) {
  std::string out;
  char chunk[4096];
  while (out.size() < max) {
    const ssize_t got = read(output_.get(), chunk, std::min(sizeof chunk, max - out.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    out.append(chunk, static_cast<std::size_t>(got));
  }
  return out;
}

void ChildProcess::reap() {
  // The group's number is ours until waitpid takes the child away: nobody else's group is hit, and
  // no grandchild is left behind.
  kill(-pid_, SIGKILL);
  int raw = 0;
  while (waitpid(pid_, &raw, 0) < 0)
    if (errno != EINTR) return;
  status_ = status_from(raw);
}

}  // namespace mayfly::os
