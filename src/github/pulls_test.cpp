#include <doctest/doctest.h>

#include "github/testing.h"

namespace mayfly::github {
namespace {

struct Shape {
  int number = 12;
  std::string state = "open";
  std::string base = R"({"full_name":"octo/repo"})";
  std::string head = R"({"full_name":"ann/repo"})";
  std::string branch = "topic";
  std::string sha = "abc";
  std::string user = R"({"login":"ann"})";
};

std::string pull_json(const Shape& pull = {}) {
  const std::string number = std::to_string(pull.number);
  return R"({"id":9)" + number + R"(,"number":)" + number + R"(,"state":")" + pull.state +
         R"(","author_association":"CONTRIBUTOR","user":)" + pull.user +
         R"(,"base":{"ref":"main","sha":"def","repo":)" + pull.base + R"(},"head":{"ref":")" +
         pull.branch + R"(","sha":")" + pull.sha + R"(","repo":)" + pull.head + "}}";
}

std::string review_json(int id, const std::string& state, const std::string& user,
                        const std::string& commit) {
  return R"({"id":)" + std::to_string(id) + R"(,"state":")" + state +
         R"(","author_association":"MEMBER","user":)" + user + R"(,"commit_id":)" + commit + "}";
}

const Head k_head{"ann/repo", "topic", "abc"};

TEST_CASE("github: the open pull requests of a head are asked for by its owner and branch") {
  Bench bench;
  bench.transport.answer(200, "[" + pull_json() + "]");
  const auto pulls =
      bench.client.list_pulls(bench.repository, {"ann/repo", "a/b#c", "abc"}, bench.deadline);
  REQUIRE(pulls);
  CHECK(pulls->empty());
  CHECK(bench.transport.sent.at(0).url ==
        "https://github.test/api/v3/repos/octo/repo/pulls?state=open&head=ann%3Aa%2Fb%23c"
        "&per_page=100&page=1");
}

TEST_CASE("github: a pull request is read with everything the policy looks at") {
  Bench bench;
  bench.transport.answer(200, "[" + pull_json() + "]");
  const auto pulls = bench.client.list_pulls(bench.repository, k_head, bench.deadline);
  REQUIRE(pulls);
  REQUIRE(pulls->size() == 1);
  CHECK(pulls->at(0).number == 12);
  CHECK(pulls->at(0).author == "ann");
  CHECK(pulls->at(0).author_association == "CONTRIBUTOR");
  CHECK(pulls->at(0).head_sha == "abc");
}

TEST_CASE("github: a pull request that is not of exactly this head does not count") {
  const Shape others[] = {{.state = "closed"},
                          {.base = R"({"full_name":"octo/other"})"},
                          {.head = R"({"full_name":"eve/repo"})"},
                          {.head = "null"},
                          {.branch = "Topic"},
                          {.sha = "abd"}};
  for (const Shape& other : others) {
    Bench bench;
    bench.transport.answer(200, "[" + pull_json(other) + "]");
    const auto pulls = bench.client.list_pulls(bench.repository, k_head, bench.deadline);
    REQUIRE(pulls);
    CHECK_MESSAGE(pulls->empty(), pull_json(other));
  }
  Bench bench;  // names have no case
  bench.transport.answer(200, "[" +
                                  pull_json({.base = R"({"full_name":"Octo/Repo"})",
                                             .head = R"({"full_name":"Ann/repo"})",
                                             .user = "null"}) +
                                  "]");
  CHECK(bench.client.list_pulls(bench.repository, k_head, bench.deadline)->size() == 1);
}

TEST_CASE("github: of a fork that is gone nothing is asked") {
  Bench bench;
  const auto pulls =
      bench.client.list_pulls(bench.repository, {"", "topic", "abc"}, bench.deadline);
  REQUIRE(pulls);
  CHECK(pulls->empty());
  CHECK(bench.transport.sent.empty());
}

TEST_CASE("github: reviews are read in order over all pages, and nulls are empty") {
  Bench bench;
  bench.transport.answer(200,
                         "[" + review_json(1, "APPROVED", R"({"login":"bob"})", "\"abc\"") + "]",
                         {{"Link", "<https://github.test/api/v3/x?page=2>; rel=\"next\""}});
  bench.transport.answer(200, "[" + review_json(2, "DISMISSED", "null", "null") + "]");
  const auto reviews = bench.client.list_reviews(bench.repository, 12, bench.deadline);
  REQUIRE(reviews);
  REQUIRE(reviews->size() == 2);
  CHECK(reviews->at(0).author == "bob");
  CHECK(reviews->at(0).state == "APPROVED");
  CHECK(reviews->at(0).author_association == "MEMBER");
  CHECK(reviews->at(0).commit == "abc");
  CHECK(reviews->at(1).author.empty());
  CHECK(reviews->at(1).commit.empty());
  CHECK(bench.transport.sent.at(1).url ==
        "https://github.test/api/v3/repos/octo/repo/pulls/12/reviews?per_page=100&page=2");
}

TEST_CASE("github: reviews without end are not read to their end, and are no answer") {
  Bench bench;
  for (int page = 1; page <= 10; ++page)
    bench.transport.answer(200, "[]",
                           {{"Link", "<https://github.test/api/v3/x?page=" +
                                         std::to_string(page + 1) + ">; rel=\"next\""}});
  const auto reviews = bench.client.list_reviews(bench.repository, 12, bench.deadline);
  REQUIRE_FALSE(reviews);
  CHECK(reviews.error().code == Code::github_bad_answer);
  CHECK(bench.transport.sent.size() == 10);
}

TEST_CASE("github: an answer about pull requests that lacks what is needed is none") {
  const std::string bad[] = {"{}",
                             "[1]",
                             "[{}]",
                             R"([{"id":1}])",
                             "[" + pull_json({.sha = ""}) + "]",
                             "",
                             "[" + pull_json()};
  for (const std::string& body : bad) {
    CAPTURE(body);
    Bench bench;
    bench.transport.answer(200, body);
    bench.transport.answer(200, body);
    CHECK(bench.client.list_pulls(bench.repository, k_head, bench.deadline).error().code ==
          Code::github_bad_answer);
    if (body.find("abc") == std::string::npos && body.find("head") == std::string::npos)
      CHECK(bench.client.list_reviews(bench.repository, 1, bench.deadline).error().code ==
            Code::github_bad_answer);
  }
}

TEST_CASE("github: who may not see the pull requests is told which permission it takes") {
  Bench bench;
  bench.transport.answer(403, R"({"message":"Resource not accessible"})");
  const auto pulls = bench.client.list_pulls(bench.repository, k_head, bench.deadline);
  CHECK(pulls.error().code == Code::github_forbidden);
  CHECK(pulls.error().message.find("Pull requests: read") != std::string::npos);
}

}  // namespace
}  // namespace mayfly::github
