#pragma once

// The outer form of AWS's answers: EC2's XML, STS's XML, SSM's and DynamoDB's JSON,
// good and bad.

#include <string>

#include "lab/aws/aws_fault.h"
#include "lab/aws/signature_check.h"
#include "seam/http_message.h"

namespace mayfly::lab {

// `content` is the inner XML of <ActionResponse>, or the whole JSON.
[[nodiscard]] HttpResponse good_answer(AwsService service, const std::string& action,
                                       const std::string& content, const std::string& request_id);
[[nodiscard]] HttpResponse bad_answer(AwsService service, const AwsFault& fault,
                                      const std::string& request_id);

}  // namespace mayfly::lab
