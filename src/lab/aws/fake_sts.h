#pragma once

// STS over the query protocol, Version 2011-06-15: AssumeRoleWithWebIdentity (unsigned) and
// GetCallerIdentity. Not thread-safe: FakeAws holds its mutex around it.

#include <map>
#include <string>

#include "lab/aws/aws_fault.h"
#include "lab/aws/aws_options.h"
#include "lab/aws/query_form.h"
#include "seam/entropy.h"

namespace mayfly::lab {

class FakeSts {
 public:
  explicit FakeSts(Entropy& entropy) : entropy_(entropy) {}

  // The <...Result> element. The keys it answers with are good from then on.
  [[nodiscard]] Answer<std::string> assume_role(const QueryForm& form,
                                                const FakeAwsOptions& options, WallTime now);
  [[nodiscard]] static Answer<std::string> caller_identity(const QueryForm& form,
                                                           const AccessKey& key,
                                                           const FakeAwsOptions& options);
  // nullptr: never issued.
  [[nodiscard]] const AccessKey* find(const std::string& id) const;

 private:
  Entropy& entropy_;
  std::map<std::string, AccessKey> issued_;
};

}  // namespace mayfly::lab
