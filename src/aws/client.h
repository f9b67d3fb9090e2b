#pragma once

// What every AWS client shares: endpoint, signing, sending, one refresh of refused credentials, and
// the table from AWS's error codes to ours. No retries here: callers wrap (http/retry.h).
// Thread rule: safe from many threads.

#include <optional>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "aws/sigv4.h"
#include "base/result.h"
#include "seam/clock.h"
#include "seam/transport.h"

namespace mayfly::aws {

struct Endpoint {
  std::string url;  // "https://ec2.us-east-2.amazonaws.com" or an override, no trailing slash
  std::string region;
  std::string service;
};

// Honours AWS_ENDPOINT_URL_<SERVICE>, then AWS_ENDPOINT_URL, then the public endpoint.
[[nodiscard]] Endpoint endpoint_for(Environment& environment, const std::string& service,
                                    const std::string& region);

// An error answer of AWS, of either protocol, before it is interpreted. An error item inside a
// fleet's answer may be put into one as well: status 200, not mutating, for it launched nothing.
struct AwsFailure {
  int status = 0;
  std::string code;       // "InsufficientInstanceCapacity"
  std::string message;    // as AWS wrote it
  bool mutating = false;  // the action may have changed something before it failed
};

// The table of facts.md B3 as one function. `doing` names the action for the message
// ("ec2:CreateFleet"). A code that says nothing but "our fault" and a 5xx of an unknown code leave
// open whether the action was carried out: aws_lost for a mutating one, else aws_unavailable. An
// unknown code below 500 is aws_config.
[[nodiscard]] Error interpret(const AwsFailure& failure, std::string_view doing);

class SignedSender {
 public:
  SignedSender(HttpTransport& transport, CredentialsChain& credentials, Clock& clock,
               Endpoint endpoint);

  // Signs and sends. Returns the response whatever its status; transport failures become
  // aws_unavailable (not sent) or aws_lost (answer missing).
  [[nodiscard]] Result<HttpResponse> send(HttpRequest request, SteadyTime deadline);

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  void refuse_credentials() { credentials_.invalidate(); }

 private:
  HttpTransport& transport_;
  CredentialsChain& credentials_;
  Clock& clock_;
  Endpoint endpoint_;
  SigningKeys keys_;
};

enum class Protocol { query, json };

struct Action {
  std::string name;  // "ec2:CreateFleet"
  Protocol protocol = Protocol::query;
  bool mutating = false;
  std::string absence = {};  // the code of AWS, if any, by which call() answers aws_not_found
};

// body: where there is a failure, as it came; what more it says only the action knows.
struct Answer {
  std::string body;
  std::optional<AwsFailure> failure;
};

// Sends and takes an error answer apart. A request that was refused for its credentials did not
// happen: it is repeated once with fresh ones. Error: there is no answer; for an action that
// changes nothing a lost one is aws_unavailable.
[[nodiscard]] Result<Answer> exchange(SignedSender& sender, const HttpRequest& request,
                                      const Action& action, SteadyTime deadline);
// The same with the failure interpreted: the body of a 2xx.
[[nodiscard]] Result<std::string> call(SignedSender& sender, const HttpRequest& request,
                                       const Action& action, SteadyTime deadline);

// Of an answer that is not 2xx. A body that is no AWS error gives an empty code.
[[nodiscard]] AwsFailure read_failure(const HttpResponse& response, const Action& action);
// For a 2xx whose body makes no sense: a mutating action may have happened all the same.
[[nodiscard]] Error bad_answer(const Action& action, const std::string& why);

}  // namespace mayfly::aws
