#include "lab/github/job_delivery.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/json.h"
#include "github/webhook.h"

namespace mayfly::lab {

JobDelivery job_delivery(const GithubJob& job, const RepositoryName& repository,
                         std::string_view secret) {
  json::array labels;
  for (const std::string& label : job.spec.labels) labels.emplace_back(label);
  const char* status = job.state == JobState::completed ? "completed" : "queued";
  std::string body =
      json::serialize(json::object{{"action", status},
                                   {"workflow_job", json::object{{"id", job.id},
                                                                 {"run_id", job.run_id},
                                                                 {"run_attempt", job.attempt},
                                                                 {"status", status},
                                                                 {"labels", std::move(labels)}}},
                                   {"repository", json::object{{"full_name", repository.text}}}});
  Headers headers{{"X-GitHub-Event", "workflow_job"},
                  {"X-Hub-Signature-256", github::delivery_signature(secret, body)}};
  return {std::move(headers), std::move(body), status};
}

}  // namespace mayfly::lab
