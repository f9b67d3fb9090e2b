#pragma once

// A fixed number of threads and a bounded queue of tasks before them. Tasks must not throw.
// Private to os. Thread rule: try_submit from any thread; stop from one, not a worker.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "os/threads.h"

namespace mayfly::os {

class WorkerPool {
 public:
  using Task = std::function<void()>;

  WorkerPool(const std::string& name, std::size_t workers, std::size_t queue_max);
  ~WorkerPool() { stop(); }

  // False, at once, when every worker is busy and the queue is full, or after stop.
  [[nodiscard]] bool try_submit(Task task);
  // Drops what is queued and waits for what is running. May be called again.
  void stop();

 private:
  void work();

  const std::size_t room_max_;  // tasks that may wait or run at once
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> queue_;
  std::size_t running_ = 0;
  bool is_stopping_ = false;
  std::vector<NamedThread> threads_;
};

}  // namespace mayfly::os
