// What AWS answers beside EC2: SSM's JSON, the sources of credentials (STS, container, IMDS, shared
// files), and the table of error codes. The form of an input is that of conversation.h, with one of
// k_operations in its first line; for "files" the first body is the credentials file.

#include "aws/credentials_sources.h"
#include "aws/ssm.h"
#include "fuzz/aws_bench.h"

namespace mayfly::fuzz {
namespace {

using aws::testing::FakeClock;
using aws::testing::FakeEnvironment;

constexpr auto k_operations = std::to_array<std::string_view>(
    {"ssm", "sts", "container", "imds", "files", "query-error", "json-error"});

bool is_of_aws(Code code) {
  return code == Code::no_capacity || info(code).name.starts_with("aws-");
}

void check_refusal(const Error& error) {
  check_error(error);
  law(is_of_aws(error.code), "a failure of AWS has a code of AWS", error.message);
}

void check_ssm(Conversation& wire) {
  AwsBench bench(wire, "ssm");
  const auto value = aws::SsmClient(bench.sender)
                         .get_parameter("/mayfly/token", bench.clock.steady() + Seconds{9});
  if (!value) check_refusal(value.error());
  law(wire.sent.size() <= 2, "a parameter is asked for twice at most");
}

void check_credentials(Conversation& wire, std::size_t operation) {
  FakeClock clock;
  FakeEnvironment environment;
  const aws::CredentialsSeams seams{environment, wire, clock};
  std::unique_ptr<aws::CredentialsSource> source;
  if (operation == 1) {
    environment.variables = {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/token"},
                             {"AWS_ROLE_ARN", "arn:aws:iam::1:role/mayfly"}};
    environment.files["/token"] = "a.b.c\n";
    source = aws::web_identity_source(seams, "us-east-2");
  } else if (operation == 2) {
    environment.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/1";
    source = aws::container_source(seams);
  } else if (operation == 3) {
    source = aws::imds_source(seams);
  } else {
    environment.variables["AWS_SHARED_CREDENTIALS_FILE"] = "/credentials";
    environment.files["/credentials"] = wire.first() ? wire.first()->body : "";
    source = aws::shared_files_source(seams);
  }
  const auto found = source->fetch(clock.steady() + Seconds{9});
  law(wire.sent.size() <= 7, "a source asks three times for one thing at most");
  if (!found) return check_refusal(found.error());
  if (!*found) return;
  law(operation == 4 || !wire.sent.empty(), "credentials come from somewhere");
  law(!(*found)->source.empty(), "and say from where");

  // What the chain makes of them, whatever they are.
  std::vector<std::unique_ptr<aws::CredentialsSource>> sources;
  sources.push_back(std::move(source));
  aws::CredentialsChain chain(clock, std::move(sources));
  const auto served = chain.get(clock.steady() + Seconds{9});
  if (!served) check_refusal(served.error());
}

// Both ways to read an error answer, and what the table makes of it.
void check_failure(const Conversation& wire, aws::Protocol protocol) {
  if (!wire.first()) return;
  for (const bool is_mutating : {false, true}) {
    const aws::Action action{"ec2:CreateFleet", protocol, is_mutating};
    const aws::AwsFailure failure = aws::read_failure(*wire.first(), action);
    law(failure.status == wire.first()->status && failure.mutating == is_mutating,
        "a failure keeps its status");
    const Error error = aws::interpret(failure, action.name);
    check_refusal(error);
    law(error.message.starts_with("ec2:CreateFleet: "), "a refusal names the action");
    law(is_mutating || error.code != Code::aws_lost, "a read is never ambiguous");
    const bool is_unknown_outage = failure.status >= 500 && failure.code.empty();
    law(!is_unknown_outage || error.code == (is_mutating ? Code::aws_lost : Code::aws_unavailable),
        "a 5xx that says nothing leaves open what happened");
  }
}

}  // namespace
}  // namespace mayfly::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mayfly;
  fuzz::Conversation wire(fuzz::text_of(data, size));
  const std::size_t operation = wire.operation(fuzz::k_operations);
  if (operation == 0)
    fuzz::check_ssm(wire);
  else if (operation <= 4)
    fuzz::check_credentials(wire, operation);
  else
    fuzz::check_failure(wire, operation == 5 ? aws::Protocol::query : aws::Protocol::json);
  return 0;
}
