#pragma once

// One request and its response on a connected stream. Private to os.

#include <string_view>

#include "os/byte_stream.h"
#include "seam/http_message.h"

namespace mayfly::os {

struct Exchange {
  // An error is Code::transport_lost: the first byte of the request may have been sent.
  Result<HttpResponse> response;
  bool can_be_reused = false;   // the stream stands right behind the response
  bool answer_started = false;  // at least one byte of a response came
};

// Headers at most 64 KiB, body at most 32 MiB; a longer answer is lost. Up to 8 interim (1xx)
// responses are passed over. Redirects come back as they are.
[[nodiscard]] Exchange exchange(ByteStream& stream, std::string_view request_bytes, bool is_head,
                                const Deadline& deadline);

}  // namespace mayfly::os
