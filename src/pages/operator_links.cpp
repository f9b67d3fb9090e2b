#include "pages/operator_links.h"

#include "http/problem.h"
#include "http/url.h"
#include "pages/accept.h"
#include "pages/assets.h"
#include "pages/operator_gate.h"
#include "pages/page.h"

namespace mayfly::pages {
namespace {

constexpr std::string_view k_place = "/operator/";
constexpr Millis k_token_for = Seconds{60};

HttpResponse refuse(const HttpRequest& request, const Error& error) {
  if (preferred_form(request) != Form::html) return problem_response(error);
  const auto target = parse_target(request.url);
  return problem_page(error, target ? target->path : "/");
}

HttpResponse answer_below(OperatorPages& pages, const HttpRequest& request, const Target& target,
                          const std::string& below) {
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response =
        problem_response(Error{Code::method_not_allowed, "allowed here: GET", std::nullopt});
    response.headers.set("Allow", "GET");
    return response;
  }
  auto answer = pages.answer(target, below);
  return answer ? std::move(*answer) : refuse(request, answer.error());
}

}  // namespace

HttpResponse answer_operator(OperatorPages& pages, const HttpRequest& request,
                             const Secret& token) {
  const auto target = parse_target(request.url);
  if (!target)
    return problem_response(
        Error{Code::bad_request_line, "the request's target cannot be understood", std::nullopt});
  if (auto asset = asset_response(target->path)) return std::move(*asset);
  if (const Status admitted = admit_operator(request, token); !admitted)
    return operator_refusal(admitted.error(), request, token);
  return answer_below(pages, request, *target, target->path.substr(1));
}

Status OperatorLinks::check(std::string_view pass) {
  TRY_ASSIGN(const auto token, token_.get(clock_.steady(), k_token_for, [&] {
    return Result<std::optional<Secret>>(token_of_());
  }));
  if (!*token)
    return fail(Code::operator_only, "links cannot be checked now; mayfly's log says why");
  return check_pass(pass, **token, config_.deployment, clock_.wall());
}

HttpResponse OperatorLinks::handle(const HttpRequest& request) {
  const auto target = parse_target(request.url);
  if (!target || !target->path.starts_with(k_place)) return others_.handle(request);
  const std::string rest = target->path.substr(k_place.size());
  const std::size_t end = rest.find('/');
  const Status passed = check(rest.substr(0, end));
  if (!passed) return refuse(request, passed.error());
  // Relative places need the slash.
  if (end == std::string::npos)
    return refuse(request, Error{Code::no_such_path, "a link ends with a slash", std::nullopt});
  return answer_below(pages_, request, *target, rest.substr(end + 1));
}

std::string operator_path(const Secret& token, const std::string& deployment, WallTime expires) {
  return std::string(k_place) + signed_pass(token, deployment, expires) + "/";
}

}  // namespace mayfly::pages
