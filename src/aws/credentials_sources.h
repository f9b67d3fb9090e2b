#pragma once

// The single places of the credential chain, for the chain and the tests. Each looks anew at every
// fetch: environment and files may change. Sources: facts.md C3.

#include <memory>
#include <string>

#include "aws/credentials.h"

namespace mayfly::aws {

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
[[nodiscard]] std::unique_ptr<CredentialsSource> environment_source(const CredentialsSeams& seams);

// AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN, AWS_ROLE_SESSION_NAME; asks STS.
[[nodiscard]] std::unique_ptr<CredentialsSource> web_identity_source(const CredentialsSeams& seams,
                                                                     const std::string& region);

// Static keys of the profile AWS_PROFILE in AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE. A
// profile that needs more than that (role_arn, SSO, credential_process) is an error, not passed
// over.
[[nodiscard]] std::unique_ptr<CredentialsSource> shared_files_source(const CredentialsSeams& seams);

// ECS tasks and EKS Pod Identity: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI. Plain http
// only to loopback and the documented link-local addresses.
[[nodiscard]] std::unique_ptr<CredentialsSource> container_source(const CredentialsSeams& seams);

// The instance's role, over IMDSv2 only. No answer to the token request means that there is none.
[[nodiscard]] std::unique_ptr<CredentialsSource> imds_source(const CredentialsSeams& seams);

}  // namespace mayfly::aws
