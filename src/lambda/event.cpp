#include "lambda/event.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/ip_address.h"
#include "base/json.h"
#include "base/text.h"

namespace mayfly::lambda {
namespace {

constexpr JsonLimits k_limits = {6 * 1024 * 1024, 16};

tl::unexpected<Error> unknown(std::string message) {
  return fail(Code::lambda_event_unknown, std::move(message));
}

Result<std::string> need_text(const json::object& object, std::string_view key) {
  auto text = json_string(object, key);
  if (!text) return unknown("a request without the text \"" + std::string(key) + "\"");
  return std::move(*text);
}

Result<std::string> body_of(const json::object& event) {
  const std::string body = json_string(event, "body").value_or("");
  if (!json_bool(event, "isBase64Encoded").value_or(false)) return body;
  auto bytes = base64_decode(body);
  if (!bytes) return unknown("a request whose body is not the base64 that it says it is");
  return std::move(*bytes);
}

// An HTTP API puts the name of its stage before each path, unless it is $default.
std::string without_stage(std::string path, const json::object& context) {
  const std::string stage = json_string(context, "stage").value_or("$default");
  const std::string prefix = "/" + stage;
  if (stage == "$default" || !path.starts_with(prefix)) return path;
  if (path.size() == prefix.size()) return "/";
  return path[prefix.size()] == '/' ? path.substr(prefix.size()) : path;
}

Result<Event> parse_request(const json::object& event) {
  const json::object* context = json_object(event, "requestContext");
  const json::object* http = context == nullptr ? nullptr : json_object(*context, "http");
  if (http == nullptr) return unknown("a request without its requestContext.http");
  HttpRequest request;
  TRY_ASSIGN(request.method, need_text(*http, "method"));
  TRY_ASSIGN(request.peer, need_text(*http, "sourceIp"));
  if (!parse_ip(request.peer)) return unknown("a request from no address");
  TRY_ASSIGN(const std::string path, need_text(event, "rawPath"));
  request.url = without_stage(path, *context);
  const std::string query = json_string(event, "rawQueryString").value_or("");
  if (!query.empty()) request.url += "?" + query;
  if (const json::object* headers = json_object(event, "headers"))
    for (const auto& [name, value] : *headers)
      if (value.is_string())
        request.headers.add(std::string(name), std::string(value.get_string()));
  TRY_ASSIGN(request.body, body_of(event));
  return Event(std::move(request));
}

Result<Event> parse_from_bridge(const json::object& event, const std::string& source) {
  const std::string type = json_string(event, "detail-type").value_or("");
  if (source == "aws.events" && type == "Scheduled Event") return Event(ScheduledEvent{});
  if (source != "aws.ec2" || type != "EC2 Spot Instance Interruption Warning")
    return unknown("EventBridge's \"" + printable(type, 60) + "\" of " + printable(source, 60));
  const json::object* detail = json_object(event, "detail");
  const auto id = detail == nullptr ? std::nullopt : json_string(*detail, "instance-id");
  const auto instance = id ? parse_instance_id(*id) : std::nullopt;
  if (!instance) return unknown("an interruption of no instance");
  return Event(InterruptionEvent{*instance});
}

}  // namespace

Result<Event> parse_event(std::string_view text) {
  auto value = parse_json(text, k_limits);
  if (!value) return unknown(value.error().message);
  if (!value->is_object()) return unknown("an event that is no JSON object");
  const json::object& event = value->get_object();
  if (const auto source = json_string(event, "source")) return parse_from_bridge(event, *source);
  const std::string version = json_string(event, "version").value_or("");
  if (version == "2.0") return parse_request(event);
  return unknown(version.empty() ? "it names neither a source nor a version"
                                 : "payload format \"" + printable(version, 20) + "\"");
}

std::string answer_text(const HttpResponse& response) {
  json::object headers;
  for (const Header& header : response.headers) headers[header.name] = header.value;
  return json::serialize(json::object{{"statusCode", response.status},
                                      {"headers", std::move(headers)},
                                      {"body", response.body},
                                      {"isBase64Encoded", false}});
}

}  // namespace mayfly::lambda
