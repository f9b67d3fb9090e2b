#include "cli/counting.h"

#include "base/json.h"

namespace mayfly::cli {

void CallTally::note(const std::string& what, Millis took) {
  const std::scoped_lock lock(mutex_);
  CallCount& count = counts_[what];
  count.calls += 1;
  count.took += took;
}

std::map<std::string, CallCount> CallTally::get() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

std::string answer_code(const HttpResponse& response) {
  if (response.status < 400) return "ok";
  const auto body = parse_json(response.body);
  if (!body || !body->is_object()) return "other";
  const auto code = json_string(body->get_object(), "code");
  return code && code_named(*code) ? *code : "other";
}

HttpResponse CountingService::handle(const HttpRequest& request) {
  const SteadyTime began = clock_.steady();
  HttpResponse response = behind_.handle(request);
  tally_.note(answer_code(response), clock_.steady() - began);
  return response;
}

Result<HttpResponse> CountingTransport::send(const HttpRequest& request, SteadyTime deadline) {
  const SteadyTime began = clock_.steady();
  auto response = behind_.send(request, deadline);
  const std::string whom = request.url.starts_with(github_url_) ? "github" : "aws";
  const int hundreds = response ? response->status / 100 : 0;
  const std::string answer =
      hundreds >= 1 && hundreds <= 5 ? std::to_string(hundreds) + "xx" : "none";
  tally_.note(whom + " " + answer, clock_.steady() - began);
  return response;
}

}  // namespace mayfly::cli
