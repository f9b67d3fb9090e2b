#pragma once

// The forms that texts of the configuration must have, each with the words that say so in an error:
// "aws.region must be <expectation>". Alphabets are narrow on purpose: these values end in URLs,
// tags and API parameters.

#include <span>
#include <string_view>

namespace mayfly {

struct Form {
  bool (*matches)(std::string_view text);
  std::string_view expectation;
};

[[nodiscard]] bool is_deployment(std::string_view text);
// Where a run's number or an architecture cannot stand in a label of ours (lease/label.h).
[[nodiscard]] bool is_profile(std::string_view text);
// Absolute http or https: host, optional port and path; no user info, query, fragment or trailing
// slash.
[[nodiscard]] bool is_base_url(std::string_view text);
// localhost, 127.x.x.x or ::1, so that what is said stays on this machine.
[[nodiscard]] bool is_loopback_host(std::string_view host);
[[nodiscard]] bool is_plain_http_to_others(std::string_view base_url);
// https, or plain http within this machine: a credential travels there.
[[nodiscard]] bool is_private_url(std::string_view text);
[[nodiscard]] bool is_download_url(std::string_view text);
[[nodiscard]] bool is_address(std::string_view text);
// An address, or a network of at most a 256th of all: who trusts everybody trusts nobody.
[[nodiscard]] bool is_proxy(std::string_view text);
[[nodiscard]] bool is_organization(std::string_view text);
// A number, or a client id like "Iv23liAbCd...".
[[nodiscard]] bool is_app_id(std::string_view text);
[[nodiscard]] bool is_repository(std::string_view text);
[[nodiscard]] bool is_label_prefix(std::string_view text);
[[nodiscard]] bool is_event(std::string_view text);
// A file right in .github/workflows: GitHub looks nowhere below. Without @, which begins a ref.
[[nodiscard]] bool is_workflow_path(std::string_view text);
// A user, or an app's "name[bot]".
[[nodiscard]] bool is_login(std::string_view text);
[[nodiscard]] bool is_region(std::string_view text);
[[nodiscard]] bool is_subnet_id(std::string_view text);
[[nodiscard]] bool is_security_group_id(std::string_view text);
[[nodiscard]] bool is_image_id(std::string_view text);
[[nodiscard]] bool is_image_owner(std::string_view text);
[[nodiscard]] bool is_parameter_path(std::string_view text);
[[nodiscard]] bool is_instance_type(std::string_view text);
[[nodiscard]] bool is_key_name(std::string_view text);
[[nodiscard]] bool is_not_empty(std::string_view text);
[[nodiscard]] bool is_table_name(std::string_view text);
[[nodiscard]] bool is_sha256(std::string_view text);
// "latest", or three numbers from 2.329.0 on: GitHub registers no older runner (facts.md A2).
[[nodiscard]] bool is_runner_version(std::string_view text);

// Those that start workflows: GitHub's page "Events that trigger workflows", and "dynamic" of the
// runs that GitHub itself makes up.
[[nodiscard]] std::span<const std::string_view> github_events();

inline constexpr Form k_deployment{&is_deployment, "1 to 32 of a-z, 0-9 and -"};
inline constexpr Form k_profile{
    &is_profile, "a small letter and up to 15 small letters and digits, and no architecture"};
inline constexpr Form k_public_url{&is_base_url,
                                   "an http or https URL without query or slash at its end, like "
                                   "\"https://mayfly.example.org\""};
inline constexpr Form k_api_url{
    &is_private_url, "an https URL without slash at its end (http only to this machine)"};
inline constexpr Form k_download_url{&is_download_url,
                                     "an http or https URL that contains {version} and {arch}"};
inline constexpr Form k_address{&is_address, "an IP address like \"127.0.0.1\" or \"::\""};
inline constexpr Form k_proxy{
    &is_proxy, "an IP address or a network like \"10.0.0.0/8\" (0 after the prefix)"};
inline constexpr Form k_pem_file{&is_not_empty, "the path of a PEM file"};
inline constexpr Form k_organization{&is_organization, "the name of a GitHub organization"};
inline constexpr Form k_app_id{&is_app_id, "the id of a GitHub App, like \"123456\""};
inline constexpr Form k_repository_name{&is_repository, "owner/name as GitHub spells it"};
inline constexpr Form k_label_prefix{&is_label_prefix, "3 to 64 letters, digits and underscores"};
inline constexpr Form k_event{&is_event, "the name of an event, like \"pull_request\""};
inline constexpr Form k_workflow_path{&is_workflow_path,
                                      "the path of a workflow, like \".github/workflows/ci.yml\""};
inline constexpr Form k_login{&is_login, "the login of an account, like \"octocat\""};
inline constexpr Form k_region{&is_region, "a region like \"us-east-2\""};
inline constexpr Form k_subnet_id{&is_subnet_id, "a subnet id like \"subnet-0123abcd\""};
inline constexpr Form k_security_group_id{&is_security_group_id,
                                          "a security group id like \"sg-0123abcd\""};
inline constexpr Form k_image_id{&is_image_id, "an image id like \"ami-0123abcd\""};
inline constexpr Form k_image_owner{&is_image_owner,
                                    "an account of 12 digits, \"self\" or \"amazon\""};
inline constexpr Form k_name_pattern{&is_not_empty, "a name that may contain * and ?"};
inline constexpr Form k_parameter_path{&is_parameter_path,
                                       "the path of an SSM parameter, like \"/aws/service/...\""};
inline constexpr Form k_instance_type_name{&is_instance_type,
                                           "an instance type like \"c5.9xlarge\""};
inline constexpr Form k_key_name{&is_key_name, "the name of a key pair, or empty"};
inline constexpr Form k_ledger_path{&is_not_empty, "the path of a file"};
inline constexpr Form k_ledger_table{&is_table_name,
                                     "a DynamoDB table: 3 to 255 of letters, digits, _, . and -"};
inline constexpr Form k_sha256{&is_sha256, "64 hex digits"};
inline constexpr Form k_runner_version{&is_runner_version,
                                       "\"latest\" or a version from \"2.329.0\" on"};

}  // namespace mayfly
