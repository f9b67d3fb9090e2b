#include <algorithm>
#include <array>
#include <map>

#include "aws/credentials_sources.h"
#include "base/text.h"

namespace mayfly::aws {
namespace {

using Section = std::map<std::string, std::string>;
using Sections = std::map<std::string, Section>;

constexpr auto k_unsupported = std::to_array<std::string_view>(
    {"role_arn", "source_profile", "credential_source", "web_identity_token_file", "sso_session",
     "sso_start_url", "sso_account_id", "credential_process", "login_session"});

// Indented lines belong to nested settings (s3 = …), which say nothing about credentials.
bool says_nothing(std::string_view line) {
  return trim(line).empty() || line.front() == '#' || line.front() == ';' || line.front() == ' ' ||
         line.front() == '\t';
}

Result<Sections> parse_ini(const std::string& path, std::string_view text) {
  Sections sections;
  Section* current = nullptr;
  int number = 0;
  for (const std::string& line : split(text, '\n')) {
    ++number;
    if (says_nothing(line)) continue;
    const std::string_view trimmed = trim(line);
    const std::size_t equals = trimmed.find('=');
    if (trimmed.front() == '[' && trimmed.back() == ']') {
      current = &sections[std::string(trim(trimmed.substr(1, trimmed.size() - 2)))];
    } else if (equals != std::string_view::npos && current != nullptr) {
      (*current)[to_lower(trim(trimmed.substr(0, equals)))] = trim(trimmed.substr(equals + 1));
    } else {
      return fail(Code::aws_credentials, printable(path) + ", line " + std::to_string(number) +
                                             ": neither [section] nor key = value");
    }
  }
  return sections;
}

class SharedFilesSource : public CredentialsSource {
 public:
  explicit SharedFilesSource(Environment& environment) : environment_(environment) {}

  [[nodiscard]] std::string_view name() const override { return "shared files"; }

  [[nodiscard]] Result<std::optional<Credentials>> fetch(SteadyTime) override {
    const auto chosen = environment_.variable("AWS_PROFILE");
    const std::string profile = chosen.value_or("default");
    TRY_ASSIGN(Sections credentials, load("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials"));
    TRY_ASSIGN(Sections config, load("AWS_CONFIG_FILE", "/.aws/config"));
    const std::string config_name = profile == "default" ? "default" : "profile " + profile;
    if (chosen && !credentials.contains(profile) && !config.contains(config_name))
      return fail(Code::aws_credentials,
                  "the profile " + printable(profile) + " named by AWS_PROFILE does not exist");

    Section merged = std::move(credentials[profile]);
    merged.merge(config[config_name]);
    return from_profile(profile, merged);
  }

 private:
  static Result<std::optional<Credentials>> from_profile(const std::string& profile,
                                                         const Section& section) {
    for (const std::string_view key : k_unsupported)
      if (section.contains(std::string(key)))
        return fail(Code::aws_credentials, "the profile " + printable(profile) + " uses " +
                                               std::string(key) +
                                               ", which mayfly does not support");
    const auto key = section.find("aws_access_key_id");
    const auto secret = section.find("aws_secret_access_key");
    if (key == section.end() && secret == section.end()) return std::nullopt;
    if (key == section.end() || secret == section.end())
      return fail(Code::aws_credentials,
                  "the profile " + printable(profile) + " has one half of a key pair only");
    const auto token = section.find("aws_session_token");
    return Credentials{key->second, Secret(secret->second),
                       Secret(token == section.end() ? "" : token->second), std::nullopt,
                       "shared files, profile " + profile};
  }

  // A file at its usual place need not exist; one that a variable names must.
  Result<Sections> load(const char* variable, const char* usual_place) {
    const auto named = environment_.variable(variable);
    const auto home = environment_.variable("HOME");
    if (!named && !home) return Sections{};
    std::string path = named.value_or(home.value_or("") + usual_place);
    if (home && path.starts_with("~/")) path.replace(0, 1, *home);
    if (path == "/dev/null") return Sections{};  // the usual way to say: none
    auto text = environment_.read_file(path);
    if (text) return parse_ini(path, *text);
    if (!named) return Sections{};
    return fail(Code::aws_credentials, std::string(variable) + ": " + text.error().message);
  }

  Environment& environment_;
};

}  // namespace

std::unique_ptr<CredentialsSource> shared_files_source(const CredentialsSeams& seams) {
  return std::make_unique<SharedFilesSource>(seams.environment);
}

}  // namespace mayfly::aws
