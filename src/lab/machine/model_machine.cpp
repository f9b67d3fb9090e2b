#include "lab/machine/model_machine.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <tuple>

#include "base/text.h"
#include "lab/machine/claim_text.h"

namespace mayfly::lab {
namespace {

constexpr int k_slow = 10;

Millis retry_after(const HttpResponse& response, Millis otherwise) {
  const auto seconds = parse_int(response.headers.find("Retry-After").value_or(""));
  return seconds && *seconds > 0 && *seconds < 100 ? Millis(Seconds(*seconds)) : otherwise;
}

bool may_come_later(const Result<HttpResponse>& answer) {
  return !answer || answer->status == 429 || answer->status >= 500;
}

}  // namespace

ModelMachine::ModelMachine(const Machine& machine, const ModelOptions& options,
                           const ModelSeams& seams)
    : id_(machine.id),
      behaviour_(options.behaviour ? options.behaviour(machine) : Behaviour::honest),
      options_(options),
      seams_(seams) {
  go(Stage::boot, options.boot * (behaviour_ == Behaviour::slow_boot ? k_slow : 1));
  stage_since_ = due_;
}

std::optional<SteadyTime> ModelMachine::due() const {
  if (is_off() || is_stopped_ || is_stuck_ || behaviour_ == Behaviour::dead) return std::nullopt;
  return due_;
}

void ModelMachine::step() {
  const auto at = due();
  if (!at || *at > seams_.clock.steady()) return;
  switch (stage_) {
    case Stage::boot:
      return boot();
    case Stage::install:
      return install();
    case Stage::claim:
      return claim();
    case Stage::connect:
      return connect();
    case Stage::listen:
      return listen();
    case Stage::work:
      return work();
    case Stage::off:
      return;
  }
}

void ModelMachine::go(Stage stage, Millis in) {
  if (stage != stage_) stage_since_ = seams_.clock.steady();
  stage_ = stage;
  due_ = seams_.clock.steady() + in;
}

void ModelMachine::try_again(Millis in, Millis limit, const std::string& reason) {
  if (seams_.clock.steady() + in - stage_since_ > limit) return power_off(reason);
  go(stage_, in);
}

void ModelMachine::power_off(const std::string& failure) {
  if (!failure.empty()) report("failed", failure);
  if (behaviour_ == Behaviour::never_exits) return get_stuck();
  stage_ = Stage::off;
}

// --- what boot.sh does -------------------------------------------------------------------------

Status ModelMachine::read_metadata() {
  TRY_ASSIGN(const auto token,
             call({.method = "PUT",
                   .url = options_.imds_url + "/" + id_.text + "/latest/api/token",
                   .headers = {{"X-aws-ec2-metadata-token-ttl-seconds", "300"}},
                   .body = {}}));
  if (!token.ok()) return fail(Code::internal, "no token");
  imds_token_ = token.body;
  TRY_ASSIGN(lease_, imds("tags/instance/mayfly:lease"));
  TRY_ASSIGN(nonce_, imds("tags/instance/mayfly:claim"));
  TRY_ASSIGN(api_, imds("tags/instance/mayfly:api"));
  if (!parse_lease_id(lease_)) return fail(Code::internal, "a tag is malformed");
  return {};
}

void ModelMachine::boot() {
  constexpr Millis k_metadata_limit{60'000};
  if (const Status read = read_metadata(); !read)
    return try_again(options_.retry, k_metadata_limit, "metadata: " + read.error().message);
  report("booted", id_.text);
  report("runner-downloading");
  go(Stage::install, options_.install);
}

void ModelMachine::install() {
  report("runner-ready");
  report("claiming");
  claim_key_ = seams_.entropy.hex(16);
  go(Stage::claim, Millis{0});
}

void ModelMachine::claim() {
  const auto answer =
      post("/v1/claims", {{"lease", lease_}, {"instance_id", id_.text}, {"claim_key", claim_key_}});
  if (may_come_later(answer)) {
    const Millis wait = answer ? retry_after(*answer, options_.claim_retry) : options_.claim_retry;
    return try_again(wait, options_.claim_limit, "claim: no answer");
  }
  if (answer->status != 200)
    return power_off("claim: refused with status " + std::to_string(answer->status));
  if (!take_claim(answer->body)) return power_off("claim: the answer is malformed");
  report("runner-started");
  if (behaviour_ == Behaviour::mute_after_claim) return get_stuck();
  go(Stage::connect, Millis{0});
}

bool ModelMachine::take_claim(const std::string& answer) {
  const auto claim = parse_claim_text(answer);
  if (!claim) return false;
  repository_ = claim->repository;
  run_id_ = claim->run_id;
  server_ = claim->server;
  runner_id_ = claim->runner_id;
  secret_ = claim->secret;
  return true;
}

// --- what the runner does ----------------------------------------------------------------------

void ModelMachine::connect() {
  const auto answer = github("session", {{"runner_id", runner_id_}, {"secret", secret_}});
  if (may_come_later(answer))
    return try_again(options_.retry, options_.idle_limit, "run: no GitHub");
  const auto body = parse_json(answer->body);
  if (answer->status != 200 || !body || !body->is_object()) {
    report("runner-exited", "status 0");
    return power_off();
  }
  session_ = json_string(body->get_object(), "session").value_or("");
  if (behaviour_ == Behaviour::hangs) return get_stuck();
  go(Stage::listen, Millis{0});
}

void ModelMachine::listen() {
  const auto answer = github("poll", {{"session", session_}});
  if (may_come_later(answer) || answer->status == 204)
    return try_again(options_.poll, options_.idle_limit, "run: no job");
  const auto body = parse_json(answer->body);
  const json::object* job =
      body && body->is_object() ? json_object(body->get_object(), "job") : nullptr;
  if (answer->status == 200 && job != nullptr) return begin_job(*job);
  report("runner-exited", "status 0");
  power_off();
}

void ModelMachine::begin_job(const json::object& job) {
  job_id_ = json_int(job, "id").value_or(0);
  const auto event = [&](const char* name, const char* conclusion) {
    std::ignore = github(
        "job",
        {{"session", session_}, {"job_id", job_id_}, {"event", name}, {"conclusion", conclusion}});
  };
  event("started", "");
  const bool is_ours = json_int(job, "run_id") == run_id_ &&
                       to_lower(json_string(job, "repository").value_or("")) == repository_;
  if (!is_ours) {
    event("completed", "failure");
    return power_off("hook: refused a job of another run");
  }
  report("job-started");
  job_until_ = seams_.clock.steady() +
               options_.job.value_or(Millis(json_int(job, "duration_ms").value_or(0)));
  misbehave();
  go(Stage::work, Millis{0});
}

// A runner at work is heard of at GitHub; one that GitHub does not know any more (its job was
// cancelled) exits.
void ModelMachine::beat() {
  const auto answer = github("poll", {{"session", session_}});
  if (!answer || answer->ok() || answer->status >= 500 || answer->status == 429) {
    const Millis left = job_until_ - seams_.clock.steady();
    return go(Stage::work, std::clamp(left, Millis{1}, options_.heartbeat));
  }
  report("runner-exited", "status 0");
  power_off();
}

void ModelMachine::work() {
  if (seams_.clock.steady() < job_until_) {
    if (behaviour_ == Behaviour::crashes_in_job) return void(stage_ = Stage::off);
    return beat();
  }
  report("job-completed");
  std::ignore = github("job", {{"session", session_},
                               {"job_id", job_id_},
                               {"event", "completed"},
                               {"conclusion", "success"}});
  report("runner-exited", "status 0");
  power_off();
}

// --- what a hostile job does --------------------------------------------------------------------

void ModelMachine::misbehave() {
  if (behaviour_ == Behaviour::replays_claim) {
    claim_as(lease_, id_.text, claim_key_);
    claim_as(lease_, id_.text, seams_.entropy.hex(16));
  } else if (behaviour_ == Behaviour::claims_for_another && options_.others) {
    for (const auto& [lease, instance] : options_.others()) {
      claim_as(lease, instance, claim_key_);
      claim_as(lease, id_.text, claim_key_);
      claim_as(lease_, instance, claim_key_);
    }
  } else if (behaviour_ == Behaviour::floods_events) {
    flood();
  }
}

void ModelMachine::claim_as(const std::string& lease, const std::string& instance,
                            const std::string& key) {
  std::ignore =
      post("/v1/claims", {{"lease", lease}, {"instance_id", instance}, {"claim_key", key}});
}

void ModelMachine::flood() {
  for (int i = 0; i < options_.flood && !is_stopped_; ++i) {
    switch (i % 4) {
      case 0:
        report("job-started", std::string(200, 'x'));
        break;
      case 1:
        report("no-such-event");
        break;
      case 2:
        report("failed", "line\nbreak and " + std::string(5000, 'x'));
        break;
      default:
        report("booted");
    }
  }
}

// --- calls -------------------------------------------------------------------------------------

Result<HttpResponse> ModelMachine::call(HttpRequest request) {
  if (is_stopped_) return fail(Code::transport_not_sent, "the machine is off");
  return seams_.transport.send(request, seams_.clock.steady() + options_.call_limit);
}

Result<std::string> ModelMachine::imds(const std::string& path) {
  TRY_ASSIGN(auto answer,
             call({.method = "GET",
                   .url = options_.imds_url + "/" + id_.text + "/latest/meta-data/" + path,
                   .headers = {{"X-aws-ec2-metadata-token", imds_token_}},
                   .body = {}}));
  if (answer.status != 200) return fail(Code::internal, "cannot read " + path);
  return std::move(answer.body);
}

Result<HttpResponse> ModelMachine::post(const std::string& path, const json::object& body) {
  return call({.method = "POST",
               .url = api_ + path,
               .headers = {{"Content-Type", "application/json"}, {"X-Mayfly-Claim", nonce_}},
               .body = json::serialize(body)});
}

Result<HttpResponse> ModelMachine::github(const std::string& path, json::object body) {
  return call({.method = "POST",
               .url = server_ + "/_runner/" + path,
               .headers = {{"Content-Type", "application/json"}, {"User-Agent", "model-runner"}},
               .body = json::serialize(body)});
}

void ModelMachine::report(const std::string& event, const std::string& detail) {
  if (api_.empty()) return;
  std::ignore = post("/v1/leases/" + lease_ + "/events", {{"event", event}, {"detail", detail}});
}

}  // namespace mayfly::lab
