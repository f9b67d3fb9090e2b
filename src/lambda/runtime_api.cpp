#include "lambda/runtime_api.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "base/text.h"

namespace mayfly::lambda {
namespace {

constexpr Millis k_no_timeout = std::chrono::hours{24 * 365};
constexpr Millis k_post_patience = Seconds{10};
constexpr std::size_t k_id_max = 64;

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= k_id_max &&
         id.find_first_not_of("0123456789abcdefABCDEF-") == std::string_view::npos;
}

tl::unexpected<Error> trouble(std::string message) {
  return fail(Code::lambda_runtime, std::move(message));
}

std::string error_text(const Error& error) {
  return json::serialize(json::object{{"errorMessage", error.message},
                                      {"errorType", std::string(info(error.code).name)},
                                      {"stackTrace", json::array{}}});
}

}  // namespace

Result<Invocation> RuntimeApi::next() {
  HttpRequest request;
  request.url = base_ + "/invocation/next";
  auto answer = transport_.send(request, clock_.steady() + k_no_timeout);
  if (!answer) return trouble(answer.error().message);
  if (!answer->ok()) return trouble("next: status " + std::to_string(answer->status));
  const auto id = answer->headers.find("Lambda-Runtime-Aws-Request-Id");
  const auto deadline = answer->headers.find("Lambda-Runtime-Deadline-Ms");
  if (!id || !is_id(*id)) return trouble("next: an invocation without a proper id");
  const auto millis = deadline ? parse_int(*deadline) : std::nullopt;
  if (!millis) return trouble("next: an invocation without a deadline");
  const Millis left{*millis - epoch_millis(clock_.wall())};
  return Invocation{std::string(*id), std::move(answer->body),
                    clock_.steady() + std::clamp(left, Millis{0}, k_no_timeout)};
}

Status RuntimeApi::respond(const Invocation& invocation, const std::string& body) {
  return post("/invocation/" + invocation.id + "/response", body, "");
}

Status RuntimeApi::report(const Invocation& invocation, const Error& error) {
  return post("/invocation/" + invocation.id + "/error", error_text(error),
              "Mayfly." + std::string(info(error.code).name));
}

Status RuntimeApi::report_failed_start(const Error& error) {
  return post("/init/error", error_text(error), "Mayfly." + std::string(info(error.code).name));
}

// A lost answer is not repeated: the other side may have it, and then refuses the second.
Status RuntimeApi::post(const std::string& path, const std::string& body,
                        const std::string& error_type) {
  HttpRequest request;
  request.method = "POST";
  request.url = base_ + path;
  request.headers.set("Content-Type", "application/json");
  if (!error_type.empty()) request.headers.set("Lambda-Runtime-Function-Error-Type", error_type);
  request.body = body;
  const auto answer = transport_.send(request, clock_.steady() + k_post_patience);
  if (!answer) return trouble(answer.error().message);
  if (!answer->ok()) return trouble(path + ": status " + std::to_string(answer->status));
  return {};
}

}  // namespace mayfly::lambda
