#pragma once

// Idle connections, per origin. Private to os. Thread rule: callable from any thread.
//
// How long one has been idle is the longer of what the steady clock and the calendar say: a process
// that Lambda froze for an hour may find that its steady clock stood still, while the other side
// has long gone away.

#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "os/byte_stream.h"
#include "os/http_wire.h"

namespace mayfly::os {

struct Instant {
  SteadyTime steady{};
  WallTime wall{};
};

class ConnectionPool {
 public:
  ConnectionPool(std::size_t per_origin_max, Millis idle_max)
      : per_origin_max_(per_origin_max), idle_max_(idle_max) {}

  // The one used last, if it is young and silent; null when there is none.
  [[nodiscard]] std::unique_ptr<ByteStream> take(const Origin& origin, Instant now);
  // Drops whatever has become too old, of every origin.
  void put(const Origin& origin, std::unique_ptr<ByteStream> stream, Instant now);

 private:
  struct Idle {
    std::unique_ptr<ByteStream> stream;
    Instant since;
  };
  [[nodiscard]] bool is_old(const Idle& idle, Instant now) const;
  [[nodiscard]] std::unique_ptr<ByteStream> pop(const Origin& origin, Instant now);

  const std::size_t per_origin_max_;
  const Millis idle_max_;
  std::mutex mutex_;
  std::map<Origin, std::deque<Idle>> idle_;  // oldest first
};

}  // namespace mayfly::os
