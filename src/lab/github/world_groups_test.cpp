#include <doctest/doctest.h>

#include "lab/github/testing.h"

namespace mayfly::lab {
namespace {

HttpResponse create(GithubBench& bench, const json::object& group) {
  return bench.send("POST", "/orgs/octo/actions/runner-groups", json::serialize(group));
}

json::object selective(GithubBench& bench, const std::string& repository) {
  const auto id = json_int(bench.body(bench.get("/repos/" + repository)), "id");
  return {{"name", "ci"},
          {"visibility", "selected"},
          {"selected_repository_ids", json::array{*id}},
          {"allows_public_repositories", true}};
}

// The session of a runner that is online in that group.
std::string join(GithubBench& bench, const HttpResponse& group) {
  const json::object request{{"name", "m"},
                             {"runner_group_id", *json_int(bench.body(group), "id")},
                             {"labels", {"mayfly_1", "arch_x86_64"}}};
  const HttpResponse response =
      bench.send("POST", "/orgs/octo/actions/runners/generate-jitconfig", json::serialize(request));
  REQUIRE(response.status == 201);
  return bench.connect(*json_int(bench.body(response).at("runner").as_object(), "id"));
}

TEST_CASE("groups: a runner of a group takes jobs of the selected repositories alone") {
  for (const std::string repository : {"octo/repo", "octo/other"}) {
    CAPTURE(repository);
    GithubBench bench;
    const std::string session = join(bench, create(bench, selective(bench, repository)));
    bench.play_hosted(bench.github.start_run(rr_run()), "setup");  // of octo/repo
    CHECK(bench.poll(session) == (repository == "octo/repo" ? 200 : 204));
  }
}

TEST_CASE("groups: a runner of a group that is not for public repositories waits for ever") {
  GithubBench bench;
  json::object group = selective(bench, "octo/repo");
  group.erase("allows_public_repositories");
  const std::string session = join(bench, create(bench, group));
  bench.play_hosted(bench.github.start_run(rr_run()), "setup");
  CHECK(bench.poll(session) == 204);
}

TEST_CASE("groups: what cannot be one is refused") {
  GithubBench bench;
  const json::object good = selective(bench, "octo/repo");
  CHECK(create(bench, good).status == 201);
  CHECK(create(bench, good).status == 422);  // the name is taken
  CHECK(create(bench, {{"name", "DEFAULT"}}).status == 422);
  CHECK(create(bench, {{"name", ""}}).status == 422);
  CHECK(create(bench, {{"name", "x"}, {"visibility", "some"}}).status == 422);
  json::object foreign = selective(bench, "stranger/repo");
  foreign["name"] = "y";
  CHECK(create(bench, foreign).status == 422);
  CHECK(bench.get("/orgs/octo/actions/runner-groups/9").status == 404);
  CHECK(bench.get("/orgs/octo/actions/runner-groups/9/repositories").status == 404);
  CHECK(bench.get("/orgs/other/actions/runner-groups/1").status == 404);
  CHECK(bench.send("POST", "/orgs/octo/actions/runner-groups", "{}", "").status == 401);
}

TEST_CASE("groups: all are listed, the default one first") {
  GithubBench bench;
  CHECK(create(bench, selective(bench, "octo/repo")).status == 201);
  const json::object listed = bench.body(bench.get("/orgs/octo/actions/runner-groups"));
  const json::array& groups = *json_array(listed, "runner_groups");
  REQUIRE(groups.size() == 2);
  CHECK(json_string(groups[0].as_object(), "visibility") == "all");
  CHECK(json_string(groups[1].as_object(), "visibility") == "selected");
}

}  // namespace
}  // namespace mayfly::lab
