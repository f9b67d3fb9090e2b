#include "service/stateless_sweep.h"

#include "service/upstream.h"

namespace mayfly {

Result<StatelessReport> stateless_sweep(const std::string& deployment, aws::Ec2Client& ec2,
                                        Clock& clock) {
  aws::DescribeInstances request;
  request.tags = {{k_tag_deployment, deployment}};
  request.states = {aws::InstanceState::pending, aws::InstanceState::running,
                    aws::InstanceState::stopping, aws::InstanceState::stopped};
  TRY_ASSIGN(const auto instances, ec2.describe_instances(request, call_deadline(clock)));
  StatelessReport report;
  std::vector<InstanceId> ids;
  for (const aws::Instance& instance : instances) {
    report.instances += 1;
    const Enforcement why = enforce(instance.tags, clock.wall());
    if (why == Enforcement::keep) continue;
    report.ended.push_back({instance.id, why, ""});
    ids.push_back(instance.id);
  }
  if (ids.empty()) return report;
  TRY_ASSIGN(const auto refusals, ec2.terminate_instances(ids, call_deadline(clock)));
  for (const aws::TerminationRefusal& refusal : refusals)
    for (EnforcedInstance& instance : report.ended)
      if (instance.id == refusal.id) instance.problem = refusal.error.message;
  return report;
}

}  // namespace mayfly
