#include "service/secrets.h"

#include <doctest/doctest.h>

#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;
using Kind = SecretReference::Kind;

Result<Secret> resolved(Service& service, Kind kind, const std::string& name) {
  return resolve({kind, name}, service.environment, service.ssm, service.clock);
}

TEST_CASE("secrets: each kind of reference is read from its place, without white space around") {
  Service service;
  service.environment.variables["TOKEN"] = " from-env\n";
  service.environment.files["/etc/token"] = "from-file\r\n";
  service.ssm_wire.answer(200, R"({"Parameter":{"Value":"\tfrom-ssm "}})");
  CHECK(resolved(service, Kind::environment, "TOKEN").value().reveal() == "from-env");
  CHECK(resolved(service, Kind::file, "/etc/token").value().reveal() == "from-file");
  CHECK(resolved(service, Kind::ssm, "/token").value().reveal() == "from-ssm");
}

TEST_CASE("secrets: what cannot be read is refused by its name") {
  Service service;
  service.ssm_wire.answer(400, R"({"__type":"ParameterNotFound"})");
  for (const auto& [kind, name] : {std::pair<Kind, std::string>{Kind::environment, "TOKEN"},
                                   {Kind::file, "/etc/token"},
                                   {Kind::ssm, "/token"}}) {
    const auto secret = resolved(service, kind, name);
    REQUIRE_FALSE(secret);
    CHECK(secret.error().code == Code::secret_unreadable);
    CHECK_MESSAGE(secret.error().message.find(name) != std::string::npos, secret.error().message);
  }
}

TEST_CASE("secrets: an SSM error keeps its reason") {
  Service service;
  service.ssm_wire.answer(400, R"({"__type":"AccessDeniedException","Message":"no"})");
  const Error error = resolved(service, Kind::ssm, "/token").error();
  CHECK(error.code == Code::secret_unreadable);
  CHECK(error.message.find("ssm:/token") != std::string::npos);
  CHECK(error.message.find("ssm:GetParameter") != std::string::npos);
}

TEST_CASE("secrets: an empty secret is none") {
  Service service;
  service.environment.variables["TOKEN"] = " \n";
  service.environment.files["/etc/token"] = "";
  CHECK(resolved(service, Kind::environment, "TOKEN").error().message == "env:TOKEN is empty");
  CHECK(resolved(service, Kind::file, "/etc/token").error().message == "file:/etc/token is empty");
}

}  // namespace
}  // namespace mayfly
