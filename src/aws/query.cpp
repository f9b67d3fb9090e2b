#include "aws/query.h"

#include "base/text.h"

namespace mayfly::aws {

QueryForm::QueryForm(std::string_view action, std::string_view version) {
  body_.append("Action=").append(action).append("&Version=").append(version);
}

QueryForm& QueryForm::add(std::string_view name, std::string_view value) {
  body_.append("&").append(percent_encode(name)).append("=").append(percent_encode(value));
  return *this;
}

QueryForm& QueryForm::add_int(std::string_view name, long long value) {
  return add(name, std::to_string(value));
}

QueryForm& QueryForm::add_bool(std::string_view name, bool value) {
  return add(name, value ? "true" : "false");
}

QueryForm& QueryForm::add_list(const std::string& name, const std::vector<std::string>& values) {
  std::size_t n = 0;
  for (const std::string& value : values) add(name + "." + std::to_string(++n), value);
  return *this;
}

HttpRequest form_request(const Endpoint& endpoint, std::string body) {
  HttpRequest request;
  request.method = "POST";
  request.url = endpoint.url + "/";
  request.headers.add("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  request.body = std::move(body);
  return request;
}

}  // namespace mayfly::aws
