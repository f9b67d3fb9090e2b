#include "aws/client.h"

#include "aws/xml.h"
#include "base/json.h"
#include "base/text.h"
#include "http/url.h"

namespace mayfly::aws {
namespace {

std::string to_upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

Error transport_error(Error error) {
  error.code = error.code == Code::transport_lost ? Code::aws_lost : Code::aws_unavailable;
  return error;
}

// "com.amazonaws.ssm#ParameterNotFound:http://…" has the code in its middle.
std::string short_type(std::string_view type) {
  type = type.substr(0, type.find(':'));
  const std::size_t hash = type.find('#');
  return std::string(hash == std::string_view::npos ? type : type.substr(hash + 1));
}

void read_json_failure(const std::string& body, AwsFailure& failure) {
  const auto document = parse_json(body);
  if (!document || !document->is_object()) return;
  const json::object& object = document->get_object();
  failure.code = short_type(json_string(object, "__type").value_or(""));
  auto message = json_string(object, "message");
  if (!message) message = json_string(object, "Message");
  failure.message = message.value_or("");
}

// EC2 answers Response/Errors/Error, STS ErrorResponse/Error.
void read_query_failure(const std::string& body, AwsFailure& failure) {
  pugi::xml_node error;
  const auto ec2 = parse_xml(body, "Response");
  const auto sts = parse_xml(body, "ErrorResponse");
  if (ec2) error = ec2->root().child("Errors").child("Error");
  if (sts) error = sts->root().child("Error");
  failure.code = child_text(error, "Code");
  failure.message = child_text(error, "Message");
}

}  // namespace

Endpoint endpoint_for(Environment& environment, const std::string& service,
                      const std::string& region) {
  const std::string suffix = region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
  auto override_url = environment.variable("AWS_ENDPOINT_URL_" + to_upper(service));
  if (!override_url) override_url = environment.variable("AWS_ENDPOINT_URL");
  std::string url = override_url.value_or("https://" + service + "." + region + suffix);
  while (url.ends_with('/')) url.pop_back();
  return {std::move(url), region, service};
}

SignedSender::SignedSender(HttpTransport& transport, CredentialsChain& credentials, Clock& clock,
                           Endpoint endpoint)
    : transport_(transport),
      credentials_(credentials),
      clock_(clock),
      endpoint_(std::move(endpoint)) {}

Result<HttpResponse> SignedSender::send(HttpRequest request, SteadyTime deadline) {
  if (!parse_url(request.url))
    return fail(Code::aws_config, "the endpoint " + printable(request.url) + " is no http(s) URL");
  TRY_ASSIGN(const Credentials credentials, credentials_.get(deadline));
  sign(request, credentials, {endpoint_.region, endpoint_.service}, clock_.wall(), keys_);
  auto response = transport_.send(request, deadline);
  if (!response) return fail(transport_error(response.error()));
  return response;
}

AwsFailure read_failure(const HttpResponse& response, const Action& action) {
  AwsFailure failure;
  failure.status = response.status;
  failure.mutating = action.mutating;
  if (action.protocol == Protocol::json)
    read_json_failure(response.body, failure);
  else
    read_query_failure(response.body, failure);
  return failure;
}

Error bad_answer(const Action& action, const std::string& why) {
  return {action.mutating ? Code::aws_lost : Code::aws_bad_answer,
          action.name + ": the answer of AWS cannot be understood: " + why};
}

Result<Answer> exchange(SignedSender& sender, const HttpRequest& request, const Action& action,
                        SteadyTime deadline) {
  for (bool is_first = true;; is_first = false) {
    auto response = sender.send(request, deadline);
    if (!response) {
      if (!action.mutating && response.error().code == Code::aws_lost)
        response.error().code = Code::aws_unavailable;
      return fail_while(action.name, response.error());
    }
    if (response->ok()) return Answer{std::move(response->body), std::nullopt};
    AwsFailure failure = read_failure(*response, action);
    if (!is_first || interpret(failure, action.name).code != Code::aws_credentials)
      return Answer{std::move(response->body), std::move(failure)};
    sender.refuse_credentials();
  }
}

Result<std::string> call(SignedSender& sender, const HttpRequest& request, const Action& action,
                         SteadyTime deadline) {
  TRY_ASSIGN(Answer answer, exchange(sender, request, action, deadline));
  if (answer.failure) {
    Error error = interpret(*answer.failure, action.name);
    if (!action.absence.empty() && answer.failure->code == action.absence)
      error.code = Code::aws_not_found;
    return fail(std::move(error));
  }
  return std::move(answer.body);
}

}  // namespace mayfly::aws
