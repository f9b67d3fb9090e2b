#include <algorithm>
#include <set>

#include "aws/ec2_call.h"
#include "base/text.h"

namespace mayfly::aws {
namespace {

using Batch = std::vector<InstanceId>;

constexpr std::size_t k_batch_max = 1000;
constexpr std::string_view k_id_alphabet =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
// Every word of the message that looks like an id.
std::set<std::string> ids_in(std::string_view message) {
  std::set<std::string> ids;
  for (std::size_t at = message.find("i-"); at != std::string_view::npos;
       at = message.find("i-", at + 1)) {
    const std::size_t end = std::min(message.find_first_not_of(k_id_alphabet, at), message.size());
    ids.emplace(message.substr(at, end - at));
  }
  return ids;
}

// These say nothing about any one id: the whole call may be repeated, or cannot be made at all.
bool concerns_the_call(const Error& error) {
  return error.kind() == ErrorKind::throttled || error.kind() == ErrorKind::unavailable ||
         error.kind() == ErrorKind::ambiguous || error.kind() == ErrorKind::internal ||
         error.code == Code::aws_credentials;
}

class Termination {
 public:
  Termination(SignedSender& sender, SteadyTime deadline) : sender_(sender), deadline_(deadline) {}

  void add(Batch batch) { pending_.push_back(std::move(batch)); }

  Result<std::vector<TerminationRefusal>> run() {
    while (!pending_.empty()) {
      const Batch batch = std::move(pending_.back());
      pending_.pop_back();
      terminate(batch);
    }
    if (whole_) return fail(std::move(*whole_));
    return std::move(refusals_);
  }

 private:
  void terminate(const Batch& batch) {
    QueryForm form = ec2_form("TerminateInstances");
    std::vector<std::string> ids;
    for (const InstanceId& id : batch) ids.push_back(id.text);
    const HttpRequest request =
        form_request(sender_.endpoint(),
                     form.add_list("InstanceId", ids).add_bool("SkipOsShutdown", true).body());
    auto answer = exchange(sender_, request, action_, deadline_);
    if (!answer) return note(answer.error());
    if (answer->failure) return after_failure(batch, *answer->failure);
    if (auto parsed = ec2_parse(action_, answer->body); !parsed) note(parsed.error());
  }

  void after_failure(const Batch& batch, const AwsFailure& failure) {
    Error error = interpret(failure, action_.name);
    if (concerns_the_call(error)) return note(std::move(error));
    if (failure.code.starts_with("InvalidInstanceID") && drop_named(batch, failure, error)) return;
    if (batch.size() == 1) return refuse(batch.front(), error);
    // Which one it is, the message does not say. Halves find it in few calls.
    const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
    add(Batch(middle, batch.end()));
    add(Batch(batch.begin(), middle));
  }

  bool drop_named(const Batch& batch, const AwsFailure& failure, const Error& error) {
    const std::set<std::string> named = ids_in(failure.message);
    Batch rest;
    Batch dropped;
    for (const InstanceId& id : batch) (named.contains(id.text) ? dropped : rest).push_back(id);
    for (const InstanceId& id : dropped) refuse(id, error);
    if (!dropped.empty() && !rest.empty()) add(std::move(rest));
    return !dropped.empty();
  }

  void refuse(const InstanceId& id, const Error& error) {
    if (error.code != Code::aws_not_found) refusals_.push_back({id, error});
  }

  void note(Error error) {
    if (!whole_) whole_ = std::move(error);
  }

  SignedSender& sender_;
  SteadyTime deadline_;
  Action action_ = ec2_change("TerminateInstances");
  std::vector<Batch> pending_;
  std::vector<TerminationRefusal> refusals_;
  std::optional<Error> whole_;
};

}  // namespace

Result<std::vector<TerminationRefusal>> Ec2Client::terminate_instances(
    const std::vector<InstanceId>& ids, SteadyTime deadline) {
  Termination termination(sender_, deadline);
  for (std::size_t begin = 0; begin < ids.size(); begin += k_batch_max) {
    const std::size_t end = std::min(begin + k_batch_max, ids.size());
    termination.add(Batch(ids.begin() + static_cast<std::ptrdiff_t>(begin),
                          ids.begin() + static_cast<std::ptrdiff_t>(end)));
  }
  return termination.run();
}

Status Ec2Client::may_terminate(SteadyTime deadline, const InstanceId& id) {
  QueryForm form = ec2_form("TerminateInstances");
  form.add("InstanceId.1", id.empty() ? k_no_instance : id.text);
  return ec2_dry_run(sender_, ec2_change("TerminateInstances"), form.body(), true, deadline);
}

}  // namespace mayfly::aws
