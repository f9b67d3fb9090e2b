#include "os/threads.h"

#include <pthread.h>

namespace mayfly::os {

NamedThread::NamedThread(const std::string& name, std::function<void()> body)
    : thread_(std::move(body)) {
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
}

void NamedThread::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace mayfly::os
