#include <doctest/doctest.h>

#include "github/testing.h"

namespace mayfly::github {
namespace {

const char* const k_group =
    R"({"id":7,"name":"ci","visibility":"selected","allows_public_repositories":true})";

TEST_CASE("github: a runner group is read with who may use it") {
  Bench bench;
  bench.transport.answer(200, k_group);
  const auto group = bench.client.get_runner_group(7, bench.deadline);
  REQUIRE(group);
  CHECK(group->id == 7);
  CHECK(group->name == "ci");
  CHECK(group->visibility == "selected");
  CHECK(group->allows_public_repositories);
  CHECK(bench.transport.sent.at(0).url ==
        "https://github.test/api/v3/orgs/octo/actions/runner-groups/7");
}

TEST_CASE("github: a runner group without a field says nothing; one that is not there says so") {
  Bench bench;
  bench.transport.answer(200, R"({"id":7,"name":"ci","visibility":"selected"})");
  bench.transport.answer(404, R"({"message":"Not Found"})");
  CHECK(bench.client.get_runner_group(7, bench.deadline).error().code == Code::github_bad_answer);
  CHECK(bench.client.get_runner_group(7, bench.deadline).error().code == Code::github_not_found);
}

TEST_CASE("github: the repositories of a runner group are all pages of them") {
  Bench bench;
  bench.transport.answer(
      200, R"({"total_count":2,"repositories":[{"id":1,"full_name":"octo/a","private":false}]})",
      {{"Link", "<https://github.test/x?page=2>; rel=\"next\""}});
  bench.transport.answer(
      200, R"({"total_count":2,"repositories":[{"id":2,"full_name":"octo/b","private":true}]})");
  const auto repositories = bench.client.list_group_repositories(7, bench.deadline);
  REQUIRE(repositories);
  REQUIRE(repositories->size() == 2);
  CHECK(repositories->at(0).full_name == "octo/a");
  CHECK_FALSE(repositories->at(0).is_private);
  CHECK(repositories->at(1).is_private);
  CHECK(bench.transport.sent.at(1).url.find("runner-groups/7/repositories?") != std::string::npos);
  bench.transport.answer(200, R"({"total_count":1,"repositories":[{"id":1,"full_name":"a/b"}]})");
  CHECK(bench.client.list_group_repositories(7, bench.deadline).error().code ==
        Code::github_bad_answer);
}

TEST_CASE("github: a new runner group is for the repositories named, and no other") {
  Bench bench;
  bench.transport.answer(201, k_group);
  const auto made = bench.client.create_runner_group({"ci", {1, 2}, true}, bench.deadline);
  REQUIRE(made);
  CHECK(made->id == 7);
  CHECK(bench.transport.sent.at(0).method == "POST");
  CHECK(bench.transport.sent.at(0).body ==
        R"({"name":"ci","visibility":"selected","selected_repository_ids":[1,2],)"
        R"("allows_public_repositories":true})");
  bench.transport.answer(201, "{}");
  bench.transport.answer(422, R"({"message":"taken"})");
  CHECK(bench.client.create_runner_group({"ci", {1}, true}, bench.deadline).error().code ==
        Code::github_lost);
  CHECK(bench.client.create_runner_group({"ci", {1}, true}, bench.deadline).error().code ==
        Code::github_refused);
}

TEST_CASE("github: a repository is read with its id") {
  Bench bench;
  bench.transport.answer(200, R"({"id":5,"full_name":"octo/repo","private":true})");
  const auto repository = bench.client.get_repository(bench.repository, bench.deadline);
  REQUIRE(repository);
  CHECK(repository->id == 5);
  CHECK(repository->is_private);
  CHECK(bench.transport.sent.at(0).url == "https://github.test/api/v3/repos/octo/repo");
}

}  // namespace
}  // namespace mayfly::github
