#include "lab/aws/fake_aws.h"

#include "base/text.h"
#include "lab/aws/aws_envelope.h"
#include "lab/aws/aws_state.h"
#include "lab/aws/ec2_actions.h"
#include "lab/aws/fake_ssm.h"

namespace mayfly::lab {
namespace {

constexpr std::string_view k_state_path = "/_emulator/aws/state";
constexpr std::string_view k_ec2_version = "2016-11-15";
constexpr std::string_view k_sts_version = "2011-06-15";
constexpr std::string_view k_dynamodb_target = "DynamoDB_20120810.";
constexpr std::size_t k_body_max = 5 * 1024 * 1024;  // a transaction may be 4 MB

AwsFault throttled() { return {503, "RequestLimitExceeded", "Request limit exceeded."}; }

// A listing that neither filters nor pages draws on a smaller bucket.
Bucket bucket_for(const Ec2Action& action, const QueryForm& form) {
  const bool narrowed = form.has("Filter.1.Name") || form.has("MaxResults") ||
                        form.has("InstanceId.1") || form.has("ImageId.1");
  const bool listing = action.name == "DescribeInstances" || action.name == "DescribeImages";
  return listing && !narrowed ? Bucket::unfiltered : action.bucket;
}

}  // namespace

FakeAws::FakeAws(Clock& clock, Entropy& entropy, FakeAwsOptions options)
    : entropy_(entropy), world_(clock, entropy, std::move(options)), sts_(entropy) {}

HttpResponse FakeAws::handle(const HttpRequest& request) {
  const std::lock_guard lock(mutex_);
  world_.settle();
  const std::string_view path = std::string_view(request.url).substr(0, request.url.find('?'));
  if (path == k_state_path && request.method == "GET") return state_response(world_);
  if (path != "/" || request.method != "POST" || request.body.size() > k_body_max)
    return bad_answer(AwsService::ec2,
                      {400, "InvalidRequest", "The emulated AWS takes POST / of at most 5 MiB"},
                      request_id());
  const auto target = request.headers.find("X-Amz-Target");
  return target ? handle_json(request, *target) : handle_query(request);
}

HttpResponse FakeAws::handle_json(const HttpRequest& request, std::string_view target) {
  const bool is_dynamodb = target.starts_with(k_dynamodb_target);
  const AwsService service = is_dynamodb ? AwsService::dynamodb : AwsService::ssm;
  const auto answer = is_dynamodb ? dynamodb(request) : ssm(request);
  return answer ? good_answer(service, "", *answer, request_id())
                : bad_answer(service, answer.error(), request_id());
}

HttpResponse FakeAws::handle_query(const HttpRequest& request) {
  const auto form = QueryForm::parse(request.body);
  if (!form) return bad_answer(AwsService::ec2, form.error(), request_id());
  const bool is_sts = form->text("Version") == k_sts_version;
  const AwsService service = is_sts ? AwsService::sts : AwsService::ec2;
  const auto answer = is_sts ? sts(request, *form) : ec2(request, *form);
  return answer ? good_answer(service, form->text("Action"), *answer, request_id())
                : bad_answer(service, answer.error(), request_id());
}

Answer<std::string> FakeAws::ec2(const HttpRequest& request, const QueryForm& form) {
  TRY(authenticate(request, AwsService::ec2));
  const std::string name = form.text("Action");
  const Ec2Action* action = find_ec2_action(name);
  if (action == nullptr || form.text("Version") != k_ec2_version)
    return refuse("InvalidAction",
                  "The action " + printable(name) + " is not valid for this web service.");
  TRY(check_parameters(*action, form));
  if (world_.options.throttling && !throttle_.take(bucket_for(*action, form), 1, world_.steady()))
    return fail(throttled());
  if (world_.options.denied_actions.contains("ec2:" + name))
    return refuse(403, "UnauthorizedOperation",
                  "You are not authorized to perform this operation. Encoded authorization failure "
                  "message: emulated-" +
                      name);
  TRY_ASSIGN(const bool dry_run, form.flag("DryRun", false));
  if (dry_run)
    return refuse(412, "DryRunOperation", "Request would have succeeded, but DryRun flag is set.");
  return action->run({form, world_, throttle_});
}

Answer<std::string> FakeAws::sts(const HttpRequest& request, const QueryForm& form) {
  const std::string name = form.text("Action");
  if (world_.options.denied_actions.contains("sts:" + name))
    return refuse(403, "AccessDenied", "Not authorized to perform sts:" + printable(name));
  if (name == "AssumeRoleWithWebIdentity")
    return sts_.assume_role(form, world_.options, world_.wall());
  TRY_ASSIGN(const AccessKey* key, authenticate(request, AwsService::sts));
  if (name == "GetCallerIdentity") return FakeSts::caller_identity(form, *key, world_.options);
  return refuse("InvalidAction",
                "Could not find operation " + printable(name) + " for version 2011-06-15");
}

Answer<std::string> FakeAws::ssm(const HttpRequest& request) {
  TRY(authenticate(request, AwsService::ssm));
  if (request.headers.find("Content-Type") != "application/x-amz-json-1.1")
    return refuse(415, "UnsupportedMediaType", "Content-Type must be application/x-amz-json-1.1");
  return answer_ssm(*request.headers.find("X-Amz-Target"), request.body, world_.options);
}

Answer<std::string> FakeAws::dynamodb(const HttpRequest& request) {
  TRY(authenticate(request, AwsService::dynamodb));
  if (request.headers.find("Content-Type") != "application/x-amz-json-1.0")
    return refuse(415, "UnsupportedMediaType", "Content-Type must be application/x-amz-json-1.0");
  const std::string_view target = *request.headers.find("X-Amz-Target");
  return dynamodb_.answer(target.substr(k_dynamodb_target.size()), request.body, world_.options,
                          world_.steady(), world_.wall());
}

Answer<const AccessKey*> FakeAws::authenticate(const HttpRequest& request, AwsService service) {
  const auto find_key = [this](const std::string& id) -> const AccessKey* {
    for (const AccessKey& key : world_.options.keys)
      if (key.id == id) return &key;
    return sts_.find(id);
  };
  return check_signature(request, service, world_.options.region, find_key, world_.wall(),
                         signing_keys_[service]);
}

std::string FakeAws::request_id() {
  std::string id = entropy_.hex(16);
  for (const std::size_t at : {8u, 13u, 18u, 23u}) id.insert(at, "-");
  return id;
}

void FakeAws::advance() {
  std::vector<MachineEvent> events;
  {
    const std::lock_guard lock(mutex_);
    world_.settle();
    events = world_.take_events();
  }
  if (observer_ == nullptr) return;
  for (const MachineEvent& event : events) {
    if (const auto* started = std::get_if<MachineStarted>(&event)) {
      observer_->on_running(started->machine);
    } else {
      observer_->on_stopping(std::get<MachineStopping>(event).id);
    }
  }
}

std::optional<SteadyTime> FakeAws::next_change() {
  const std::lock_guard lock(mutex_);
  return world_.next_change();
}

void FakeAws::power_off(const InstanceId& id) {
  const std::lock_guard lock(mutex_);
  world_.settle();
  world_.power_off(id);
}

void FakeAws::hide(const InstanceId& id, Millis d) {
  const std::lock_guard lock(mutex_);
  world_.settle();
  world_.hide(id, d);
}

bool FakeAws::interrupt(const InstanceId& id, bool with_notice) {
  const std::lock_guard lock(mutex_);
  world_.settle();
  return world_.interrupt(id, with_notice);
}

void FakeAws::configure(const std::function<void(FakeAwsOptions&)>& change) {
  const std::lock_guard lock(mutex_);
  world_.settle();
  change(world_.options);
}

bool FakeAws::drain(std::string_view action, std::int64_t tokens) {
  const std::lock_guard lock(mutex_);
  const Ec2Action* found = find_ec2_action(action);
  if (found == nullptr) return false;
  throttle_.drain(found->bucket, tokens, world_.steady());
  return true;
}

void FakeAws::for_each_instance(const std::function<void(const FakeInstance&)>& fn) {
  const std::lock_guard lock(mutex_);
  world_.settle();
  for (const auto& [id, instance] : world_.instances) fn(instance);
}

std::uint64_t FakeAws::change_count() {
  const std::lock_guard lock(mutex_);
  world_.settle();
  return world_.changes;
}

Money FakeAws::price_per_hour(const Pool& pool) {
  const std::lock_guard lock(mutex_);
  return world_.price_per_hour(pool);
}

std::string FakeAws::region() {
  const std::lock_guard lock(mutex_);
  return world_.options.region;
}

std::optional<FakeInstance> FakeAws::find(const InstanceId& id) {
  const std::lock_guard lock(mutex_);
  world_.settle();
  const FakeInstance* found = world_.find(id);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

std::vector<FakeInstance> FakeAws::instances() {
  const std::lock_guard lock(mutex_);
  world_.settle();
  std::vector<FakeInstance> out;
  for (const auto& [id, instance] : world_.instances) out.push_back(instance);
  return out;
}

Money FakeAws::spent() {
  const std::lock_guard lock(mutex_);
  world_.settle();
  return world_.spent();
}

}  // namespace mayfly::lab
