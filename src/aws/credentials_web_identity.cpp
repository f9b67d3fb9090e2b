#include "aws/client.h"
#include "aws/credentials_sources.h"
#include "aws/query.h"
#include "aws/xml.h"
#include "base/text.h"

namespace mayfly::aws {
namespace {

class WebIdentitySource : public CredentialsSource {
 public:
  WebIdentitySource(const CredentialsSeams& seams, std::string region)
      : seams_(seams), region_(std::move(region)) {}

  [[nodiscard]] std::string_view name() const override { return "web identity"; }

  [[nodiscard]] Result<std::optional<Credentials>> fetch(SteadyTime deadline) override {
    const auto token_file = seams_.environment.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
    if (!token_file) return std::nullopt;
    const auto role = seams_.environment.variable("AWS_ROLE_ARN");
    if (!role)
      return fail(Code::aws_credentials,
                  "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
    const auto token = seams_.environment.read_file(*token_file);
    if (!token) return fail(Code::aws_credentials, token.error().message);
    return assume(*role, std::string(trim(*token)), deadline);
  }

 private:
  Result<std::optional<Credentials>> assume(const std::string& role, const std::string& token,
                                            SteadyTime deadline) {
    const Action action{"sts:AssumeRoleWithWebIdentity", Protocol::query, false};
    QueryForm form("AssumeRoleWithWebIdentity", "2011-06-15");
    form.add("RoleArn", role)
        .add("RoleSessionName",
             seams_.environment.variable("AWS_ROLE_SESSION_NAME").value_or("mayfly"))
        .add("WebIdentityToken", token);
    const Endpoint endpoint = endpoint_for(seams_.environment, "sts", region_);
    const auto response = seams_.transport.send(form_request(endpoint, form.body()), deadline);
    if (!response) return fail(Code::aws_unavailable, response.error().message);
    if (!response->ok()) return fail(interpret(read_failure(*response, action), action.name));
    return read(response->body);
  }

  static Result<std::optional<Credentials>> read(const std::string& body) {
    TRY_ASSIGN(const XmlAnswer answer, parse_xml(body, "AssumeRoleWithWebIdentityResponse"));
    const pugi::xml_node found =
        answer.root().child("AssumeRoleWithWebIdentityResult").child("Credentials");
    const auto expires_at = parse_iso8601(child_text(found, "Expiration"));
    Credentials credentials{child_text(found, "AccessKeyId"),
                            Secret(child_text(found, "SecretAccessKey")),
                            Secret(child_text(found, "SessionToken")), expires_at, "web identity"};
    if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() ||
        credentials.session_token.empty() || !expires_at)
      return fail(Code::aws_bad_answer, "the answer of STS lacks a key, a token or an expiry");
    return credentials;
  }

  CredentialsSeams seams_;
  std::string region_;
};

}  // namespace

std::unique_ptr<CredentialsSource> web_identity_source(const CredentialsSeams& seams,
                                                       const std::string& region) {
  return std::make_unique<WebIdentitySource>(seams, region);
}

}  // namespace mayfly::aws
