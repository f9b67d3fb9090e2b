#include "service/diagnosis_runner_group.h"

#include <doctest/doctest.h>

#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;
using Level = Finding::Level;

const github::RunnerGroup k_good{7, "ci", "selected", true};
const github::Repository k_repo{5, "octo/repo", false};

bool mentions(const Finding& finding, const std::string& text) {
  return (finding.text + " " + finding.remedy).find(text) != std::string::npos;
}

TEST_CASE("runner group: exactly the configured repositories is good, whatever their case") {
  const Config config = small_config();
  CHECK(judge_runner_group(config, k_good, {k_repo}).level == Level::ok);
  CHECK(judge_runner_group(config, k_good, {{5, "Octo/Repo", false}}).level == Level::ok);
}

TEST_CASE("runner group: one that is open to other repositories is a problem with a way out") {
  for (const char* visibility : {"all", "private", "whatever comes"}) {
    const Finding finding =
        judge_runner_group(small_config(), {1, "Default", visibility, true}, {k_repo});
    CHECK(finding.level == Level::problem);
    CHECK(mentions(finding, "--create-runner-group"));
    CHECK(mentions(finding, "group 1 (Default)"));
  }
  const Finding extra =
      judge_runner_group(small_config(), k_good, {k_repo, {6, "octo/secret", true}});
  CHECK(extra.level == Level::problem);
  CHECK(mentions(extra, "octo/secret"));
  CHECK_FALSE(mentions(extra, "octo/repo"));
}

TEST_CASE("runner group: one whose runners get no job of a configured repository is a problem") {
  const Finding none = judge_runner_group(small_config(), k_good, {});
  CHECK(none.level == Level::problem);
  CHECK(mentions(none, "octo/repo"));
  github::RunnerGroup not_public = k_good;
  not_public.allows_public_repositories = false;
  CHECK(judge_runner_group(small_config(), not_public, {k_repo}).level == Level::problem);
  CHECK(judge_runner_group(small_config(), not_public, {{5, "octo/repo", true}}).level ==
        Level::ok);
}

TEST_CASE("runner group: one that is not there is told from one that cannot be asked about") {
  const Finding absent = missing_runner_group(9, {Code::github_not_found, "404"});
  CHECK(mentions(absent, "there is no group 9"));
  CHECK(mentions(absent, "--create-runner-group"));
  const Finding unknown = missing_runner_group(9, {Code::github_unavailable, "no answer"});
  CHECK(unknown.level == Level::problem);
  CHECK_FALSE(mentions(unknown, "there is no group"));
}

TEST_CASE("runner group: runners of a repository need none") {
  Config config = small_config();
  config.github.scope = GithubScope::repository;
  Service service(config);
  CHECK(service.diagnosis.create_runner_group("ci").error().code == Code::config_invalid);
  CHECK(service.calls() == 0);
}

TEST_CASE("runner group: one is made for the configured repositories, public only if one is") {
  for (const std::string is_private : {"false", "true"}) {
    const std::string is_public = is_private == "true" ? "false" : "true";
    Service service;
    service.github_wire.answer(200, R"({"total_count":0,"runner_groups":[]})");
    service.github_wire.answer(200,
                               R"({"id":5,"full_name":"octo/repo","private":)" + is_private + "}");
    service.github_wire.answer(
        201, R"({"id":7,"name":"ci","visibility":"selected","allows_public_repositories":true})");
    const auto made = service.diagnosis.create_runner_group("ci");
    REQUIRE(made);
    CHECK(made->id == 7);
    const std::string& body = service.github_wire.sent.at(2).body;
    CHECK(body.find(R"("selected_repository_ids":[5])") != std::string::npos);
    CHECK(body.find(R"("allows_public_repositories":)" + is_public) != std::string::npos);
  }
}

TEST_CASE("runner group: one of that name is taken if it is as it should be, and else left alone") {
  const std::string groups =
      R"({"total_count":1,"runner_groups":[{"id":7,"name":"CI","visibility":"selected",)"
      R"("allows_public_repositories":true}]})";
  const std::string repositories =
      R"({"total_count":1,"repositories":[{"id":5,"full_name":"octo/repo","private":false}]})";
  Service service;
  service.github_wire.answer(200, groups);
  service.github_wire.answer(200, repositories);
  CHECK(service.diagnosis.create_runner_group("ci")->id == 7);
  service.github_wire.answer(200, groups);
  service.github_wire.answer(200, R"({"total_count":0,"repositories":[]})");
  CHECK(service.diagnosis.create_runner_group("ci").error().code == Code::config_invalid);
  for (const auto& request : service.github_wire.sent) CHECK(request.method == "GET");
}

}  // namespace
}  // namespace mayfly
