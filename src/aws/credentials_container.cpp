#include <array>

#include "aws/credentials_metadata.h"
#include "aws/credentials_sources.h"
#include "base/text.h"
#include "http/url.h"

namespace mayfly::aws {
namespace {

constexpr int k_tries = 3;
constexpr std::string_view k_relative_host = "http://169.254.170.2";
// ECS, and EKS Pod Identity.
constexpr auto k_plain_http_hosts = std::to_array<std::string_view>(
    {"localhost", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"});

bool is_loopback_v4(std::string_view host) {
  const auto parts = split(host, '.');
  if (parts.size() != 4 || parts[0] != "127") return false;
  for (const std::string& part : parts) {
    const auto number = parse_int(part);
    if (!number || *number > 255) return false;
  }
  return true;
}

bool may_send_to(const Url& url) {
  if (url.scheme == "https" || is_loopback_v4(url.host)) return true;
  for (const std::string_view host : k_plain_http_hosts)
    if (url.host == host) return true;
  return false;
}

class ContainerSource : public CredentialsSource {
 public:
  explicit ContainerSource(const CredentialsSeams& seams) : seams_(seams) {}

  [[nodiscard]] std::string_view name() const override { return "container"; }

  [[nodiscard]] Result<std::optional<Credentials>> fetch(SteadyTime deadline) override {
    TRY_ASSIGN(const std::string url, endpoint());
    if (url.empty()) return std::nullopt;
    HttpRequest request;
    request.url = url;
    TRY_ASSIGN(const Secret token, authorization());
    if (!token.empty()) request.headers.add("Authorization", token.reveal());
    const auto response = send_locally(seams_, request, k_tries, deadline);
    if (!response) return fail(Code::aws_unavailable, response.error().message);
    return read_metadata_credentials(*response, "container");
  }

 private:
  Result<std::string> endpoint() {
    Environment& environment = seams_.environment;
    if (const auto path = environment.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
      if (!path->starts_with('/'))
        return fail(Code::aws_credentials,
                    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not start with '/'");
      return std::string(k_relative_host) + *path;
    }
    const auto full = environment.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (!full) return std::string();
    const auto url = parse_url(*full);
    if (!url || !may_send_to(*url))
      return fail(Code::aws_credentials,
                  "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or http to loopback, "
                  "169.254.170.2, 169.254.170.23 or fd00:ec2::23");
    return *full;
  }

  Result<Secret> authorization() {
    Environment& environment = seams_.environment;
    std::string token = environment.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
    if (const auto path = environment.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
      auto text = environment.read_file(*path);
      if (!text) return fail(Code::aws_credentials, text.error().message);
      token = trim(*text);
    }
    if (token.find_first_of("\r\n") != std::string::npos)
      return fail(Code::aws_credentials, "the container's authorization token has a line break");
    return Secret(std::move(token));
  }

  CredentialsSeams seams_;
};

}  // namespace

std::unique_ptr<CredentialsSource> container_source(const CredentialsSeams& seams) {
  return std::make_unique<ContainerSource>(seams);
}

}  // namespace mayfly::aws
