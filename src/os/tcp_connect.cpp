#include "os/tcp_connect.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace mayfly::os {
namespace {

constexpr std::size_t k_addresses_max = 8;
constexpr Millis k_one_address_max{2000};
constexpr Millis k_wait_slice{60'000};  // so that a deadline far away does not overflow the clock

struct Endpoint {
  sockaddr_storage address{};
  socklen_t length = 0;
};

struct Lookup {
  std::mutex mutex;
  std::condition_variable done;
  bool is_done = false;
  int error = 0;
  std::vector<Endpoint> endpoints;
};

int look_up(const std::string& host, const std::string& port, int flags,
            std::vector<Endpoint>& out) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  // localhost is loopback whatever any file or name server says (RFC 6761, 6.3).
  const char* node = host == "localhost" ? nullptr : host.c_str();
  const int error = getaddrinfo(node, port.c_str(), &hints, &list);
  if (error != 0) return error;
  for (const addrinfo* i = list; i != nullptr && out.size() < k_addresses_max; i = i->ai_next) {
    Endpoint endpoint;
    std::memcpy(&endpoint.address, i->ai_addr, i->ai_addrlen);
    endpoint.length = i->ai_addrlen;
    out.push_back(endpoint);
  }
  freeaddrinfo(list);
  return 0;
}

void look_up_in_thread(const std::shared_ptr<Lookup>& lookup, const std::string& host,
                       const std::string& port) {
  std::thread([lookup, host, port] {
    std::vector<Endpoint> found;
    const int error = look_up(host, port, AI_NUMERICSERV, found);
    const std::lock_guard lock(lookup->mutex);
    lookup->endpoints = std::move(found);
    lookup->error = error;
    lookup->is_done = true;
    lookup->done.notify_one();
  }).detach();
}

Result<std::vector<Endpoint>> resolve(const std::string& host, const std::string& port,
                                      const Deadline& deadline) {
  std::vector<Endpoint> numeric;
  if (look_up(host, port, AI_NUMERICHOST | AI_NUMERICSERV, numeric) == 0) return numeric;

  auto lookup = std::make_shared<Lookup>();
  try {
    look_up_in_thread(lookup, host, port);
  } catch (const std::system_error& e) {
    return fail(Code::transport_not_sent, std::string("look up: ") + e.what());
  }
  std::unique_lock lock(lookup->mutex);
  while (!lookup->is_done && !deadline.has_passed())
    lookup->done.wait_for(lock, std::min(deadline.left(), k_wait_slice));
  if (!lookup->is_done) return fail(Code::transport_not_sent, "look up: no answer in time");
  if (lookup->error != 0)
    return fail(Code::transport_not_sent, std::string("look up: ") + gai_strerror(lookup->error));
  return std::move(lookup->endpoints);
}

Result<FileDescriptor> connect_to(const Endpoint& to, const Deadline& deadline) {
  const auto failed = [](int error) {
    return fail(Code::transport_not_sent, "connect: " + errno_text(error));
  };
  FileDescriptor fd(
      socket(to.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!fd) return failed(errno);
  const int on = 1;
  setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&to.address), to.length) == 0) return fd;
  if (errno != EINPROGRESS) return failed(errno);
  if (!deadline.wait_ready(fd.get(), POLLOUT)) return failed(ETIMEDOUT);
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  if (error != 0) return failed(error);
  return fd;
}

}  // namespace

Result<FileDescriptor> connect_tcp(const std::string& host, const std::string& port,
                                   const Deadline& deadline) {
  TRY_ASSIGN(const std::vector<Endpoint> endpoints, resolve(host, port, deadline));
  Error last{Code::transport_not_sent, "look up: no address"};
  for (std::size_t i = 0; i < endpoints.size() && !deadline.has_passed(); ++i) {
    const bool is_last = i + 1 == endpoints.size();
    auto connected =
        connect_to(endpoints[i], is_last ? deadline : deadline.no_later_than(k_one_address_max));
    if (connected) return connected;
    last = std::move(connected).error();
  }
  return fail(std::move(last));
}

}  // namespace mayfly::os
