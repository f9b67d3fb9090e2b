#pragma once

// What a client of AWS stands on, over a scripted conversation: a clock that stands still, two keys
// of which the first may be refused, and the signature.

#include <memory>
#include <string>
#include <vector>

#include "aws/testing.h"
#include "fuzz/conversation.h"

namespace mayfly::fuzz {

struct AwsBench {
  AwsBench(Conversation& wire, const std::string& service)
      : sender(wire, chain, clock,
               {"https://" + service + ".us-east-2.amazonaws.com", "us-east-2", service}) {}

  aws::testing::FakeClock clock;
  aws::CredentialsChain chain{clock,
                              aws::testing::sources(std::make_unique<aws::testing::FixedSource>(
                                  std::vector<std::string>{"AKONE", "AKTWO"}))};
  aws::SignedSender sender;
};

}  // namespace mayfly::fuzz
