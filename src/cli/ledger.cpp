#include "base/text.h"
#include "cli/process.h"
#include "dynamo/table_ledger.h"
#include "ledger/sqlite_ledger.h"

namespace mayfly::cli {
namespace {

constexpr Millis k_look_patience = Seconds{10};

TableSeams seams_of(Process& process) {
  return {process.clock, process.entropy, process.environment, process.transport};
}

}  // namespace

Result<std::shared_ptr<Ledger>> open_ledger(Process& process, const Config& config) {
  if (!config.ledger_table.empty()) {
    const auto table =
        std::make_shared<TableLedger>(seams_of(process), config.aws.region, config.ledger_table);
    return std::shared_ptr<Ledger>(table, &table->ledger());
  }
  TRY_ASSIGN(auto file, SqliteLedger::open(config.ledger_path));
  return std::shared_ptr<Ledger>(std::move(file));
}

std::optional<Finding> look_at_table(Process& process, const Config& config) {
  if (config.ledger_table.empty()) return std::nullopt;
  TableLedger table(seams_of(process), config.aws.region, config.ledger_table);
  Finding finding{Finding::Level::ok, "ledger: table " + config.ledger_table, {}, {}};
  const auto status = table.client().table_status(process.clock.steady() + k_look_patience);
  if (status && *status == "ACTIVE") {
    finding.text = "is there, in " + config.aws.region;
    return finding;
  }
  finding.level = Finding::Level::problem;
  finding.text = status ? "is " + printable(*status, 40) : status.error().message;
  finding.remedy = status ? "Wait until it is ACTIVE."
                          : "Correct ledger.table and aws.region, make the table with "
                            "deploy/cloudformation.yaml, or allow dynamodb:DescribeTable.";
  return finding;
}

}  // namespace mayfly::cli
