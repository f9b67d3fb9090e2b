#include <doctest/doctest.h>

#include "aws/credentials_sources.h"
#include "aws/testing.h"

namespace mayfly {
namespace {

using Found = Result<std::optional<aws::Credentials>>;

struct Bench {
  aws::testing::FakeEnvironment environment;
  aws::testing::FakeClock clock;
  aws::testing::ScriptedTransport transport;
  aws::CredentialsSeams seams{environment, transport, clock};

  Found from_environment() { return environment_source(seams)->fetch(SteadyTime{}); }
  Found from_files() { return shared_files_source(seams)->fetch(SteadyTime{}); }
};

std::string key(const Found& found) { return found.value().value().access_key_id; }

void check_refused(const Found& found, const char* part) {
  REQUIRE_FALSE(found);
  CHECK(found.error().code == Code::aws_credentials);
  CAPTURE(found.error().message);
  CHECK(found.error().message.find(part) != std::string::npos);
}

TEST_CASE("credentials: the environment gives a pair and, if set, its session token") {
  Bench bench;
  CHECK_FALSE(bench.from_environment().value());
  bench.environment.variables = {{"AWS_ACCESS_KEY_ID", "AK"}, {"AWS_SECRET_ACCESS_KEY", "SK"}};
  CHECK(key(bench.from_environment()) == "AK");
  CHECK(bench.from_environment().value()->session_token.empty());
  bench.environment.variables["AWS_SESSION_TOKEN"] = "ST";
  const auto found = bench.from_environment().value().value();
  CHECK(found.secret_access_key.reveal() == "SK");
  CHECK(found.session_token.reveal() == "ST");
  CHECK_FALSE(found.expires_at);
}

TEST_CASE("credentials: half a pair in the environment is an error, not another identity") {
  Bench bench;
  bench.environment.variables = {{"AWS_ACCESS_KEY_ID", "AK"}};
  check_refused(bench.from_environment(), "AWS_SECRET_ACCESS_KEY is missing");
  bench.environment.variables = {{"AWS_SECRET_ACCESS_KEY", "SK"}};
  check_refused(bench.from_environment(), "AWS_ACCESS_KEY_ID is missing");
}

TEST_CASE("credentials: the default profile is read from the files in the home directory") {
  Bench bench;
  CHECK_FALSE(bench.from_files().value());
  bench.environment.variables["HOME"] = "/home/u";
  CHECK_FALSE(bench.from_files().value());
  bench.environment.files["/home/u/.aws/config"] =
      "[default]\nregion = x\naws_access_key_id = AKC\naws_secret_access_key = SKC\n";
  CHECK(key(bench.from_files()) == "AKC");
  bench.environment.files["/home/u/.aws/credentials"] =
      "# mine\r\n\r\n[default]\r\nAWS_Access_Key_Id=AKF\r\naws_secret_access_key = S=K/F\r\n"
      "aws_session_token = ST\r\n";
  const auto found = bench.from_files().value().value();
  CHECK(found.access_key_id == "AKF");
  CHECK(found.secret_access_key.reveal() == "S=K/F");
  CHECK(found.session_token.reveal() == "ST");
}

TEST_CASE("credentials: AWS_PROFILE chooses a profile, which has to exist") {
  Bench bench;
  bench.environment.variables = {{"HOME", "/h"},
                                 {"AWS_PROFILE", "ci"},
                                 {"AWS_SHARED_CREDENTIALS_FILE", "~/creds"},
                                 {"AWS_CONFIG_FILE", "/etc/aws"}};
  bench.environment.files["/h/creds"] =
      "[default]\naws_access_key_id=AK0\naws_secret_access_key=SK0\n";
  bench.environment.files["/etc/aws"] = "[ci]\naws_access_key_id=AKX\n";
  check_refused(bench.from_files(), "ci named by AWS_PROFILE does not exist");
  bench.environment.files["/etc/aws"] =
      "[profile ci]\ns3 =\n  addressing_style = path\naws_access_key_id=AK1\n"
      "aws_secret_access_key=SK1\n";
  CHECK(key(bench.from_files()) == "AK1");
}

TEST_CASE("credentials: a profile that needs what mayfly does not do is named as unsupported") {
  for (const char* line :
       {"role_arn = arn:aws:iam::1:role/r", "sso_session = s", "sso_start_url = https://x",
        "credential_process = /bin/x", "source_profile = base", "web_identity_token_file = /t"}) {
    Bench bench;
    bench.environment.variables["HOME"] = "/h";
    bench.environment.files["/h/.aws/credentials"] =
        "[default]\naws_access_key_id=AK\naws_secret_access_key=SK\n";
    bench.environment.files["/h/.aws/config"] = "[default]\n" + std::string(line) + "\n";
    check_refused(bench.from_files(), "does not support");
  }
}

TEST_CASE("credentials: a file that a variable names must be readable") {
  Bench bench;
  bench.environment.variables["AWS_SHARED_CREDENTIALS_FILE"] = "/nowhere";
  check_refused(bench.from_files(), "/nowhere");
}

TEST_CASE("credentials: a file that cannot be understood is an error with its line, not its text") {
  Bench bench;
  bench.environment.variables["AWS_SHARED_CREDENTIALS_FILE"] = "/f";
  for (const char* text :
       {"aws_secret_access_key = SECRET\n", "[default]\nSECRET\n", "[default\n"}) {
    bench.environment.files["/f"] = text;
    const Found found = bench.from_files();
    check_refused(found, "/f, line ");
    CHECK(found.error().message.find("SECRET") == std::string::npos);
  }
  bench.environment.files["/f"] = "[default]\naws_access_key_id = AK\n";
  check_refused(bench.from_files(), "one half");
}

}  // namespace
}  // namespace mayfly
