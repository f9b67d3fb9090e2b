#include "aws/ssm.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"

namespace mayfly::aws {

Result<Secret> SsmClient::get_parameter(const std::string& name, SteadyTime deadline) {
  const Action action{"ssm:GetParameter", Protocol::json, false};
  json::object question;
  question["Name"] = name;
  question["WithDecryption"] = true;
  HttpRequest request;
  request.method = "POST";
  request.url = sender_.endpoint().url + "/";
  request.headers.add("Content-Type", "application/x-amz-json-1.1");
  request.headers.add("X-Amz-Target", "AmazonSSM.GetParameter");
  request.body = json::serialize(question);

  TRY_ASSIGN(const std::string body, call(sender_, request, action, deadline));
  const auto document = parse_json(body);
  // Not with the parser's reason, which may quote the value.
  if (!document || !document->is_object()) return fail(bad_answer(action, "it is not JSON"));
  const json::object* parameter = json_object(document->get_object(), "Parameter");
  auto value = parameter != nullptr ? json_string(*parameter, "Value") : std::nullopt;
  if (!value) return fail(bad_answer(action, "it has no value"));
  return Secret(std::move(*value));
}

}  // namespace mayfly::aws
