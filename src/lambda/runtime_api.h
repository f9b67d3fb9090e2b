#pragma once

// Lambda's runtime API as its client: fetches one invocation after another, and posts what came of
// each. The process is frozen between an answer and the next invocation, so whatever must happen
// happens before the answer is posted; and time has passed when next() returns, perhaps hours.
// Source: "Using the Lambda runtime API for custom runtimes", AWS Lambda developer guide.
//
// Errors: lambda_runtime; then the process must end, and Lambda starts another.
// Thread rule: one thread.

#include <string>

#include "base/result.h"
#include "seam/clock.h"
#include "seam/transport.h"

namespace mayfly::lambda {

struct Invocation {
  std::string id;
  std::string event;
  SteadyTime deadline{};  // then Lambda kills the process
};

class RuntimeApi {
 public:
  // address: AWS_LAMBDA_RUNTIME_API, "host:port".
  RuntimeApi(HttpTransport& transport, Clock& clock, const std::string& address)
      : transport_(transport), clock_(clock), base_("http://" + address + "/2018-06-01/runtime") {}

  // Waits as long as it takes: no invocation may come for hours.
  [[nodiscard]] Result<Invocation> next();
  [[nodiscard]] Status respond(const Invocation& invocation, const std::string& body);
  [[nodiscard]] Status report(const Invocation& invocation, const Error& error);
  [[nodiscard]] Status report_failed_start(const Error& error);

 private:
  [[nodiscard]] Status post(const std::string& path, const std::string& body,
                            const std::string& error_type);

  HttpTransport& transport_;
  Clock& clock_;
  std::string base_;
};

}  // namespace mayfly::lambda
