#pragma once

// A value that must not reach a log, an answer, a tag or the ledger. It cannot be streamed,
// formatted or compared with ==; reveal() is the one way out, so that every use can be found by its
// name.

#include <string>
#include <utility>

namespace mayfly {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  [[nodiscard]] const std::string& reveal() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace mayfly
