#pragma once

// How a person or a script drives the emulated GitHub of `mayfly emulate`: plain POSTs under
// /_emulator/, JSON in and out. Loopback only, no credential: nothing here is real.
//
//   POST /_emulator/runs                          starts rr's workflow: {"label":"rr_runner_x"}, or
//                                                 {"labels":[for x86_64, for arm64]}; its tests
//                                                 take 3 s each, or "job_ms" (at most an hour)
//   GET  /_emulator/runs/ID                       its status and jobs
//   POST /_emulator/runs/ID/jobs/NAME/begin       begins a hosted job (setup, stop-runners)
//   POST /_emulator/runs/ID/jobs/NAME/complete    ends it well
//   POST /_emulator/runs/ID/cancel
//   POST /_emulator/runs/ID/approve               one that was started with "awaits_approval":true
// The body that starts a run may also have "event", "actor", "head_repository", "head_branch" and
// "head_sha". Pull requests, their reviews, and who somebody is to the repository:
//   POST /_emulator/pulls                         {"head_repository","head_branch","head_sha",
//                                                 "author"}; its number
//   POST /_emulator/pulls/N/push                  {"sha"}
//   POST /_emulator/pulls/N/close
//   POST /_emulator/pulls/N/reviews               {"author","state":"APPROVED"}; its id
//   POST /_emulator/pulls/N/reviews/ID/dismiss
//   POST /_emulator/associations                  {"login","association":"CONTRIBUTOR"}
//   POST /_emulator/app                           what the GitHub App's next tokens are like, each
//   as
//                                                 wanted: {"token_seconds":600,"revoke":true,
//                                                 "permissions":{"actions":"read"}}
//   GET  /_emulator/calls                         how many calls its API has had (emulate.cpp)
// Thread rule: safe from many threads.

#include <string>

#include "lab/github/fake_github.h"

namespace mayfly::lab {

// rr's workflow with its labels filled in: setup, one test per architecture, stop-runners.
// test_labels: for x86_64 and arm64, in this order.
[[nodiscard]] RunSpec rr_workflow(const std::string& repository,
                                  const std::vector<std::string>& test_labels, Millis job_time);

class Control final : public HttpService {
 public:
  Control(FakeGithub& github, std::string repository)
      : github_(github), repository_(std::move(repository)) {}

  [[nodiscard]] HttpResponse handle(const HttpRequest& request) override;

 private:
  [[nodiscard]] Result<HttpResponse> route(const HttpRequest& request);
  [[nodiscard]] Result<HttpResponse> start_run(const HttpRequest& request);
  [[nodiscard]] Result<HttpResponse> show_run(RunId id);
  // parts: of the path, from "_emulator" on.
  [[nodiscard]] Result<HttpResponse> route_pulls(const std::vector<std::string>& parts,
                                                 const HttpRequest& request);
  [[nodiscard]] Result<HttpResponse> change_app(const HttpRequest& request);
  [[nodiscard]] Status drive_job(RunId id, const std::string& name, const std::string& verb);

  FakeGithub& github_;
  const std::string repository_;
};

}  // namespace mayfly::lab
