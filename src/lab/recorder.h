#pragma once

// Writes every exchange with the emulated GitHub as one JSON object a line, for a check against
// GitHub's published description of its API. Thread rule: safe from many threads.

#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "seam/http_message.h"

namespace mayfly::lab {

class Recorder {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Recorder>> open(const std::string& path);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // The Authorization header is left out.
  void note(const HttpRequest& request, const HttpResponse& response);

 private:
  explicit Recorder(std::FILE* file) : file_(file) {}
  std::mutex mutex_;
  std::FILE* file_;
};

}  // namespace mayfly::lab
