#pragma once

// A thread with a name (as top and gdb show it, at most 15 characters) that is joined, never lost.

#include <functional>
#include <string>
#include <thread>

namespace mayfly::os {

class NamedThread {
 public:
  NamedThread() = default;
  NamedThread(const std::string& name, std::function<void()> body);
  NamedThread(NamedThread&&) = default;
  NamedThread& operator=(NamedThread&&) = delete;
  ~NamedThread() { join(); }

  // Waits for the body to return. May be called again.
  void join();

 private:
  std::thread thread_;
};

}  // namespace mayfly::os
