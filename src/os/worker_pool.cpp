#include "os/worker_pool.h"

#include <utility>

namespace mayfly::os {

WorkerPool::WorkerPool(const std::string& name, std::size_t workers, std::size_t queue_max)
    : room_max_(workers + queue_max) {
  for (std::size_t i = 0; i < workers; ++i) threads_.emplace_back(name, [this] { work(); });
}

bool WorkerPool::try_submit(Task task) {
  {
    const std::lock_guard lock(mutex_);
    if (is_stopping_ || queue_.size() + running_ >= room_max_) return false;
    queue_.push_back(std::move(task));
  }
  changed_.notify_one();
  return true;
}

void WorkerPool::stop() {
  std::deque<Task> dropped;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    std::swap(dropped, queue_);
  }
  changed_.notify_all();
  for (NamedThread& thread : threads_) thread.join();
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_stopping_ || !queue_.empty(); });
    if (is_stopping_) return;
    Task task = std::move(queue_.front());
    queue_.pop_front();
    ++running_;
    lock.unlock();
    task();
    task = nullptr;  // what it holds is let go outside the lock
    lock.lock();
    --running_;
  }
}

}  // namespace mayfly::os
