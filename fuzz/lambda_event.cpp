// The event of one invocation of the Lambda: through the parser, and a request through the whole
// API to the answer that Lambda gets. GitHub and AWS do not answer.

#include "lambda/event.h"

#include "base/ip_address.h"
#include "fuzz/api_laws.h"

namespace mayfly::fuzz {
namespace {

void check_request(ApiHarness& harness, const HttpRequest& request) {
  law(parse_ip(request.peer).has_value(), "a request comes from an address", request.peer);
  const HttpResponse answer = harness.ask(request);
  const auto document = parse_json(lambda::answer_text(answer));
  law(document && document->is_object(), "an answer to Lambda is strict JSON");
  const json::object& told = document->get_object();
  law(json_int(told, "statusCode") == answer.status && json_string(told, "body") == answer.body,
      "Lambda is told the status and the body as they are");
  law(json_object(told, "headers") != nullptr, "and the headers");
  harness.finish();
}

}  // namespace
}  // namespace mayfly::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  static fuzz::ApiHarness harness;
  const auto event = lambda::parse_event(fuzz::text_of(data, size));
  if (!event) {
    fuzz::check_error(event.error());
    fuzz::law(event.error().code == Code::lambda_event_unknown, "what is no event is told so");
  } else if (const auto* request = std::get_if<HttpRequest>(&*event)) {
    fuzz::check_request(harness, *request);
  } else if (const auto* taken = std::get_if<lambda::InterruptionEvent>(&*event)) {
    fuzz::law(parse_instance_id(taken->instance.text).has_value(), "an interruption has a machine");
  }
  return 0;
}
