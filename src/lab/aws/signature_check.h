#pragma once

// Whether a request carries a valid AWS Signature Version 4. The signature is computed again with
// aws/sigv4.h from the request as it arrived. Stricter than AWS: Host and every X-Amz- header that
// came must be among those that are signed.

#include <functional>
#include <string>
#include <string_view>

#include "aws/sigv4.h"
#include "base/time.h"
#include "lab/aws/aws_fault.h"
#include "lab/aws/aws_options.h"
#include "seam/http_message.h"

namespace mayfly::lab {

enum class AwsService { ec2, sts, ssm, dynamodb };
[[nodiscard]] std::string_view to_string(AwsService service);

using FindKey = std::function<const AccessKey*(const std::string& id)>;

// The key that signed it. Refusals are worded as the service words them; DynamoDB as SSM:
//                     ec2                    sts                     ssm
//   not signed        MissingAuthenticationToken (all three)
//   cannot be read    AuthFailure            IncompleteSignature     IncompleteSignatureException
//   unknown key       AuthFailure            InvalidClientTokenId    UnrecognizedClientException
//   session is over   RequestExpired         ExpiredToken            ExpiredTokenException
//   clock skew        RequestExpired         RequestExpired          InvalidSignatureException
//   does not match    SignatureDoesNotMatch  SignatureDoesNotMatch   InvalidSignatureException
[[nodiscard]] Answer<const AccessKey*> check_signature(const HttpRequest& request,
                                                       AwsService service,
                                                       const std::string& region,
                                                       const FindKey& find_key, WallTime now,
                                                       aws::SigningKeys& keys);

}  // namespace mayfly::lab
