#pragma once

// One listener for several services, by the first part of the path. Services may be connected after
// the listener has started, because some must know its port first; until then the answer is 503.
// Thread rule: safe from many threads.

#include <map>
#include <mutex>
#include <string>

#include "seam/http_message.h"

namespace mayfly::lab {

class Switchboard final : public HttpService {
 public:
  // The service gets every target that starts with the prefix; the longest prefix wins.
  void connect(const std::string& prefix, HttpService& service);
  [[nodiscard]] HttpResponse handle(const HttpRequest& request) override;

 private:
  std::mutex mutex_;
  std::map<std::string, HttpService*> services_;
};

// Serves one file, whatever the path.
class FileService final : public HttpService {
 public:
  FileService(std::string bytes, std::string content_type)
      : bytes_(std::move(bytes)), content_type_(std::move(content_type)) {}
  [[nodiscard]] HttpResponse handle(const HttpRequest& request) override;

 private:
  const std::string bytes_;
  const std::string content_type_;
};

}  // namespace mayfly::lab
