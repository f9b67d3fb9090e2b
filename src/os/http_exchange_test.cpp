#include "os/http_exchange.h"

#include <doctest/doctest.h>

#include <cstring>

#include "os/connection_pool.h"
#include "os/system_clock.h"

namespace mayfly {
namespace {

using namespace os;

// Gives what it was told to, `step` bytes at a time, then ends; remembers what was written.
class FakeStream final : public ByteStream {
 public:
  explicit FakeStream(std::string answer = {}, std::size_t step = 1 << 20)
      : answer_(std::move(answer)), step_(step) {}

  Result<std::size_t> read_some(std::span<char> out, const Deadline&) override {
    if (fails_at_end && answer_.empty()) return fail(Code::transport_not_sent, "read: reset");
    const std::size_t size = std::min({out.size(), step_, answer_.size()});
    std::memcpy(out.data(), answer_.data(), size);
    answer_.erase(0, size);
    return size;
  }
  Status write_all(std::string_view bytes, const Deadline&) override {
    if (fails_to_write) return fail(Code::transport_not_sent, "write: reset");
    written += bytes;
    return {};
  }
  bool has_unexpected_input() override { return is_noisy; }

  bool fails_at_end = false;
  bool fails_to_write = false;
  bool is_noisy = false;
  std::string written;

 private:
  std::string answer_;
  std::size_t step_;
};

Exchange run(FakeStream& stream, bool is_head = false) {
  SystemClock clock;
  return exchange(stream, "GET / HTTP/1.1\r\n\r\n", is_head,
                  Deadline(clock, clock.steady() + Millis{1000}));
}

Exchange run(const std::string& answer, bool is_head = false) {
  FakeStream stream(answer);
  return run(stream, is_head);
}

void check_lost(const Exchange& done, bool answer_started) {
  REQUIRE(!done.response);
  CHECK(done.response.error().code == Code::transport_lost);
  CHECK(done.answer_started == answer_started);
  CHECK(!done.can_be_reused);
}

constexpr std::string_view k_simple =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello";
constexpr std::string_view k_chunked =
    "HTTP/1.1 201 Created\r\nTransfer-Encoding: "
    "chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n";

TEST_CASE("exchange: an answer reads the same however it is cut into pieces") {
  for (const std::string_view answer : {k_simple, k_chunked}) {
    for (const std::size_t step : {1U, 2U, 3U, 7U, 1000U}) {
      CAPTURE(step);
      FakeStream stream(std::string(answer), step);
      const Exchange done = run(stream);
      REQUIRE(done.response);
      CHECK(done.response->body == "hello");
      CHECK(done.can_be_reused);
      CHECK(stream.written == "GET / HTTP/1.1\r\n\r\n");
    }
  }
}

TEST_CASE("exchange: headers keep their order and their duplicates") {
  const Exchange done = run(std::string(k_simple));
  REQUIRE(done.response);
  CHECK(done.response->headers.count("X-A") == 2);
  CHECK(done.response->headers.find("X-A") == "1");
}

TEST_CASE("exchange: interim answers are passed over, but not for ever") {
  const std::string interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
  const Exchange done = run(interim + interim + std::string(k_simple));
  REQUIRE(done.response);
  CHECK(done.response->status == 200);
  std::string endless;
  for (int i = 0; i < 9; ++i) endless += interim;
  check_lost(run(endless + std::string(k_simple)), true);
}

TEST_CASE("exchange: the answer to a HEAD has no body whatever its length says") {
  const Exchange done = run("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", true);
  REQUIRE(done.response);
  CHECK(done.response->body.empty());
  CHECK(done.can_be_reused);
}

TEST_CASE("exchange: a connection is kept only when it stands right behind its answer") {
  CHECK(!run("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").can_be_reused);
  CHECK(!run("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").can_be_reused);
  CHECK(!run(std::string(k_simple) + "HTTP/1.1").can_be_reused);
  const Exchange until_end = run("HTTP/1.1 200 OK\r\n\r\nhello");
  REQUIRE(until_end.response);
  CHECK(until_end.response->body == "hello");
  CHECK(!until_end.can_be_reused);
}

TEST_CASE("exchange: an answer cut short at any byte is lost") {
  for (const std::string_view answer : {k_simple, k_chunked})
    for (std::size_t size = 0; size < answer.size(); ++size) {
      CAPTURE(size);
      check_lost(run(std::string(answer.substr(0, size))), size > 0);
    }
}

TEST_CASE("exchange: a reset is lost, before the answer and within it") {
  FakeStream before;
  before.fails_at_end = true;
  check_lost(run(before), false);
  FakeStream within("HTTP/1.1 200 OK\r\n\r\nhel");
  within.fails_at_end = true;
  check_lost(run(within), true);
  FakeStream writing;
  writing.fails_to_write = true;
  check_lost(run(writing), false);
}

TEST_CASE("exchange: what is no HTTP, or is too large, is lost and not read to its end") {
  check_lost(run("SSH-2.0-OpenSSH_9.2\r\n"), true);
  check_lost(run("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), true);
  check_lost(run("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n"), true);
  check_lost(run("HTTP/1.1 200 OK\r\nContent-Length: 33554433\r\n\r\n"), true);
  check_lost(run("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2000001\r\n"), true);
}

// Both clocks agree.
Instant at(int ms) { return {SteadyTime{Millis{ms}}, WallTime{Millis{ms}}}; }

TEST_CASE("pool: the connection used last comes back, and only to its own origin") {
  ConnectionPool pool(2, Millis{1000});
  const Origin here{"http", "a", "80"};
  auto first = std::make_unique<FakeStream>();
  auto second = std::make_unique<FakeStream>();
  const ByteStream* const last = second.get();
  pool.put(here, std::move(first), at(0));
  pool.put(here, std::move(second), at(1));
  CHECK(pool.take({"https", "a", "80"}, at(2)) == nullptr);
  CHECK(pool.take({"http", "a", "81"}, at(2)) == nullptr);
  CHECK(pool.take(here, at(2)).get() == last);
  CHECK(pool.take(here, at(2)) != nullptr);
  CHECK(pool.take(here, at(2)) == nullptr);
}

TEST_CASE("pool: old, noisy and surplus connections are not given out") {
  ConnectionPool pool(2, Millis{1000});
  const Origin here{"http", "a", "80"};
  pool.put(here, std::make_unique<FakeStream>(), at(0));
  CHECK(pool.take(here, at(1001)) == nullptr);

  auto noisy = std::make_unique<FakeStream>();
  noisy->is_noisy = true;
  pool.put(here, std::move(noisy), at(0));
  CHECK(pool.take(here, at(1)) == nullptr);

  for (int i = 0; i < 3; ++i) pool.put(here, std::make_unique<FakeStream>(), at(0));
  CHECK(pool.take(here, at(0)) != nullptr);
  CHECK(pool.take(here, at(0)) != nullptr);
  CHECK(pool.take(here, at(0)) == nullptr);
}

TEST_CASE("pool: a connection that slept with its process is old, whichever clock noticed") {
  const Origin here{"http", "a", "80"};
  const Instant later[] = {{SteadyTime{Millis{1}}, WallTime{Millis{3'600'000}}},
                           {SteadyTime{Millis{3'600'000}}, WallTime{Millis{-5}}}};
  for (const Instant& now : later) {
    ConnectionPool pool(2, Millis{1000});
    pool.put(here, std::make_unique<FakeStream>(), at(0));
    CHECK(pool.take(here, now) == nullptr);
  }
}

}  // namespace
}  // namespace mayfly
