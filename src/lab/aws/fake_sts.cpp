#include "lab/aws/fake_sts.h"

#include <array>

#include "base/text.h"
#include "lab/aws/xml_writer.h"

namespace mayfly::lab {
namespace {

// Until then a key that has expired is told from one that never was.
constexpr Millis k_expired_known = std::chrono::hours{24};

// arn:aws:iam::123456789012:role/mayfly becomes arn:aws:sts::123456789012:assumed-role/mayfly/NAME.
std::string session_arn(const std::string& role, const std::string& account,
                        const std::string& session) {
  const std::size_t slash = role.rfind('/');
  return "arn:aws:sts::" + account + ":assumed-role/" +
         (slash == std::string::npos ? role : role.substr(slash + 1)) + "/" + session;
}

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

}  // namespace

Answer<std::string> FakeSts::assume_role(const QueryForm& form, const FakeAwsOptions& options,
                                         WallTime now) {
  static constexpr std::array<std::string_view, 6> k_parameters = {
      "Action", "Version", "RoleArn", "RoleSessionName", "WebIdentityToken", "DurationSeconds"};
  TRY(form.accept_only(k_parameters));
  TRY_ASSIGN(const std::string role, form.required("RoleArn"));
  TRY_ASSIGN(const std::string session, form.required("RoleSessionName"));
  TRY_ASSIGN(const std::string token, form.required("WebIdentityToken"));
  TRY_ASSIGN(const std::int64_t seconds, form.number("DurationSeconds", 3600, 900, 43200));
  const auto known = options.web_identities.find(role);
  if (known == options.web_identities.end())
    return refuse(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
  if (known->second != token)
    return refuse("InvalidIdentityToken",
                  "Couldn't retrieve verification key from your identity "
                  "provider, please reference its documentation");

  AccessKey key{"ASIA" + upper(entropy_.hex(8)), entropy_.hex(20), entropy_.hex(48),
                now + Seconds(seconds), session_arn(role, options.account, session)};
  XmlWriter xml;
  xml.open("AssumeRoleWithWebIdentityResult").open("Credentials");
  xml.text("AccessKeyId", key.id).text("SecretAccessKey", key.secret);
  xml.text("SessionToken", key.session_token).text("Expiration", iso8601(*key.expires_at)).close();
  xml.open("AssumedRoleUser").text("Arn", key.arn).text("AssumedRoleId", "AROAEMULATED:" + session);
  xml.close().close();
  std::erase_if(
      issued_, [&](const auto& entry) { return now - *entry.second.expires_at > k_expired_known; });
  const std::string id = key.id;
  issued_.emplace(id, std::move(key));
  return xml.take();
}

Answer<std::string> FakeSts::caller_identity(const QueryForm& form, const AccessKey& key,
                                             const FakeAwsOptions& options) {
  static constexpr std::array<std::string_view, 2> k_parameters = {"Action", "Version"};
  TRY(form.accept_only(k_parameters));
  XmlWriter xml;
  xml.open("GetCallerIdentityResult").text("Arn", key.arn).text("UserId", "AIDAEMULATED");
  return xml.text("Account", options.account).close().take();
}

const AccessKey* FakeSts::find(const std::string& id) const {
  const auto found = issued_.find(id);
  return found == issued_.end() ? nullptr : &found->second;
}

}  // namespace mayfly::lab
