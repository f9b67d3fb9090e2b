#pragma once

// Idle connections, per origin. Private to os. Thread rule: callable from any thread.

#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "os/byte_stream.h"
#include "os/http_wire.h"

namespace mayfly::os {

class ConnectionPool {
 public:
  ConnectionPool(std::size_t per_origin_max, Millis idle_max)
      : per_origin_max_(per_origin_max), idle_max_(idle_max) {}

  // The one used last, if it is young and silent; null when there is none.
  [[nodiscard]] std::unique_ptr<ByteStream> take(const Origin& origin, SteadyTime now);
  // Drops whatever has become too old, of every origin.
  void put(const Origin& origin, std::unique_ptr<ByteStream> stream, SteadyTime now);

 private:
  struct Idle {
    std::unique_ptr<ByteStream> stream;
    SteadyTime since;
  };
  [[nodiscard]] std::unique_ptr<ByteStream> pop(const Origin& origin, SteadyTime now);

  const std::size_t per_origin_max_;
  const Millis idle_max_;
  std::mutex mutex_;
  std::map<Origin, std::deque<Idle>> idle_;  // oldest first
};

}  // namespace mayfly::os
