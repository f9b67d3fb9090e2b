#include "os/server_stream.h"

#include <doctest/doctest.h>
#include <sys/socket.h>

#include "os/loopback_test.h"

namespace mayfly::os {
namespace {

namespace asio = boost::asio;

// A stream and its other end.
struct Pair {
  Pair() : client(FileDescriptor()) {
    int ends[2] = {};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    client = RawConnection(FileDescriptor(ends[0]));
    socket.assign(asio::ip::tcp::v4(), ends[1]);
    stream.emplace(std::move(socket));
  }
  // What a read of the stream says, with its error's message in place of the bytes.
  std::string read() {
    std::string said = "nothing";
    stream->async_read_some(asio::buffer(bytes),
                            [&](boost::system::error_code error, std::size_t size) {
                              said = error ? error.message() : std::string(bytes, size);
                            });
    CHECK(said == "nothing");  // not from within the call
    io.restart();
    io.run_for(std::chrono::milliseconds{20});
    return said;
  }

  asio::io_context io;
  asio::ip::tcp::socket socket{io};
  RawConnection client;
  std::optional<ServerStream> stream;
  char bytes[16] = {};
};

TEST_CASE("stream: what is there is read, and then the end") {
  Pair pair;
  pair.client.send("ab");
  CHECK(pair.read() == "ab");
  pair.client.close();
  CHECK(pair.read() == boost::system::error_code(asio::error::eof).message());
}

TEST_CASE("stream: after cancel every read fails, even of what is there, until resume") {
  Pair pair;
  pair.client.send("ab");
  pair.stream->cancel();
  const std::string cancelled = boost::system::error_code(asio::error::operation_aborted).message();
  CHECK(pair.read() == cancelled);
  CHECK(pair.read() == cancelled);
  pair.stream->resume();
  CHECK(pair.read() == "ab");
}

}  // namespace
}  // namespace mayfly::os
