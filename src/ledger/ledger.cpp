#include "ledger/ledger.h"

namespace mayfly {

Result<Lease> Ledger::update(const Lease& lease, const std::vector<LeaseEvent>& events,
                             const std::optional<MachineRecord>& machine) {
  TRY_ASSIGN(std::vector<Lease> written, update_all({{lease, events, machine}}));
  return std::move(written.front());
}

bool breaks_batch(const std::vector<Lease>& asked, const std::vector<Reservation>& reservations) {
  for (std::size_t i = 0; i < asked.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (!asked[i].launch.batch.empty() && asked[i].launch.batch == asked[j].launch.batch &&
          reservations[i].is_new != reservations[j].is_new)
        return true;
  return false;
}

std::map<LeaseId, const Lease*> settled_in(const std::vector<Lease>& known) {
  std::map<LeaseId, const Lease*> settled;
  for (const Lease& lease : known)
    if (!is_live(lease.state)) settled.emplace(lease.id, &lease);
  return settled;
}

}  // namespace mayfly
