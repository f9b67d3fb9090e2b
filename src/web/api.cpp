#include "web/api.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/digest.h"
#include "base/text.h"
#include "base/time.h"
#include "http/problem.h"
#include "pages/accept.h"
#include "pages/assets.h"
#include "pages/page.h"
#include "web/lease_json.h"
#include "web/openapi.h"
#include "web/requests.h"

namespace mayfly {
namespace {

// Counts a request that waits, for as long as it does.
class Waiter {
 public:
  explicit Waiter(std::atomic<int>& count) : count_(count), number_(++count) {}
  ~Waiter() { --count_; }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  std::atomic<int>& count_;
  int number_;
};

HttpResponse plain(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain; charset=utf-8");
  response.headers.add("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

HttpResponse method_not_allowed(const std::string& allow) {
  HttpResponse response =
      problem_response(Error{Code::method_not_allowed, "allowed here: " + allow, std::nullopt});
  response.headers.set("Allow", allow);
  return response;
}

bool any_new(const std::vector<AskedLease>& asked) {
  for (const AskedLease& one : asked)
    if (one.is_new) return true;
  return false;
}

// For whoever looks with a browser, as a page.
HttpResponse refusal_of(const HttpRequest& request, const Error& error) {
  if (request.method != "GET" || pages::preferred_form(request) != pages::Form::html)
    return problem_response(error);
  const auto target = parse_target(request.url);
  return pages::problem_page(error, target ? target->path : "/");
}

// With a tag, so that a script that asks again and again is told when nothing has changed.
HttpResponse tagged(const HttpRequest& request, HttpResponse response) {
  const std::string tag = "\"" + sha256_hex(response.body).substr(0, 16) + "\"";
  response.headers.set("ETag", tag);
  response.headers.set("Vary", "Accept");
  const auto known = request.headers.find("If-None-Match");
  if (!known || known->find(tag) == std::string_view::npos) return response;
  response.status = 304;
  response.body.clear();
  return response;
}

HttpResponse leases_response(int status, const std::vector<AskedLease>& asked,
                             const std::string& public_url) {
  json::array leases;
  for (const AskedLease& one : asked) leases.push_back(lease_json(one.lease, public_url));
  json::object body;
  body["leases"] = std::move(leases);
  return json_response(status, json::serialize(body) + "\n");
}

}  // namespace

HttpResponse Api::handle(const HttpRequest& request) {
  const SteadyTime started = seams_.clock.steady();
  auto answer = route(request);
  HttpResponse response = answer ? *answer : refusal_of(request, answer.error());
  response.headers.set("X-Request-Id", seams_.entropy.hex(8));
  // A machine that boots holds its clock against this.
  response.headers.set("Date", http_date(seams_.clock.wall()));
  log_answer(request, answer, response, seams_.clock.steady() - started);
  return response;
}

void Api::log_answer(const HttpRequest& request, const Answer& answer, const HttpResponse& response,
                     Millis took) {
  // 503 is an answer like any other: come again. The rest of 5xx wants somebody's attention.
  const bool is_trouble = response.status >= 500 && response.status != 503;
  const LogLevel level = is_trouble ? LogLevel::error : LogLevel::info;
  const bool is_common = !is_trouble && (response.status >= 400 || request.method == "GET" ||
                                         request.url == k_webhook_path);
  Log& log = is_common ? static_cast<Log&>(common_lines_) : seams_.log;
  log.write(level, "request",
            {{"request", std::string(response.headers.find("X-Request-Id").value_or(""))},
             {"peer", request.peer},
             {"method", printable(request.method, 16)},
             {"target", printable(request.url, 120)},
             {"status", std::to_string(response.status)},
             {"code", answer ? "" : std::string(info(answer.error().code).name)},
             {"reason", answer ? "" : answer.error().message},
             {"millis", std::to_string(took.count())}});
}

Status Api::admit(const HttpRequest& request) {
  return ask_limits_.admit(request.peer, seams_.clock.steady());
}

Api::Answer Api::route(const HttpRequest& request) {
  const auto target = parse_target(request.url);
  if (!target) return fail(Code::bad_request_line, "the request's target cannot be understood");
  const std::string& path = target->path;
  const std::string& method = request.method;
  const bool takes_query = path == "/v1/leases";
  if (!takes_query && !target->query.empty())
    return fail(Code::bad_field, "this path takes no query parameters");

  if (path == "/") return method == "POST" ? seed(request) : method_not_allowed("POST");
  if (path == "/v1/leases")
    return method == "POST" ? create_leases(request, *target) : method_not_allowed("POST");
  if (path == "/openapi.json")
    return method == "GET" ? json_response(200, std::string(openapi_description()))
                           : method_not_allowed("GET");
  if (path == "/v1/claims") return method == "POST" ? claim(request) : method_not_allowed("POST");

  if (path == k_webhook_path)
    return method == "POST" ? delivery(request) : method_not_allowed("POST");

  const std::string prefix = "/v1/leases/";
  if (path.starts_with(prefix)) return lease_route(request, path.substr(prefix.size()));
  if (auto asset = pages::asset_response(path))
    return method == "GET" ? std::move(*asset) : method_not_allowed("GET");
  return fail(Code::no_such_path, "nothing is served at " + printable(path, 80));
}

Api::Answer Api::lease_route(const HttpRequest& request, std::string id) {
  const std::string& method = request.method;
  const auto leaves = [&id](const std::string& rest) {
    if (!id.ends_with(rest)) return false;
    id.resize(id.size() - rest.size());
    return true;
  };
  if (leaves("/events"))
    return method == "POST" ? machine_event(request, id) : method_not_allowed("POST");
  if (leaves("/badge.svg")) return method == "GET" ? show_badge(id) : method_not_allowed("GET");
  if (method == "GET") return show_lease(request, id);
  if (method == "DELETE") return release_lease(request, id);
  return method_not_allowed("GET, DELETE");
}

Api::Answer Api::seed(const HttpRequest& request) {
  TRY_ASSIGN(const auto parsed, parse_seed(request, config_));
  TRY(admit(request));
  if (const auto* ask = std::get_if<SeedAsk>(&parsed)) {
    TRY_ASSIGN(const auto asked, asking_.create(*ask));
    return leases_response(200, asked, config_.public_url);
  }
  TRY_ASSIGN(const auto released, asking_.release_labels(std::get<SeedRelease>(parsed).labels));
  std::vector<AskedLease> shown;
  for (const Lease& lease : released) shown.push_back({lease, false});
  return leases_response(200, shown, config_.public_url);
}

Api::Answer Api::create_leases(const HttpRequest& request, const Target& target) {
  TRY_ASSIGN(const auto patience, parse_wait(target));
  TRY_ASSIGN(const RunnersAsk ask, parse_runners_ask(request, config_));
  TRY(admit(request));
  TRY_ASSIGN(auto asked, asking_.create(ask));
  const int status = any_new(asked) ? 201 : 200;
  if (patience) {
    TRY_ASSIGN(asked, wait_for(std::move(asked), *patience));
  }
  return leases_response(status, asked, config_.public_url);
}

// A quarter of the workers may wait; the others go on answering. Who comes too many is told to
// poll.
Result<std::vector<AskedLease>> Api::wait_for(std::vector<AskedLease> asked, Millis patience) {
  const Waiter waiter(waiting_);
  if (waiter.number() > std::max(1, config_.listen.workers / 4)) {
    Error error{Code::overloaded, "too many requests wait; poll status_url instead", Seconds{5}};
    return fail(std::move(error));
  }
  const SteadyTime deadline = seams_.clock.steady() + patience;
  for (AskedLease& one : asked) {
    TRY_ASSIGN(one.lease, asking_.wait_online(one.lease.id, deadline));
    const LeaseState state = one.lease.state;
    if (state == LeaseState::ending || state == LeaseState::gone)
      return fail(code_of_ended(one.lease), "lease " + one.lease.id.text + " ended (" +
                                                std::string(to_string(one.lease.outcome)) + ") " +
                                                one.lease.reason);
    if (state != LeaseState::online && state != LeaseState::busy)
      return fail(Code::wait_timeout, "lease " + one.lease.id.text + " is " +
                                          std::string(to_string(state)) + "; see " +
                                          config_.public_url + "/v1/leases/" + one.lease.id.text);
  }
  return asked;
}

Api::Answer Api::show_lease(const HttpRequest& request, const std::string& id) {
  const auto lease_id = parse_lease_id(id);
  if (!lease_id) return fail(Code::lease_not_found, "this is not a lease id");
  switch (pages::preferred_form(request)) {
    case pages::Form::html:
      return lease_pages_.page(request, "/v1/leases/" + lease_id->text, *lease_id);
    case pages::Form::text:
      return lease_pages_.summary(*lease_id);
    case pages::Form::json:
      break;
  }
  TRY_ASSIGN(const auto lease, seams_.ledger.find(*lease_id));
  if (!lease) return fail(Code::lease_not_found, "there is no lease " + lease_id->text);
  TRY_ASSIGN(auto events, seams_.ledger.events(*lease_id));
  std::erase_if(events, is_refusal);
  json::object body = lease_json(*lease, config_.public_url);
  body["timeline"] = timeline_json(events);
  return tagged(request, json_response(200, json::serialize(body) + "\n"));
}

Api::Answer Api::show_badge(const std::string& id) {
  const auto lease_id = parse_lease_id(id);
  if (!lease_id) return fail(Code::lease_not_found, "this is not a lease id");
  return lease_pages_.badge(*lease_id);
}

Api::Answer Api::release_lease(const HttpRequest& request, const std::string& id) {
  const auto lease_id = parse_lease_id(id);
  if (!lease_id) return fail(Code::lease_not_found, "this is not a lease id");
  TRY(admit(request));
  TRY_ASSIGN(const Lease lease, asking_.release(*lease_id));
  return json_response(202, json::serialize(lease_json(lease, config_.public_url)) + "\n");
}

Api::Answer Api::claim(const HttpRequest& request) {
  TRY_ASSIGN(const Claim asked, parse_claim(request));
  TRY_ASSIGN(const ClaimAnswer answer, claims_.claim(asked));
  return plain(200, "lease " + answer.lease_id.text + "\nrepository " + answer.repository.text +
                        "\nrun_id " + std::to_string(answer.run_id) + "\nsudo " +
                        (answer.sudo ? "yes" : "no") + "\nshared " +
                        (answer.is_shared ? "yes" : "no") + "\nidle_seconds " +
                        std::to_string(answer.idle_limit.count()) + "\njit_config " +
                        answer.jit_config.reveal() + "\n");
}

// Not counted among the asks: an event makes GitHub be asked only through the lookout's budget.
Api::Answer Api::delivery(const HttpRequest& request) {
  if (webhooks_ == nullptr || !webhooks_->are_on())
    return fail(Code::webhooks_off, "github.webhook_secret is not set");
  TRY_ASSIGN(const Delivery what, parse_delivery(request));
  TRY_ASSIGN(const Heard heard, webhooks_->hear(what.event, what.signature, request.body));
  switch (heard) {
    case Heard::ping:
      return plain(200, "pong\n");
    case Heard::noted:
      return plain(202, "");
    case Heard::ignored:
      return plain(204, "");
  }
  return plain(204, "");
}

Api::Answer Api::machine_event(const HttpRequest& request, const std::string& id) {
  const auto lease_id = parse_lease_id(id);
  if (!lease_id) return fail(Code::lease_not_found, "this is not a lease id");
  TRY_ASSIGN(const MachineEvent event, parse_machine_event(request, *lease_id));
  if (event.name == k_job_found) {
    TRY_ASSIGN(const JobVerdict verdict, claims_.admit_job(event));
    return plain(200, verdict.is_admitted ? "admit yes\n" : "admit no " + verdict.why + "\n");
  }
  TRY_ASSIGN(const auto booted, claims_.record(event));
  if (!booted) return plain(204, "");
  const RunnerPackage& package = booted->package;
  const std::string& lease = booted->lease_id.text;
  return plain(200, (lease.empty() ? "" : "lease " + lease + "\n") + "runner_version " +
                        package.version + "\nrunner_url " + package.url + "\nrunner_sha256 " +
                        package.sha256 + "\n");
}

}  // namespace mayfly
