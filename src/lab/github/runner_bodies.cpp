#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "base/digest.h"
#include "base/text.h"
#include "lab/github/bodies.h"

namespace mayfly::lab::rest {
namespace {

// The shape of an RSA key; the numbers mean nothing.
json::object rsa_parameters(const std::string& secret) {
  json::object out;
  for (const char* name : {"d", "dp", "dq", "exponent", "inverseQ", "modulus", "p", "q"})
    out[name] = base64_encode(sha256_hex(secret + name));
  return out;
}

}  // namespace

json::object runner_body(const GithubRunner& runner, bool is_online) {
  json::array labels;
  for (const std::string& label : runner.labels)
    labels.push_back(json::object{{"id", labels.size() + 1}, {"name", label}, {"type", "custom"}});
  const bool has_connected = runner.last_poll.has_value();
  return {{"id", runner.id},
          {"runner_group_id", runner.group_id},
          {"name", runner.name},
          {"os", has_connected ? "linux" : "unknown"},
          {"status", is_online ? "online" : "offline"},
          {"busy", runner.job.has_value()},
          {"ephemeral", true},
          {"version", has_connected ? json::value("2.336.0") : json::value(nullptr)},
          {"labels", std::move(labels)}};
}

json::object download_body(const GithubDownload& download) {
  return {{"os", download.os},
          {"architecture", download.architecture},
          {"download_url", download.url},
          {"filename", download.filename},
          {"sha256_checksum", download.sha256}};
}

json::object group_body(const GithubOptions& options, const GithubGroup& group) {
  const std::string url = options.base_url + "/orgs/" + options.organization +
                          "/actions/runner-groups/" + std::to_string(group.id);
  json::object body{{"id", group.id},
                    {"name", group.name},
                    {"visibility", group.is_selective ? "selected" : "all"},
                    {"default", group.id == options.group_id},
                    {"runners_url", url + "/runners"},
                    {"hosted_runners_url", url + "/hosted-runners"},
                    {"inherited", false},
                    {"allows_public_repositories", group.allows_public},
                    {"restricted_to_workflows", false},
                    {"selected_workflows", json::array()},
                    {"workflow_restrictions_read_only", false}};
  if (group.is_selective) body["selected_repositories_url"] = url + "/repositories";
  return body;
}

std::string encode_jit_config(const GithubOptions& options, const GithubRunner& runner) {
  const json::object settings{
      {"agentId", std::to_string(runner.id)},
      {"agentName", runner.name},
      {"disableUpdate", true},
      {"ephemeral", true},
      {"poolId", std::to_string(runner.group_id)},
      {"poolName", "Default"},
      {"serverUrl", options.runner_url.empty() ? options.base_url : options.runner_url},
      {"gitHubUrl", "https://github.com/" + runner.scope},
      {"workFolder", runner.work_folder}};
  const json::object credentials{
      {"scheme", "OAuth"},
      {"data", json::object{{"clientId", std::to_string(runner.id)}, {"secret", runner.secret}}}};
  return base64_encode(json::serialize(json::object{
      {".runner", base64_encode(json::serialize(settings))},
      {".credentials", base64_encode(json::serialize(credentials))},
      {".credentials_rsaparams", base64_encode(json::serialize(rsa_parameters(runner.secret)))}}));
}

}  // namespace mayfly::lab::rest
