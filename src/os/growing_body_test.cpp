#include "os/growing_body.h"

#include <doctest/doctest.h>

#include <array>

namespace mayfly {
namespace {

TEST_CASE("growing body: what is announced takes no memory before it arrives") {
  boost::beast::http::request<os::GrowingBody> message;
  os::GrowingBody::reader reader(message.base(), message.body());
  boost::system::error_code error;
  reader.init(std::uint64_t{1} << 40, error);
  CHECK_FALSE(error);
  CHECK(message.body().capacity() < 100);
  const std::array<boost::asio::const_buffer, 2> arrived = {boost::asio::buffer("abc", 3),
                                                            boost::asio::buffer("de", 2)};
  CHECK(reader.put(arrived, error) == 5);
  CHECK_FALSE(error);
  CHECK(message.body() == "abcde");
}

}  // namespace
}  // namespace mayfly
