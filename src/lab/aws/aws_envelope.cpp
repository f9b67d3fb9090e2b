#include "lab/aws/aws_envelope.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "lab/aws/xml_writer.h"

namespace mayfly::lab {
namespace {

constexpr std::string_view k_declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
constexpr std::string_view k_json_1_0 = "application/x-amz-json-1.0";
constexpr std::string_view k_ec2_namespace = "http://ec2.amazonaws.com/doc/2016-11-15/";
constexpr std::string_view k_sts_namespace = "https://sts.amazonaws.com/doc/2011-06-15/";

HttpResponse response(int status, std::string_view content_type, std::string body,
                      const std::string& request_id) {
  HttpResponse out{status, {}, std::move(body)};
  out.headers.add("Content-Type", std::string(content_type));
  out.headers.add("x-amzn-RequestId", request_id);
  return out;
}

HttpResponse xml_response(int status, const std::string& body, const std::string& request_id) {
  return response(status, "text/xml;charset=UTF-8", std::string(k_declaration) + body, request_id);
}

std::string wrap(const std::string& root, std::string_view xml_namespace,
                 const std::string& content) {
  return "<" + root + " xmlns=\"" + std::string(xml_namespace) + "\">" + content + "</" + root +
         ">";
}

HttpResponse ec2_fault(const AwsFault& fault, const std::string& request_id) {
  XmlWriter xml;
  xml.open("Response").open("Errors").open("Error").text("Code", fault.code);
  xml.text("Message", fault.message).close().close().text("RequestID", request_id).close();
  return xml_response(fault.status, xml.take(), request_id);
}

HttpResponse sts_fault(const AwsFault& fault, const std::string& request_id) {
  XmlWriter xml;
  xml.open("Error").text("Type", fault.status < 500 ? "Sender" : "Receiver");
  xml.text("Code", fault.code).text("Message", fault.message).close();
  xml.text("RequestId", request_id);
  return xml_response(fault.status, wrap("ErrorResponse", k_sts_namespace, xml.take()), request_id);
}

HttpResponse ssm_fault(const AwsFault& fault, const std::string& request_id) {
  json::object body;
  body["__type"] = fault.code;
  // JSON services write it both ways; clients must read both.
  body[fault.code == "AccessDeniedException" ? "Message" : "message"] = fault.message;
  return response(fault.status, "application/x-amz-json-1.1", json::serialize(body), request_id);
}

HttpResponse dynamodb_fault(const AwsFault& fault, const std::string& request_id) {
  // What all JSON services have in common has a prefix of its own.
  const bool is_common =
      fault.code == "ValidationException" || fault.code == "UnknownOperationException" ||
      fault.code.starts_with("Unrecognized") || fault.code.starts_with("InvalidSignature") ||
      fault.code.starts_with("AccessDenied") || fault.code.starts_with("Throttling");
  json::object body;
  body["__type"] =
      (is_common ? "com.amazon.coral.validate#" : "com.amazonaws.dynamodb.v20120810#") + fault.code;
  const bool is_cancelled = !fault.reasons.empty();
  body[is_cancelled ? "Message" : "message"] = fault.message;
  if (is_cancelled) body["CancellationReasons"] = *parse_json(fault.reasons);
  return response(fault.status, k_json_1_0, json::serialize(body), request_id);
}

}  // namespace

HttpResponse good_answer(AwsService service, const std::string& action, const std::string& content,
                         const std::string& request_id) {
  if (service == AwsService::ssm)
    return response(200, "application/x-amz-json-1.1", content, request_id);
  if (service == AwsService::dynamodb) return response(200, k_json_1_0, content, request_id);
  XmlWriter id;
  if (service == AwsService::ec2) {
    id.text("requestId", request_id);
    return xml_response(200, wrap(action + "Response", k_ec2_namespace, id.take() + content),
                        request_id);
  }
  id.open("ResponseMetadata").text("RequestId", request_id).close();
  return xml_response(200, wrap(action + "Response", k_sts_namespace, content + id.take()),
                      request_id);
}

HttpResponse bad_answer(AwsService service, const AwsFault& fault, const std::string& request_id) {
  switch (service) {
    case AwsService::ec2:
      return ec2_fault(fault, request_id);
    case AwsService::sts:
      return sts_fault(fault, request_id);
    case AwsService::ssm:
      return ssm_fault(fault, request_id);
    case AwsService::dynamodb:
      return dynamodb_fault(fault, request_id);
  }
  return {500, {}, {}};
}

}  // namespace mayfly::lab
