#pragma once

// For the tests of the machines: a directory that goes away again, a power switch and a log that
// remember. One thread.

#include <cstdlib>
#include <string>
#include <vector>

#include "lab/aws/machine_observer.h"
#include "lab/machine/files.h"
#include "seam/log.h"

namespace mayfly::lab {

class TemporaryDirectory {
 public:
  TemporaryDirectory() { MAYFLY_CHECK(mkdtemp(path_.data()) != nullptr); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { remove_all(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/mayfly-machine-XXXXXX";
};

class RememberingPower final : public MachinePower {
 public:
  void power_off(const InstanceId& id) override { ids.push_back(id.text); }
  std::vector<std::string> ids;
};

class RememberingLog final : public Log {
 public:
  void write(LogLevel, std::string_view event, std::initializer_list<LogField>) override {
    events.emplace_back(event);
  }
  std::vector<std::string> events;
};

inline Machine machine_with(std::string user_data, std::string id = "i-0123456789abcdef0") {
  Machine machine;
  machine.id = {std::move(id)};
  machine.user_data = std::move(user_data);
  return machine;
}

}  // namespace mayfly::lab
