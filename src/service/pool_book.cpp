#include "service/pool_book.h"

#include "aws/fleet_error.h"

namespace mayfly {
namespace {

constexpr const char* k_fact = "pools";

bool is_exhaustion(const aws::FleetError& error) {
  return !error.instance_type.empty() && !error.subnet_id.empty() &&
         aws::interpret(error).code == Code::no_capacity;
}

}  // namespace

Result<PoolMemory> remembered_pools(Ledger& ledger) {
  TRY_ASSIGN(const auto fact, ledger.fact(k_fact));
  return PoolMemory::from_text(fact.value_or(""));
}

PoolMemory PoolBook::read() {
  auto memory = remembered_pools(seams_.ledger);
  if (memory) return std::move(*memory);
  seams_.log.warning("pools-not-read", {{"reason", memory.error().message}});
  return {};
}

void PoolBook::write(PoolMemory memory, const PoolMemory& before) {
  memory.forget_old(seams_.clock.wall());
  if (memory == before) return;
  if (auto written = seams_.ledger.set_fact(k_fact, memory.to_text()); !written)
    seams_.log.warning("pools-not-written", {{"reason", written.error().message}});
}

std::vector<Pool> PoolBook::usable(const std::vector<Pool>& pools) {
  return pools.size() < 2 ? pools : read().usable(pools, seams_.clock.wall());
}

void PoolBook::note(const aws::FleetResult& answer, aws::Market asked) {
  const bool on_demand = asked == aws::Market::on_demand;
  const PoolMemory before = read();
  PoolMemory memory = before;
  for (const aws::FleetError& error : answer.errors) {
    if (!is_exhaustion(error)) continue;
    const Pool pool{error.instance_type, error.subnet_id, on_demand};
    memory.note_exhausted(pool, seams_.clock.wall());
    seams_.log.info("pool-exhausted", {{"type", pool.instance_type},
                                       {"subnet", pool.subnet},
                                       {"market", std::string(aws::to_string(asked))}});
  }
  for (const aws::LaunchedInstance& machine : answer.instances)
    memory.note_launched({machine.instance_type, machine.subnet_id, on_demand});
  write(std::move(memory), before);
}

void PoolBook::note_interrupted(const Pool& pool) {
  if (pool.instance_type.empty() || pool.subnet.empty()) return;
  const PoolMemory before = read();
  PoolMemory memory = before;
  memory.note_interrupted(pool, seams_.clock.wall());
  seams_.log.warning("pool-interrupted", {{"type", pool.instance_type}, {"subnet", pool.subnet}});
  write(std::move(memory), before);
}

}  // namespace mayfly
