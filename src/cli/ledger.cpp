#include "aws/credentials.h"
#include "base/text.h"
#include "cli/process.h"
#include "dynamo/dynamo_ledger.h"
#include "ledger/sqlite_ledger.h"

namespace mayfly::cli {
namespace {

constexpr Millis k_look_patience = Seconds{10};

// A table, and what it is reached by.
struct TableLedger {
  TableLedger(Process& process, const Config& config)
      : credentials({process.environment, process.transport, process.clock}, config.aws.region),
        sender(process.transport, credentials, process.clock,
               aws::endpoint_for(process.environment, "dynamodb", config.aws.region)),
        client(sender, config.ledger_table),
        ledger(client, process.clock, process.entropy) {}

  aws::CredentialsChain credentials;
  aws::SignedSender sender;
  aws::DynamoDbClient client;
  DynamoLedger ledger;
};

}  // namespace

Result<std::shared_ptr<Ledger>> open_ledger(Process& process, const Config& config) {
  if (!config.ledger_table.empty()) {
    const auto table = std::make_shared<TableLedger>(process, config);
    return std::shared_ptr<Ledger>(table, &table->ledger);
  }
  TRY_ASSIGN(auto file, SqliteLedger::open(config.ledger_path));
  return std::shared_ptr<Ledger>(std::move(file));
}

std::optional<Finding> look_at_table(Process& process, const Config& config) {
  if (config.ledger_table.empty()) return std::nullopt;
  TableLedger table(process, config);
  Finding finding{Finding::Level::ok, "ledger: table " + config.ledger_table, {}, {}};
  const auto status = table.client.table_status(process.clock.steady() + k_look_patience);
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
