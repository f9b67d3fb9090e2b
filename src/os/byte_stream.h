#pragma once

// A connected stream of bytes, plain or TLS, on a non-blocking socket. Errors carry
// Code::transport_not_sent; who has sent a request by then says transport_lost instead.
// Private to os; one thread at a time.

#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "os/deadline.h"
#include "os/file_descriptor.h"

namespace mayfly::os {

class ByteStream {
 public:
  ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  virtual ~ByteStream() = default;

  // 0 at the end of the stream; an end that TLS did not announce is an error.
  [[nodiscard]] virtual Result<std::size_t> read_some(std::span<char> out,
                                                      const Deadline& deadline) = 0;
  [[nodiscard]] virtual Status write_all(std::string_view bytes, const Deadline& deadline) = 0;
  // Nothing is expected on an idle connection: true when something came, be it its end.
  [[nodiscard]] virtual bool has_unexpected_input() = 0;
};

[[nodiscard]] std::unique_ptr<ByteStream> make_plain_stream(FileDescriptor socket);

}  // namespace mayfly::os
