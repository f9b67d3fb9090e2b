#pragma once

// A child process in its own process group that cannot outlive us: the kernel kills it when the
// thread that started it ends, and its whole group is killed when it has ended or the object goes.
// It starts with default signals, no signal blocked, no descriptor but 0 to 2, and standard input
// empty. Thread rule: one ChildProcess, one thread, and that thread lives as long as the child
// should.

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "os/file_descriptor.h"

namespace mayfly::os {

enum class ChildOutput { inherit, discard, file, pipe };

struct SpawnOptions {
  std::vector<std::string> argv;  // the program is looked up in PATH; at least one element
  // The whole environment, as NAME=VALUE. None: ours.
  std::optional<std::vector<std::string>> environment = std::nullopt;
  std::string directory = {};                 // empty: ours
  ChildOutput output = ChildOutput::inherit;  // of standard output and standard error together
  std::string output_file = {};               // appended to, for ChildOutput::file
};

class ChildProcess {
 public:
  // Code::internal, naming the program, when it cannot be started.
  [[nodiscard]] static Result<ChildProcess> spawn(const SpawnOptions& options);

  ChildProcess(ChildProcess&&) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // The exit status as a shell gives it (128 + n for signal n), or none while it still runs.
  [[nodiscard]] std::optional<int> wait_for(Millis limit);
  // To every process of its group. Does nothing once it was waited for.
  void signal_group(int signal);
  // For ChildOutput::pipe: what the child and its children wrote, until they closed it or max.
  [[nodiscard]] std::string read_output(std::size_t max = 1024 * 1024);

 private:
  ChildProcess(pid_t pid, FileDescriptor handle, FileDescriptor output);
  void reap();

  pid_t pid_;
  FileDescriptor handle_;
  FileDescriptor output_;
  std::optional<int> status_;
};

}  // namespace mayfly::os
