#include "aws/credentials_sources.h"

namespace mayfly::aws {
namespace {

class EnvironmentSource : public CredentialsSource {
 public:
  explicit EnvironmentSource(Environment& environment) : environment_(environment) {}

  [[nodiscard]] std::string_view name() const override { return "environment"; }

  [[nodiscard]] Result<std::optional<Credentials>> fetch(SteadyTime) override {
    const auto key = environment_.variable("AWS_ACCESS_KEY_ID");
    const auto secret = environment_.variable("AWS_SECRET_ACCESS_KEY");
    if (!key && !secret) return std::nullopt;
    if (!key || !secret)
      return fail(Code::aws_credentials,
                  std::string(key ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID") +
                      " is missing, while the other half is set");
    return Credentials{*key, Secret(*secret),
                       Secret(environment_.variable("AWS_SESSION_TOKEN").value_or("")),
                       std::nullopt, "environment"};
  }

 private:
  Environment& environment_;
};

}  // namespace

std::unique_ptr<CredentialsSource> environment_source(const CredentialsSeams& seams) {
  return std::make_unique<EnvironmentSource>(seams.environment);
}

}  // namespace mayfly::aws
