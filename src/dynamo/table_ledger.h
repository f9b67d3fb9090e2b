#pragma once

// A DynamoDB ledger and all that it stands on, over the seams: credentials, signing, the client.
// The endpoint is AWS_ENDPOINT_URL_DYNAMODB's or AWS_ENDPOINT_URL's, else the region's own. Nothing
// is asked before the first use. Thread rule: safe from many threads.

#include <string>

#include "aws/credentials.h"
#include "aws/dynamodb.h"
#include "dynamo/dynamo_ledger.h"
#include "seam/environment.h"
#include "seam/transport.h"

namespace mayfly {

struct TableSeams {
  Clock& clock;
  Entropy& entropy;
  Environment& environment;
  HttpTransport& transport;
};

class TableLedger {
 public:
  TableLedger(const TableSeams& seams, const std::string& region, const std::string& table)
      : credentials_({seams.environment, seams.transport, seams.clock}, region),
        sender_(seams.transport, credentials_, seams.clock,
                aws::endpoint_for(seams.environment, "dynamodb", region)),
        client_(sender_, table),
        ledger_(client_, seams.clock, seams.entropy) {}

  [[nodiscard]] DynamoLedger& ledger() { return ledger_; }
  [[nodiscard]] aws::DynamoDbClient& client() { return client_; }

 private:
  aws::CredentialsChain credentials_;
  aws::SignedSender sender_;
  aws::DynamoDbClient client_;
  DynamoLedger ledger_;
};

}  // namespace mayfly
