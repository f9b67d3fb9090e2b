#include "os/loopback_test.h"

#include <poll.h>

#include <algorithm>
#include <cstdlib>

#include "base/result.h"

namespace mayfly::os {
namespace {

struct Listener {
  FileDescriptor socket;
  std::uint16_t port;
};

Listener listen_on_loopback() {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  // Small, so that a reader who does not read is soon felt by the writer.
  const int bytes = 64 * 1024;
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  MAYFLY_CHECK(bind(socket.get(), generic, length) == 0);
  MAYFLY_CHECK(listen(socket.get(), 64) == 0);
  MAYFLY_CHECK(getsockname(socket.get(), generic, &length) == 0);
  return {std::move(socket), ntohs(address.sin_port)};
}

bool is_readable(int fd, Millis limit) {
  pollfd entry{fd, POLLIN, 0};
  return poll(&entry, 1, static_cast<int>(limit.count())) > 0;
}

}  // namespace

bool eventually(const std::function<bool()>& condition) {
  SystemClock clock;
  const SteadyTime limit = clock.steady() + k_patience;
  while (!condition()) {
    if (clock.steady() > limit) return false;
    clock.sleep_for(Millis{2});
  }
  return true;
}

RawConnection::RawConnection(FileDescriptor socket) : socket_(std::move(socket)) {}

RawConnection RawConnection::to(std::uint16_t port, const std::string& source) {
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  MAYFLY_CHECK(inet_pton(AF_INET, source.c_str(), &address.sin_addr) == 1);
  MAYFLY_CHECK(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  MAYFLY_CHECK(connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return RawConnection(std::move(socket));
}

bool RawConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawConnection::read_more() {
  char chunk[4096];
  if (!is_readable(socket_.get(), k_patience)) return false;
  const ssize_t got = recv(socket_.get(), chunk, sizeof chunk, 0);
  if (got > 0) pending_.append(chunk, static_cast<std::size_t>(got));
  return got > 0;
}

std::string RawConnection::read_until(std::string_view mark) {
  std::size_t found = 0;
  while ((found = pending_.find(mark)) == std::string::npos)
    if (!read_more()) return std::exchange(pending_, {});
  std::string out = pending_.substr(0, found + mark.size());
  pending_.erase(0, out.size());
  return out;
}

std::string RawConnection::read_message() {
  std::string out = read_until("\r\n\r\n");
  const std::string name = "Content-Length: ";
  const std::size_t at = out.find(name);
  if (at == std::string::npos) return out;
  const std::size_t size = std::strtoul(out.c_str() + at + name.size(), nullptr, 10);
  while (pending_.size() < size && read_more()) {
  }
  out += pending_.substr(0, size);
  pending_.erase(0, std::min(size, pending_.size()));
  return out;
}

std::string RawConnection::read_all() {
  while (read_more()) {
  }
  return std::exchange(pending_, {});
}

bool RawConnection::is_at_end() {
  char byte = 0;
  return pending_.empty() && is_readable(socket_.get(), k_patience) &&
         recv(socket_.get(), &byte, 1, 0) <= 0;
}

void RawConnection::abort() {
  const linger reset{1, 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close();
}

ScriptedServer::ScriptedServer(Script script) {
  Listener listener = listen_on_loopback();
  listener_ = std::move(listener.socket);
  port_ = listener.port;
  thread_.emplace("scripted", [this, script = std::move(script)] { serve(script); });
}

ScriptedServer::~ScriptedServer() { is_stopping_ = true; }

std::string ScriptedServer::url(std::string_view target) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(target);
}

void ScriptedServer::serve(const Script& script) {
  while (!is_stopping_) {
    if (!is_readable(listener_.get(), Millis{5})) continue;
    {
      RawConnection connection(FileDescriptor(accept(listener_.get(), nullptr, nullptr)));
      script(connection, connections_++);
    }
    ++closed_;
  }
}

std::uint16_t unused_port() { return listen_on_loopback().port; }

}  // namespace mayfly::os
