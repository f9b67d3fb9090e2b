#include "service/interruption_notice.h"

namespace mayfly {

Status note_interruption(const InterruptionNoticeSeams& seams, const InstanceId& instance) {
  TRY_ASSIGN(const auto leases, seams.ledger.live());
  for (const Lease& lease : leases) {
    if (lease.launch.instance_id != instance) continue;
    seams.log.warning(k_interruption_announced,
                      {{"lease", lease.id.text}, {"instance", instance.text}});
    return seams.ledger.append_once({lease.id, seams.clock.wall(), k_interruption_announced,
                                     "EC2 takes " + instance.text + " back within two minutes"});
  }
  seams.log.info("interruption-of-no-lease", {{"instance", instance.text}});
  return {};
}

}  // namespace mayfly
