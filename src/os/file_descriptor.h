#pragma once

// Owns one file descriptor; closes it once. Not thread-safe, like any value.

#include <string>
#include <utility>

namespace mayfly::os {

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileDescriptor() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

// strerror, but safe with threads: "Connection refused".
[[nodiscard]] std::string errno_text(int error);

}  // namespace mayfly::os
