#pragma once

// An emulated AWS account in one region behind one endpoint: EC2 and STS (query protocol), SSM
// (JSON 1.1) and DynamoDB (JSON 1.0), told apart by what the request says. It is stricter than AWS:
// unknown parameters are refused, signatures are computed again, EC2's token buckets hold (facts.md
// B1-B5).
// GET /_emulator/aws/state answers, unsigned, what there is as JSON.
//
// No threads and no clock of its own: state follows the Clock whenever it is called. Observers hear
// of machines from advance() alone, so somebody must call that, from one thread, now and then or
// at next_change(). Thread rule: everything else is safe from many threads.

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "lab/aws/ec2_world.h"
#include "lab/aws/fake_dynamodb.h"
#include "lab/aws/fake_sts.h"
#include "lab/aws/machine_observer.h"
#include "lab/aws/query_form.h"
#include "lab/aws/signature_check.h"
#include "lab/aws/throttle.h"
#include "seam/clock.h"
#include "seam/entropy.h"
#include "seam/http_message.h"

namespace mayfly::lab {

class FakeAws : public HttpService, public MachinePower {
 public:
  FakeAws(Clock& clock, Entropy& entropy, FakeAwsOptions options = {});

  [[nodiscard]] HttpResponse handle(const HttpRequest& request) override;

  // At most one; it must outlive this object or be taken off with nullptr. Before the first call.
  void observe(MachineObserver* observer) { observer_ = observer; }
  // Catches up with the clock and tells the observer what happened since the last time.
  void advance();
  // When something changes by itself next; none: nothing will.
  [[nodiscard]] std::optional<SteadyTime> next_change();

  void power_off(const InstanceId& id) override;
  // Takes a running spot instance back: at once, or after the 2 minutes' notice of which IMDS
  // tells. False when there is no such instance.
  bool interrupt(const InstanceId& id, bool with_notice);
  // Describe, Terminate and Modify do not know it for so long from now (facts.md D20). A longer
  // time that was set before stays.
  void hide(const InstanceId& id, Millis d);
  // Changes what the account has or how it behaves, under the mutex.
  void configure(const std::function<void(FakeAwsOptions&)>& change);
  // Somebody else in the account makes calls of this EC2 action: so many tokens go from its bucket,
  // as far as it holds them. False: there is no such action.
  bool drain(std::string_view action, std::int64_t tokens);

  [[nodiscard]] std::string region();
  [[nodiscard]] std::optional<FakeInstance> find(const InstanceId& id);
  [[nodiscard]] std::vector<FakeInstance> instances();
  // Looks at each, by id, without a copy: under the mutex, so fn must not call back.
  void for_each_instance(const std::function<void(const FakeInstance&)>& fn);
  // Only grows, with each change of what is told of any instance: a new one, state, tags, metadata,
  // a notice of interruption, visibility, an instance forgotten. What visible_at, state_lag and the
  // price do by time alone does not count.
  [[nodiscard]] std::uint64_t change_count();
  [[nodiscard]] Money price_per_hour(const Pool& pool);
  // What all machines have really cost so far: the independent audit of anybody's books.
  [[nodiscard]] Money spent();

 private:
  [[nodiscard]] HttpResponse handle_query(const HttpRequest& request);
  [[nodiscard]] Answer<std::string> ec2(const HttpRequest& request, const QueryForm& form);
  [[nodiscard]] Answer<std::string> sts(const HttpRequest& request, const QueryForm& form);
  [[nodiscard]] HttpResponse handle_json(const HttpRequest& request, std::string_view target);
  [[nodiscard]] Answer<std::string> ssm(const HttpRequest& request);
  [[nodiscard]] Answer<std::string> dynamodb(const HttpRequest& request);
  [[nodiscard]] Answer<const AccessKey*> authenticate(const HttpRequest& request,
                                                      AwsService service);
  [[nodiscard]] std::string request_id();

  Entropy& entropy_;
  MachineObserver* observer_ = nullptr;
  std::mutex mutex_;
  Ec2World world_;
  Throttle throttle_;
  FakeSts sts_;
  FakeDynamoDb dynamodb_;
  std::map<AwsService, aws::SigningKeys> signing_keys_;
};

}  // namespace mayfly::lab
