#include "aws/credentials_metadata.h"
#include "aws/credentials_sources.h"
#include "base/text.h"

namespace mayfly::aws {
namespace {

constexpr int k_tries = 3;
constexpr std::string_view k_usual_endpoint = "http://169.254.169.254";
constexpr std::string_view k_role_path = "/latest/meta-data/iam/security-credentials/";
constexpr std::string_view k_role_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+=,.@_-";

class ImdsSource : public CredentialsSource {
 public:
  explicit ImdsSource(const CredentialsSeams& seams) : seams_(seams) {}

  [[nodiscard]] std::string_view name() const override { return "instance role (IMDSv2)"; }

  [[nodiscard]] Result<std::optional<Credentials>> fetch(SteadyTime deadline) override {
    if (to_lower(seams_.environment.variable("AWS_EC2_METADATA_DISABLED").value_or("")) == "true")
      return std::nullopt;
    const auto token = fetch_token(deadline);
    if (!token) return std::nullopt;
    TRY_ASSIGN(const auto role, fetch_role(*token, deadline));
    if (!role) return std::nullopt;
    TRY_ASSIGN(const auto response, get(std::string(k_role_path) + *role, *token, deadline));
    return read_metadata_credentials(response, "imds");
  }

 private:
  std::string base() {
    std::string url = seams_.environment.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT")
                          .value_or(std::string(k_usual_endpoint));
    while (url.ends_with('/')) url.pop_back();
    return url;
  }

  // One try: away from EC2 nothing answers at this address, and that must not cost much.
  std::optional<std::string> fetch_token(SteadyTime deadline) {
    HttpRequest request;
    request.method = "PUT";
    request.url = base() + "/latest/api/token";
    request.headers.add("X-aws-ec2-metadata-token-ttl-seconds", "21600");
    const auto response = send_locally(seams_, request, 1, deadline);
    if (!response || !response->ok()) return std::nullopt;
    const std::string token(trim(response->body));
    if (token.empty() || token.find_first_of("\r\n") != std::string::npos) return std::nullopt;
    return token;
  }

  Result<HttpResponse> get(const std::string& path, const std::string& token, SteadyTime deadline) {
    HttpRequest request;
    request.url = base() + path;
    request.headers.add("X-aws-ec2-metadata-token", token);
    auto response = send_locally(seams_, request, k_tries, deadline);
    if (!response) return fail(Code::aws_unavailable, response.error().message);
    return response;
  }

  // none: the instance has no role.
  Result<std::optional<std::string>> fetch_role(const std::string& token, SteadyTime deadline) {
    TRY_ASSIGN(const auto response, get(std::string(k_role_path), token, deadline));
    if (response.status == 404) return std::nullopt;
    if (!response.ok())
      return fail(Code::aws_unavailable, "HTTP " + std::to_string(response.status));
    const std::string role(trim(response.body.substr(0, response.body.find('\n'))));
    if (role.empty()) return std::nullopt;
    if (!is_all_of(role, k_role_alphabet))
      return fail(Code::aws_credentials, "IMDS names a role that cannot be: " + printable(role));
    return role;
  }

  CredentialsSeams seams_;
};

}  // namespace

std::unique_ptr<CredentialsSource> imds_source(const CredentialsSeams& seams) {
  return std::make_unique<ImdsSource>(seams);
}

}  // namespace mayfly::aws
