#include "lab/machine/model_machine.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <tuple>

#include "base/digest.h"
#include "base/text.h"
#include "lab/machine/claim_text.h"

namespace mayfly::lab {
namespace {

constexpr int k_slow = 10;
constexpr Millis k_timer_max = std::chrono::hours{12};
constexpr Millis k_skew_max{120'000};
constexpr int k_clock_tries = 30;

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
  if (options.arms_timer) timer_ = due_ + k_timer_max;
  if (behaviour_ == Behaviour::clock_off) draw_wrong_clock();
}

std::optional<SteadyTime> ModelMachine::due() const {
  if (is_off() || is_stopped_ || behaviour_ == Behaviour::dead) return std::nullopt;
  if (stage_ == Stage::stuck) return timer_;
  return timer_ ? std::min(due_, *timer_) : due_;
}

void ModelMachine::step() {
  const auto at = due();
  if (!at || *at > seams_.clock.steady()) return;
  if (timer_ && *timer_ <= seams_.clock.steady()) return time_out();
  switch (stage_) {
    case Stage::boot:
      return boot();
    case Stage::clock:
      return check_clock();
    case Stage::install:
      return install();
    case Stage::claim:
      return claim();
    case Stage::connect:
      return connect();
    case Stage::listen:
      return listen();
    case Stage::ask:
      return ask_admission();
    case Stage::refuse:
      return refuse_job();
    case Stage::work:
      return work();
    case Stage::after:
      return poll_on();
    case Stage::stuck:
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
  stage_ = Stage::off;
}

// A machine that is stuck is switched off all the same, and cannot tell.
void ModelMachine::time_out() {
  if (options_.counts != nullptr) ++options_.counts->timers_fired;
  power_off(stage_ == Stage::stuck ? "" : "stopped by a signal");
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
  TRY_ASSIGN(const std::string own_id, imds("instance-id"));
  TRY_ASSIGN(const std::string expires_at, imds("tags/instance/mayfly:expires-at"));
  const auto seconds = parse_int(expires_at);
  if (own_id != id_.text || !seconds) return fail(Code::internal, "a tag is malformed");
  expires_at_ = wall_from_epoch_seconds(*seconds);
  arm_deadline();
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
  if (options_.checks_clock || behaviour_ == Behaviour::clock_off)
    return go(Stage::clock, Millis{0});
  say_booted();
}

void ModelMachine::arm_deadline() {
  if (!timer_) return;
  const std::int64_t left = epoch_seconds(expires_at_) - epoch_seconds(wall());
  const Millis minutes = std::chrono::minutes{left / 60};
  timer_ =
      seams_.clock.steady() + std::clamp<Millis>(minutes, std::chrono::minutes{1}, k_timer_max);
}

WallTime ModelMachine::wall() {
  return seams_.clock.wall() + (is_clock_right() ? Millis{0} : skew_);
}

bool ModelMachine::is_clock_right() {
  return !clock_right_at_ || *clock_right_at_ <= seams_.clock.steady();
}

void ModelMachine::check_clock() {
  const auto answer = call({"GET", api_ + "/v1/leases/" + lease_, {}, {}, {}});
  const Millis skew = wall() - seams_.clock.wall();
  if (!answer || abs(skew) > k_skew_max) {
    if (++clock_tries_ < k_clock_tries) return go(Stage::clock, options_.retry);
    const auto seconds = std::chrono::duration_cast<Seconds>(skew).count();
    return power_off(!answer ? "clock: no date from the service"
                             : "clock: clock is off by " + std::to_string(seconds) + " seconds");
  }
  arm_deadline();
  say_booted();
}

void ModelMachine::say_booted() {
  if (!misbehave(Moment::metadata_read)) return;
  learn_lease(report("booted", id_.text));
  report("runner-downloading");
  go(Stage::install, options_.install);
}

void ModelMachine::install() {
  report("runner-ready");
  report("claiming");
  claim_key_ = seams_.entropy.hex(16);
  if (!misbehave(Moment::claiming)) return;
  go(Stage::claim, Millis{0});
}

void ModelMachine::claim() {
  const auto answer = attempt({lease_, id_.text, claim_key_});
  if (may_come_later(answer)) {
    const Millis wait = answer ? retry_after(*answer, options_.claim_retry) : options_.claim_retry;
    return try_again(wait, options_.claim_limit, "claim: no answer");
  }
  if (answer->status != 200)
    return power_off("claim: refused with status " + std::to_string(answer->status));
  if (!take_claim(answer->body)) return power_off("claim: the answer is malformed");
  has_claimed_ = true;
  report("runner-started");
  if (!misbehave(Moment::claimed)) return;
  go(Stage::connect, Millis{0});
}

Result<HttpResponse> ModelMachine::attempt(const Claim& claim) {
  auto answer =
      post("/v1/claims",
           json::serialize(json::object{
               {"lease", claim.lease}, {"instance_id", claim.instance}, {"claim_key", claim.key}}),
           nonce_);
  if (is_stopped_) return answer;
  const bool is_own = claim.lease == lease_ && claim.instance == id_.text;
  const bool is_accepted = answer && answer->status == 200;
  if (ModelCounts* counts = options_.counts) {
    ++counts->claims;
    counts->claims_repeated += is_own && has_claimed_;
    counts->claims_for_others += !is_own;
    counts->hostile_accepted += is_accepted && (!is_own || has_claimed_);
  }
  if (!options_.on_claim) return answer;
  const auto text = is_accepted ? parse_claim_text(answer->body) : std::nullopt;
  options_.on_claim({.by = id_,
                     .own_lease = lease_,
                     .lease = claim.lease,
                     .instance = claim.instance,
                     .key = claim.key,
                     .nonce = nonce_,
                     .status = answer ? answer->status : 0,
                     .body_sha256 = answer ? sha256_hex(answer->body) : "",
                     .runner_name = text ? text->runner_name : ""});
  return answer;
}

bool ModelMachine::take_claim(const std::string& answer) {
  const auto claim = parse_claim_text(answer);
  if (!claim) return false;
  if (parse_lease_id(claim->lease)) lease_ = claim->lease;
  repository_ = claim->repository;
  run_id_ = claim->run_id;
  is_shared_ = claim->is_shared;
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
  if (!misbehave(Moment::online)) return;
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
  tell_of_job("started", "");
  job_run_ = json_int(job, "run_id").value_or(0);
  job_duration_ = options_.job.value_or(Millis(json_int(job, "duration_ms").value_or(0)));
  const bool is_of_repository =
      to_lower(json_string(job, "repository").value_or("")) == repository_;
  if (!is_of_repository || (!is_shared_ && job_run_ != run_id_))
    return go(Stage::refuse, options_.hook);
  if (!is_shared_) return start_job();
  go(Stage::ask, Millis{0});
}

// As the hook does where labels are shared.
void ModelMachine::ask_admission() {
  const json::object event = {{"event", "job-found"}, {"detail", std::to_string(job_run_)}};
  const auto answer = post("/v1/leases/" + lease_ + "/events", json::serialize(event), claim_key_);
  if (answer && answer->ok()) {
    if (answer->body == "admit yes\n") return start_job();
    return go(Stage::refuse, Millis{0});
  }
  if (job_run_ == run_id_) return start_job();
  if (seams_.clock.steady() - stage_since_ > options_.admission_limit)
    return go(Stage::refuse, Millis{0});
  go(Stage::ask, options_.retry);
}

void ModelMachine::start_job() {
  report("job-started");
  job_ends_ = seams_.clock.steady() + job_duration_;
  if (!misbehave(Moment::job_begun)) return;
  go(Stage::work, std::min(options_.heartbeat, job_ends_ - seams_.clock.steady()));
}

void ModelMachine::tell_of_job(const std::string& event, const std::string& conclusion) {
  std::ignore = github(
      "job",
      {{"session", session_}, {"job_id", job_id_}, {"event", event}, {"conclusion", conclusion}});
}

void ModelMachine::refuse_job() {
  tell_of_job("completed", "failure");
  power_off("hook: refused a job of another run");
}

// A job that was cancelled, or a runner that GitHub has given up, shows in the answer to a poll.
void ModelMachine::work() {
  if (seams_.clock.steady() >= job_ends_) return end_job();
  if (options_.counts != nullptr) ++options_.counts->heartbeats;
  const auto answer = github("poll", {{"session", session_}});
  if (!may_come_later(answer) && !answer->ok()) return end_job();
  const Millis left = std::max(Millis{0}, job_ends_ - seams_.clock.steady());
  go(Stage::work, std::min(options_.heartbeat, left));
}

void ModelMachine::end_job() {
  if (!misbehave(Moment::job_ending)) return;
  report("job-completed");
  tell_of_job("completed", "success");
  if (!misbehave(Moment::job_done)) return;
  report("runner-exited", "status 0");
  power_off();
}

void ModelMachine::poll_on() {
  std::ignore = github("poll", {{"session", session_}});
  go(Stage::after, options_.heartbeat);
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

Result<HttpResponse> ModelMachine::post(const std::string& path, const std::string& body,
                                        const std::string& nonce) {
  return call({.method = "POST",
               .url = api_ + path,
               .headers = {{"Content-Type", "application/json"}, {"X-Mayfly-Claim", nonce}},
               .body = body});
}

Result<HttpResponse> ModelMachine::github(const std::string& path, json::object body) {
  return call({.method = "POST",
               .url = server_ + "/_runner/" + path,
               .headers = {{"Content-Type", "application/json"}, {"User-Agent", "model-runner"}},
               .body = json::serialize(body)});
}

std::string ModelMachine::report(const std::string& event, const std::string& detail) {
  if (api_.empty()) return {};
  const auto answer = post("/v1/leases/" + lease_ + "/events",
                           json::serialize(json::object{{"event", event}, {"detail", detail}}),
                           has_claimed_ ? claim_key_ : nonce_);
  return answer && answer->ok() ? answer->body : std::string();
}

// Of a batch all machines have the tags of the first.
void ModelMachine::learn_lease(const std::string& answer) {
  if (const std::string own = own_lease_in(answer); parse_lease_id(own)) lease_ = own;
}

}  // namespace mayfly::lab
