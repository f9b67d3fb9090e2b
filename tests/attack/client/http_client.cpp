#include "http_client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace attack {
namespace {

std::uint32_t g_network = 127u << 24;
constexpr double k_patience_ms = 15'000;
constexpr std::size_t k_latencies_max = 4'000'000;

std::string code_in(const std::string& body) {
  const std::string key = "\"code\":\"";
  const std::size_t at = body.find(key);
  if (at == std::string::npos) return "";
  const std::size_t from = at + key.size();
  return body.substr(from, body.find('"', from) - from);
}

bool has_token(std::string_view head, std::string_view lower_line) {
  std::string lower(head);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower.find(lower_line) != std::string::npos;
}

}  // namespace

void set_network(std::uint32_t network) { g_network = network << 24; }

int begin_connection(std::uint16_t port, std::uint32_t source, int receive_bytes) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (receive_bytes > 0)
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (source != 0) {
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    address.sin_addr.s_addr = htonl(source);
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      ::close(fd);
      return -1;
    }
  }
  address.sin_addr.s_addr = htonl(g_network | 1);
  address.sin_port = htons(port);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    ::close(fd);
    return -1;
  }
  return fd;
}

std::uint32_t source_address(std::uint64_t n) {
  const auto third = static_cast<std::uint32_t>(n % 250);
  const auto second = static_cast<std::uint32_t>(1 + n / 250 % 250);
  const auto last = static_cast<std::uint32_t>(1 + n / 62'500 % 250);
  return g_network | (second << 16) | (third << 8) | last;
}

std::size_t take_answer(std::string_view bytes, Answer& answer) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos || bytes.size() < 12) return 0;
  const std::string_view head = bytes.substr(0, end + 2);
  const int status = std::atoi(std::string(bytes.substr(9, 3)).c_str());
  if (status == 100) {
    const std::size_t rest = take_answer(bytes.substr(end + 4), answer);
    return rest == 0 ? 0 : rest + end + 4;
  }
  std::size_t length = 0;
  constexpr std::string_view k_length = "\r\nContent-Length: ";
  if (const std::size_t at = head.find(k_length); at != std::string_view::npos)
    length = static_cast<std::size_t>(
        std::atoll(std::string(head.substr(at + k_length.size(), 20)).c_str()));
  if (bytes.size() < end + 4 + length) return 0;
  answer = {status, std::string(bytes.substr(end + 4, length)),
            has_token(head, "\r\nconnection: close\r\n")};
  return end + 4 + length;
}

std::string request_text(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view more_headers) {
  std::string out;
  out.reserve(200 + body.size() + more_headers.size());
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: mayfly.test\r\n");
  if (!body.empty() || method == "POST")
    out.append("Content-Type: application/json\r\nContent-Length: ")
        .append(std::to_string(body.size()))
        .append("\r\n");
  return out.append(more_headers).append("\r\n").append(body);
}

void Pool::run() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  connections_.resize(static_cast<std::size_t>(options_.connections));
  for (std::size_t i = 0; i < connections_.size(); ++i) idle_.push_back(i);
  began_ = Clock::now();
  auto next_tick = began_ + std::chrono::seconds(1);
  std::array<epoll_event, 256> events{};
  while (!is_over() || busy_ > 0) {
    begin_asks();
    const int wait_ms = options_.rate > 0 || busy_ == 0 ? 1 : 50;
    const int n = ::epoll_wait(epoll_, events.data(), events.size(), wait_ms);
    for (int k = 0; k < n; ++k) {
      const epoll_event& event = events[static_cast<std::size_t>(k)];
      const auto i = static_cast<std::size_t>(event.data.u64);
      if ((event.events & EPOLLOUT) != 0) flush(i);
      if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive(i);
    }
    if (Clock::now() >= next_tick) {
      next_tick += std::chrono::seconds(1);
      give_up_old();
      if (each_second_) each_second_(asked_);
    }
  }
  for (std::size_t i = 0; i < connections_.size(); ++i) close(i);
  ::close(epoll_);
}

bool Pool::is_over() const {
  const bool is_done = options_.count > 0 && asked_ >= options_.count;
  return is_done || (options_.seconds > 0 && millis_since(began_) >= options_.seconds * 1000);
}

void Pool::begin_asks() {
  while (!is_over()) {
    auto due = Clock::now();
    if (options_.rate > 0) {
      due = began_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                         static_cast<double>(asked_) / options_.rate));
      if (due > Clock::now()) return;
    }
    if (idle_.empty()) {
      if (options_.rate == 0) return;
      idle_.push_back(connections_.size());  // an open loop does not wait for earlier answers
      connections_.emplace_back();
    }
    const std::size_t i = idle_.back();
    idle_.pop_back();
    if (begin_ask(i, due)) continue;
    idle_.push_back(i);
    return;
  }
}

void Pool::open(std::size_t i) {
  Connection& connection = connections_[i];
  if (connection.source == 0)
    connection.source = source_address(options_.first_source + opened_++ % options_.sources);
  connection.fd = begin_connection(options_.port, connection.source);
  connection.got.clear();
  connection.may_be_stale = false;
  if (connection.fd < 0) return;
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLET;
  event.data.u64 = i;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
}

void Pool::close(std::size_t i) {
  if (connections_[i].fd >= 0) ::close(connections_[i].fd);
  connections_[i].fd = -1;
}

bool Pool::begin_ask(std::size_t i, Clock::time_point due) {
  std::string ask = next_();
  if (ask.empty()) return false;
  Connection& connection = connections_[i];
  connection.asked = std::move(ask);
  connection.sent = 0;
  connection.due = due;
  connection.is_busy = true;
  ++busy_;
  ++asked_;
  if (connection.fd < 0) open(i);
  if (connection.fd < 0)
    end(i, {});
  else
    flush(i);
  return true;
}

void Pool::flush(std::size_t i) {
  Connection& connection = connections_[i];
  while (connection.is_busy && connection.fd >= 0 && connection.sent < connection.asked.size()) {
    const ssize_t n = ::send(connection.fd, connection.asked.data() + connection.sent,
                             connection.asked.size() - connection.sent, MSG_NOSIGNAL);
    if (n <= 0) return;  // not yet; a broken one shows when it is read
    connection.sent += static_cast<std::size_t>(n);
  }
}

void Pool::receive(std::size_t i) {
  Connection& connection = connections_[i];
  std::array<char, 16384> bytes{};
  bool is_closed = false;
  while (connection.fd >= 0) {
    const ssize_t n = ::recv(connection.fd, bytes.data(), bytes.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) break;
    is_closed = n <= 0;
    if (is_closed) break;
    connection.got.append(bytes.data(), static_cast<std::size_t>(n));
  }
  Answer answer;
  const std::size_t size = take_answer(connection.got, answer);
  if (size == 0 || !connection.is_busy) {
    if (is_closed) lose(i);
    return;
  }
  connection.got.erase(0, size);
  connection.may_be_stale = true;
  if (answer.closes || is_closed) close(i);
  end(i, answer);
}

// As any client does, once: what was sent on a connection that its other end had closed already is
// sent again on a new one.
void Pool::lose(std::size_t i) {
  Connection& connection = connections_[i];
  const bool is_stale = connection.may_be_stale && connection.got.empty();
  close(i);
  if (!connection.is_busy) return;
  if (is_stale) {
    connection.sent = 0;
    open(i);
  }
  if (connection.fd < 0) return end(i, {});
  flush(i);
}

void Pool::end(std::size_t i, const Answer& answer) {
  Connection& connection = connections_[i];
  connection.is_busy = false;
  --busy_;
  const std::string asked = std::move(connection.asked);
  connection.asked.clear();
  done_(asked, answer, millis_since(connection.due));
  if (options_.rate > 0 && i % 4 == 0) close(i);  // some honest callers come anew each time
  idle_.push_back(i);
}

void Pool::give_up_old() {
  for (std::size_t i = 0; i < connections_.size(); ++i) {
    if (!connections_[i].is_busy || millis_since(connections_[i].due) < k_patience_ms) continue;
    close(i);
    end(i, {});
  }
}

void Counts::note(const Answer& answer, double latency_ms) {
  ++total_;
  const bool is_good = answer.status >= 200 && answer.status < 300;
  const std::string key =
      std::to_string(answer.status) + (is_good ? "" : " " + code_in(answer.body));
  if (latencies_.size() < k_latencies_max) latencies_.push_back(static_cast<float>(latency_ms));
  for (Row& row : rows_) {
    if (row.key != key) continue;
    ++row.count;
    return;
  }
  rows_.push_back({key, 1});
}

std::string Counts::json() {
  std::sort(latencies_.begin(), latencies_.end());
  const auto at = [&](double part) {
    if (latencies_.empty()) return 0.0;
    const auto last = static_cast<double>(latencies_.size() - 1);
    return static_cast<double>(latencies_[static_cast<std::size_t>(part * last)]);
  };
  std::string out = "{\"total\":" + std::to_string(total_) + ",\"answers\":{";
  for (const Row& row : rows_)
    out += (out.back() == '{' ? "\"" : ",\"") + row.key + "\":" + std::to_string(row.count);
  std::array<char, 160> times{};
  std::snprintf(times.data(), times.size(),
                "},\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"p999_ms\":%.2f,\"max_ms\":%.2f}", at(0.5),
                at(0.99), at(0.999), at(1.0));
  return out + times.data();
}

}  // namespace attack
