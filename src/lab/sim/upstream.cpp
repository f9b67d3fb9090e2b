#include "lab/sim/upstream.h"

namespace mayfly::lab::sim {
namespace {

HttpResponse ec2_error(int status, const std::string& code, const std::string& message) {
  return {status,
          {{"Content-Type", "text/xml;charset=UTF-8"}},
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>" + code +
              "</Code><Message>" + message +
              "</Message></Error></Errors><RequestID>5c202cd8-0000-4000-8000-000000000000"
              "</RequestID></Response>"};
}

HttpResponse github_error(int status, const std::string& message, Headers headers = {}) {
  headers.set("Content-Type", "application/json; charset=utf-8");
  return {status, std::move(headers), "{\"message\":\"" + message + "\"}"};
}

HttpResponse ec2_answer(FaultKind kind, std::uint64_t draw) {
  switch (kind) {
    case FaultKind::throttle:
      return ec2_error(503, "RequestLimitExceeded", "Request limit exceeded.");
    case FaultKind::no_capacity:
      return ec2_error(500, "InsufficientInstanceCapacity",
                       "There is no Spot capacity available that matches your request.");
    case FaultKind::mismatch:
      return ec2_error(400, "IdempotentParameterMismatch",
                       "The client token was used with different parameters.");
    case FaultKind::expired:
      return ec2_error(400, "RequestExpired", "Request has expired.");
    case FaultKind::denied:
      return ec2_error(403, "UnauthorizedOperation",
                       "You are not authorized to perform this operation.");
    default:
      return draw % 2 == 0 ? ec2_error(503, "Unavailable", "The service is unavailable.")
                           : ec2_error(500, "InternalError", "An internal error has occurred");
  }
}

// Rate limits come as 403 or 429, with a wait, a reset time that has passed by then, or neither.
HttpResponse github_throttle(std::uint64_t draw) {
  const int status = draw % 2 == 0 ? 403 : 429;
  if (draw % 3 == 0)
    return github_error(status, "You have exceeded a secondary rate limit.",
                        {{"Retry-After", std::to_string(1 + draw % 60)}});
  if (draw % 3 == 1)
    return github_error(status, "API rate limit exceeded for user ID 1.",
                        {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1"}});
  return github_error(status, "You have exceeded a secondary rate limit.");
}

HttpResponse github_answer(FaultKind kind, std::uint64_t draw) {
  switch (kind) {
    case FaultKind::throttle:
      return github_throttle(draw);
    case FaultKind::expired:
      return github_error(401, "Bad credentials");
    case FaultKind::denied:
      return draw % 2 == 0 ? github_error(404, "Not Found")
                           : github_error(403, "Resource not accessible by personal access token");
    case FaultKind::conflict:
      return github_error(409, "Already exists - A runner with the name already exists.");
    default:
      return github_error(draw % 2 == 0 ? 502 : 503, "Server Error");
  }
}

HttpResponse table_error(int status, const std::string& type, const std::string& message) {
  return {status,
          {{"Content-Type", "application/x-amz-json-1.0"}},
          "{\"__type\":\"" + type + "\",\"message\":\"" + message + "\"}"};
}

HttpResponse table_answer(FaultKind kind, std::uint64_t draw) {
  const std::string of_table = "com.amazonaws.dynamodb.v20120810#";
  const std::string of_service = "com.amazon.coral.service#";
  switch (kind) {
    case FaultKind::throttle:
      return draw % 2 == 0
                 ? table_error(400, of_table + "ProvisionedThroughputExceededException",
                               "The level of configured provisioned throughput was exceeded.")
                 : table_error(400, of_table + "ThrottlingException", "Rate exceeded");
    case FaultKind::expired:
      return table_error(400, of_service + "ExpiredTokenException",
                         "The security token included in the request is expired");
    case FaultKind::denied:
      return table_error(400, of_service + "AccessDeniedException",
                         "User is not authorized to perform this action");
    default:
      return draw % 2 == 0 ? table_error(500, of_table + "InternalServerError", "Internal error")
                           : table_error(503, of_service + "ServiceUnavailableException", "");
  }
}

}  // namespace

HttpResponse fault_answer(FaultKind kind, Edge edge, std::uint64_t draw) {
  if (edge == Edge::ledger) return table_answer(kind, draw);
  return edge == Edge::github ? github_answer(kind, draw) : ec2_answer(kind, draw);
}

}  // namespace mayfly::lab::sim
