#pragma once

// HTTP requests and responses as plain values, the same for both directions: a client sends what a
// service receives, so a service can be called in process with no socket between (HttpService).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mayfly {

struct Header {
  std::string name;
  std::string value;
};

// Ordered; names compare without case. Duplicates are kept as they came.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> headers) : list_(headers) {}

  void add(std::string name, std::string value);
  void set(std::string_view name, std::string value);  // replaces every one of that name
  // The first of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;

  [[nodiscard]] auto begin() const { return list_.begin(); }
  [[nodiscard]] auto end() const { return list_.end(); }
  [[nodiscard]] std::size_t size() const { return list_.size(); }

 private:
  std::vector<Header> list_;
};

struct HttpRequest {
  std::string method = "GET";
  // Outbound: absolute, "https://host:port/path?query". Inbound: the target, "/path?query".
  std::string url;
  Headers headers;
  std::string body;
  // Inbound only: the address the bytes came from, without port.
  std::string peer = {};
};

struct HttpResponse {
  int status = 200;
  Headers headers;
  std::string body;

  [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
};

// Answers requests. Must not throw. Thread rule: called from many threads at once.
class HttpService {
 public:
  HttpService() = default;
  HttpService(const HttpService&) = delete;
  HttpService& operator=(const HttpService&) = delete;
  virtual ~HttpService() = default;

  [[nodiscard]] virtual HttpResponse handle(const HttpRequest& request) = 0;
};

}  // namespace mayfly
