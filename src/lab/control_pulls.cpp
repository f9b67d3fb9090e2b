#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "base/text.h"
#include "http/problem.h"
#include "lab/control.h"

namespace mayfly::lab {
namespace {

Result<json::object> body_of(const HttpRequest& request) {
  if (request.body.empty()) return json::object();
  TRY_ASSIGN(json::value body, parse_json(request.body));
  if (!body.is_object()) return fail(Code::bad_field, "the body must be an object");
  return std::move(body.get_object());
}

HttpResponse numbered(const char* key, std::int64_t number) {
  return json_response(201, json::serialize(json::object{{key, number}}) + "\n");
}

// What GitHub itself would refuse is a wrong field here.
Status told(const Status& status) {
  if (status || status.error().code != Code::github_refused) return status;
  return fail(Code::bad_field, status.error().message);
}

GithubPull pull_of(const json::object& body, const std::string& repository) {
  GithubPull pull;
  pull.repository = RepositoryName{repository};
  pull.head_repository = json_string(body, "head_repository").value_or("contributor/rr");
  pull.head_branch = json_string(body, "head_branch").value_or(pull.head_branch);
  pull.head_sha = json_string(body, "head_sha").value_or(pull.head_sha);
  pull.author = json_string(body, "author").value_or(pull.author);
  return pull;
}

}  // namespace

Result<HttpResponse> Control::route_pulls(const std::vector<std::string>& parts,
                                          const HttpRequest& request) {
  TRY_ASSIGN(const json::object body, body_of(request));
  const auto text = [&](const char* key) { return json_string(body, key).value_or(""); };
  const RepositoryName repository{repository_};
  const std::size_t size = parts.size();
  const std::int64_t number = size > 2 ? parse_int(parts[2]).value_or(0) : 0;
  Result<HttpResponse> answer =
      fail(Code::no_such_path, "nothing is emulated there; src/lab/control.h has the list");
  const auto change = [&](const Status& status) -> Result<HttpResponse> {
    TRY(told(status));
    return json_response(200, "{}\n");
  };
  github_.with_pulls([&](GithubPulls& pulls, WallTime now) {
    if (size == 2 && parts[1] == "associations")
      answer = change(pulls.associate(repository, text("login"), text("association")));
    else if (size == 2)
      answer = numbered("number", pulls.open(pull_of(body, repository_), now));
    else if (size == 4 && parts[3] == "push" && !text("sha").empty())
      answer = change(pulls.push(repository, number, text("sha")));
    else if (size == 4 && parts[3] == "close")
      answer = change(pulls.close(repository, number));
    else if (size == 6 && parts[3] == "reviews" && parts[5] == "dismiss")
      answer = change(pulls.dismiss(repository, number, parse_int(parts[4]).value_or(0)));
    else if (size == 4 && parts[3] == "reviews") {
      const auto id = pulls.review(repository, number, text("author"), text("state"), now);
      answer = id ? Result<HttpResponse>(numbered("id", *id)) : change(fail(id.error()));
    }
  });
  return answer;
}

}  // namespace mayfly::lab
