#pragma once

// What Lambda hands to the function, as values: requests of a function URL or an HTTP API (payload
// format 2.0), and what EventBridge sends. Everything else is refused with lambda_event_unknown,
// and nothing is done. Formats: the AWS Lambda developer guide (urls-invocation,
// services-apigateway) and the EventBridge and EC2 user guides. Pure.

#include <string>
#include <string_view>
#include <variant>

#include "base/ids.h"
#include "base/result.h"
#include "seam/http_message.h"

namespace mayfly::lambda {

// A rule's schedule came round: look what is to be done. Sent at least once.
struct ScheduledEvent {};

// EC2 takes a spot instance back in two minutes.
struct InterruptionEvent {
  InstanceId instance;
};

using Event = std::variant<HttpRequest, ScheduledEvent, InterruptionEvent>;

// Lambda's own limit is 6 MB. The peer of a request is the address that AWS saw.
[[nodiscard]] Result<Event> parse_event(std::string_view text);

// The answer to a request, in payload format 2.0. Bodies of ours are text.
[[nodiscard]] std::string answer_text(const HttpResponse& response);

}  // namespace mayfly::lambda
