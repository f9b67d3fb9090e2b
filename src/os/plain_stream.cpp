#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include "os/byte_stream.h"

namespace mayfly::os {
namespace {

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(FileDescriptor socket) : socket_(std::move(socket)) {}

  Result<std::size_t> read_some(std::span<char> out, const Deadline& deadline) override {
    for (;;) {
      const ssize_t got = recv(socket_.get(), out.data(), out.size(), 0);
      if (got >= 0) return static_cast<std::size_t>(got);
      TRY(retry_when_ready("read", POLLIN, deadline));
    }
  }

  Status write_all(std::string_view bytes, const Deadline& deadline) override {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0)
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      else
        TRY(retry_when_ready("write", POLLOUT, deadline));
    }
    return {};
  }

  bool has_unexpected_input() override {
    pollfd entry{socket_.get(), POLLIN, 0};
    return poll(&entry, 1, 0) != 0;
  }

 private:
  Status retry_when_ready(const std::string& doing, short events, const Deadline& deadline) {
    if (errno == EINTR) return {};
    if (errno != EAGAIN) return fail(Code::transport_not_sent, doing + ": " + errno_text(errno));
    if (!deadline.wait_ready(socket_.get(), events))
      return fail(Code::transport_not_sent, doing + ": no progress by the deadline");
    return {};
  }

  FileDescriptor socket_;
};

}  // namespace

std::unique_ptr<ByteStream> make_plain_stream(FileDescriptor socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

}  // namespace mayfly::os
