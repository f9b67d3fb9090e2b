#pragma once

// Form bodies of AWS's query protocol (facts.md B1): "Action=…&Version=…&Name.1=value", every value
// percent-encoded, parameters in the order of add(), so that equal requests are equal bytes.

#include <string>
#include <string_view>
#include <vector>

#include "aws/client.h"

namespace mayfly::aws {

class QueryForm {
 public:
  QueryForm(std::string_view action, std::string_view version);

  QueryForm& add(std::string_view name, std::string_view value);
  QueryForm& add_int(std::string_view name, long long value);
  QueryForm& add_bool(std::string_view name, bool value);
  // "name.1", "name.2", …
  QueryForm& add_list(const std::string& name, const std::vector<std::string>& values);

  [[nodiscard]] const std::string& body() const { return body_; }

 private:
  std::string body_;
};

// POST of a form to the endpoint's root.
[[nodiscard]] HttpRequest form_request(const Endpoint& endpoint, std::string body);

}  // namespace mayfly::aws
