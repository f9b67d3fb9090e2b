#pragma once

// What the attacks are made of: many connections from one thread, with epoll. A Pool keeps
// connections to the service on loopback, each bound to an address of its own choice, asks on each
// one thing after the other, and opens a new one wherever the service closes.
//
// It is a program of its own and shares no code with mayfly: a fault of mayfly's HTTP must not be
// mirrored here. One thread.

#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace attack {

using Clock = std::chrono::steady_clock;
using Random = std::mt19937_64;

inline double millis_since(Clock::time_point from) {
  return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
}

// Everything happens in network.0.0.0/8, of which network.0.0.1 is the service. At first 127.
void set_network(std::uint32_t network);
// A non-blocking connection to the service, under way. source: where to come from; 0: anywhere.
// -1: no descriptor or port is left. receive_bytes: the size of the receive buffer; 0: the
// system's.
int begin_connection(std::uint16_t port, std::uint32_t source, int receive_bytes = 0);
// The nth of a million addresses, in as many /24 networks as there can be.
std::uint32_t source_address(std::uint64_t n);

struct Answer {
  int status = 0;  // 0: none came
  std::string body;
  bool closes = false;
};

// One whole answer at the beginning of bytes, whose size is then taken; 0: there is more to come.
std::size_t take_answer(std::string_view bytes, Answer& answer);

class Pool {
 public:
  struct Options {
    std::uint16_t port = 0;
    int connections = 64;
    std::uint64_t sources = 1;  // so many different addresses
    std::uint64_t first_source = 0;
    double rate = 0;          // asks a second, whether or not earlier ones are answered; 0: as
                              // fast as answers come
    std::uint64_t count = 0;  // end after so many asks; 0: never
    double seconds = 0;       // begin nothing new after so long; 0: never
  };
  // The next ask, whole, as it goes over the wire; empty: nothing to ask just now.
  using Next = std::function<std::string()>;
  // asked: what next() gave. latency: from when it was due.
  using Done =
      std::function<void(const std::string& asked, const Answer& answer, double latency_ms)>;
  using Tick = std::function<void(std::uint64_t asked)>;

  Pool(Options options, Next next, Done done, Tick each_second)
      : options_(options),
        next_(std::move(next)),
        done_(std::move(done)),
        each_second_(std::move(each_second)) {}
  // Until the count is reached or the time is up, and every answer has come or is given up.
  void run();

 private:
  struct Connection {
    int fd = -1;
    std::uint32_t source = 0;
    bool is_busy = false;
    bool may_be_stale = false;  // used before: the service may just have closed it
    std::string asked;
    std::size_t sent = 0;
    std::string got;
    Clock::time_point due;
  };
  void open(std::size_t i);
  void close(std::size_t i);
  void begin_asks();
  bool begin_ask(std::size_t i, Clock::time_point due);
  void flush(std::size_t i);
  void receive(std::size_t i);
  void lose(std::size_t i);
  void end(std::size_t i, const Answer& answer);
  void give_up_old();
  [[nodiscard]] bool is_over() const;

  Options options_;
  Next next_;
  Done done_;
  Tick each_second_;
  int epoll_ = -1;
  std::vector<Connection> connections_;
  std::vector<std::size_t> idle_;
  std::uint64_t asked_ = 0, opened_ = 0, busy_ = 0;
  Clock::time_point began_;
};

// "GET", "/v1/leases/x", "", "" and so on, as curl would say it.
std::string request_text(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view more_headers = {});

// Answers by status and code, and how long they took. As one JSON object.
class Counts {
 public:
  void note(const Answer& answer, double latency_ms);
  [[nodiscard]] std::string json();
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  struct Row {
    std::string key;
    std::uint64_t count = 0;
  };
  std::vector<Row> rows_;
  std::vector<float> latencies_;
  std::uint64_t total_ = 0;
};

}  // namespace attack
