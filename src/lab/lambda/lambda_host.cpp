#include "lab/lambda/lambda_host.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "base/text.h"

namespace mayfly::lab {
namespace {

constexpr Millis k_step{100};
constexpr const char* k_scheduled =
    R"({"version":"0","id":"00000000-0000-0000-0000-000000000000","detail-type":"Scheduled Event",)"
    R"("source":"aws.events","account":"123456789012","time":"2026-01-01T00:00:00Z",)"
    R"("region":"us-east-1","resources":["arn:aws:events:us-east-1:123456789012:rule/sweep"],)"
    R"("detail":{}})";

std::string event_for(const HttpRequest& request) {
  const std::size_t query = request.url.find('?');
  json::object headers;
  for (const Header& header : request.headers) headers[to_lower(header.name)] = header.value;
  json::object event{
      {"version", "2.0"},
      {"routeKey", "$default"},
      {"rawPath", request.url.substr(0, query)},
      {"rawQueryString", query == std::string::npos ? "" : request.url.substr(query + 1)},
      {"headers", std::move(headers)},
      {"requestContext",
       {{"stage", "$default"}, {"http", {{"method", request.method}, {"sourceIp", request.peer}}}}},
      {"isBase64Encoded", true}};
  if (!request.body.empty()) event["body"] = base64_encode(request.body);
  return json::serialize(event);
}

HttpResponse of_answer(const std::string& text) {
  const auto value = parse_json(text, upstream_json_limits());
  if (!value || !value->is_object()) return {502, {}, "Internal Server Error"};
  const json::object& answer = value->get_object();
  HttpResponse response;
  response.status = static_cast<int>(json_int(answer, "statusCode").value_or(200));
  response.body = json_string(answer, "body").value_or("");
  if (const json::object* headers = json_object(answer, "headers"))
    for (const auto& [name, header] : *headers)
      if (header.is_string())
        response.headers.add(std::string(name), std::string(header.get_string()));
  return response;
}

}  // namespace

HttpResponse LambdaHost::handle(const HttpRequest& request) {
  const auto answer = invoke(event_for(request));
  if (answer) return of_answer(*answer);
  if (answer.error().code == Code::overloaded)
    return {429, {}, R"({"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"})"};
  return {502, {}, "Internal Server Error"};
}

void LambdaHost::run_schedule(Millis every) {
  while (!is_stopping_) {
    const SteadyTime next = clock_.steady() + every;
    (void)invoke(k_scheduled);  // what failed is logged, and comes again
    while (!is_stopping_ && clock_.steady() < next) clock_.sleep_for(k_step);
  }
}

void LambdaHost::stop() {
  const std::scoped_lock lock(mutex_);
  is_stopping_ = true;
  for (Sandbox* sandbox : at_work_) sandbox->end();
}

Result<std::string> LambdaHost::invoke(const std::string& event) {
  TRY_ASSIGN(Warm warm, take());
  {
    const std::scoped_lock lock(mutex_);
    if (is_stopping_) warm.sandbox->end();
    at_work_.insert(warm.sandbox.get());
  }
  auto answer = warm.sandbox->invoke(event);
  if (!answer && !is_stopping_)
    log_.warning("function-error", {{"reason", answer.error().message}});
  {
    const std::scoped_lock lock(mutex_);
    counts_.invocations += 1;
    counts_.errors += answer || is_stopping_ ? 0 : 1;
  }
  warm.invocations += 1;
  give_back(std::move(warm));
  return answer;
}

Result<LambdaHost::Warm> LambdaHost::take() {
  {
    const std::scoped_lock lock(mutex_);
    if (!idle_.empty()) {
      Warm warm = std::move(idle_.back());
      idle_.pop_back();
      counts_.thaws += 1;
      return warm;
    }
    if (sandboxes_ >= options_.sandboxes_max)
      return fail(Code::overloaded, "all sandboxes are at work");
    sandboxes_ += 1;
    counts_.cold_starts += 1;
  }
  auto started = Sandbox::start(options_.sandbox, clock_, entropy_);
  if (started) return Warm{std::move(*started), 0};
  const std::scoped_lock lock(mutex_);
  sandboxes_ -= 1;
  counts_.errors += 1;
  return fail(started.error());
}

void LambdaHost::give_back(Warm warm) {
  const bool is_spent =
      warm.invocations >= options_.invocations_max || warm.sandbox->has_ended() || is_stopping_;
  const std::scoped_lock lock(mutex_);
  at_work_.erase(warm.sandbox.get());
  if (is_spent)
    sandboxes_ -= 1;
  else
    idle_.push_back(std::move(warm));
}

LambdaCounts LambdaHost::counts() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

}  // namespace mayfly::lab
