#pragma once

// What the container endpoint and IMDS have in common: short tries, and one form of JSON answer.

#include "aws/credentials.h"

namespace mayfly::aws {

// Each try takes 2 seconds at most and none goes on past the deadline. A status of 500 and above,
// and a transport failure, are tried again; the last outcome is returned.
[[nodiscard]] Result<HttpResponse> send_locally(const CredentialsSeams& seams,
                                                const HttpRequest& request, int tries,
                                                SteadyTime deadline);

// {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}. aws_unavailable for a status of 500
// and above, else aws_credentials. No part of the answer gets into a message.
[[nodiscard]] Result<Credentials> read_metadata_credentials(const HttpResponse& response,
                                                            const std::string& source);

}  // namespace mayfly::aws
