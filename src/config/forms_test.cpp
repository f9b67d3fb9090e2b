#include "config/forms.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

namespace mayfly {
namespace {

using Texts = std::initializer_list<std::string>;

void check_form(const Form& form, Texts good, Texts bad) {
  for (const std::string& text : good) CHECK_MESSAGE(form.matches(text), text);
  for (const std::string& text : bad) CHECK_FALSE_MESSAGE(form.matches(text), text);
}

TEST_CASE("forms: names of our own") {
  check_form(k_deployment, {"ci", "rr-ci-2", std::string(32, 'a')},
             {"", "CI", "a_b", "a b", std::string(33, 'a')});
  check_form(k_profile, {"pmu", "kvm", "a", "gpu2", std::string(16, 'a')},
             {"", "PMU", "a-b", "a_b", "2gpu", "42", "arm64", "x86_64", std::string(17, 'a')});
  check_form(k_label_prefix, {"rr_", "rr_runner_", std::string(64, 'a')},
             {"", "rr", "rr-", "rr runner", std::string(65, 'a')});
}

TEST_CASE("forms: a table's name as DynamoDB has it") {
  check_form(k_ledger_table, {"abc", "mayfly-ci.1_A", std::string(255, 'a')},
             {"", "ab", "a/b", "a b", "ö_table", "arn:aws", std::string(256, 'a')});
}

TEST_CASE("forms: workflows and accounts as GitHub names them") {
  check_form(k_workflow_path, {".github/workflows/ci.yml", ".github/workflows/a b-c_d.e+1.yaml"},
             {"", "ci.yml", ".github/workflows/", ".github/workflows/.yml",
              ".github/workflows/ci.yml@main", ".github/workflows/ci.json",
              ".github/workflows/a/b.yml", "/.github/workflows/ci.yml",
              ".github/workflows/c\xc3\xa9.yml", "octo/repo/.github/workflows/ci.yml"});
  check_form(k_login, {"octocat", "a", "dependabot[bot]", "mona-cat", "mona_corp"},
             {"", "-a", "a b", "[bot]", "a[bot]b", "a/b", "a@b", std::string(101, 'a')});
}

TEST_CASE("forms: the service's own URL") {
  check_form(k_public_url,
             {"https://ci.example.org", "http://127.0.0.1:8080", "https://h/base/path",
              "http://[::1]:80", "https://h.lambda-url.us-east-2.on.aws"},
             {"",
              "ci.example.org",
              "ftp://h",
              "https://",
              "https:///x",
              "https://h/",
              "https://h/a/",
              "https://h?x",
              "https://h#x",
              "https://u@h",
              "https://h:0",
              "https://h:",
              "https://h:x",
              "https://h:65536",
              "https://h h",
              "https://[::1",
              "https://[]",
              "HTTPS://h",
              "https://h\\x",
              "https://h:80:80"});
}

TEST_CASE("forms: a credential goes over https, or stays on this machine") {
  check_form(k_api_url,
             {"https://api.github.com", "https://ghe.example.org/api/v3", "http://127.0.0.1:9000",
              "http://localhost:9000", "http://[::1]:9000"},
             {"http://api.github.com", "http://127.0.0.1.example.org",
              "http://localhost.example.org", "http://10.0.0.1", "http://127.1",
              "http://localhost.", "http://127.0.0.1@evil.example.org", "api.github.com"});
}

TEST_CASE("forms: a download names version and architecture") {
  check_form(k_download_url, {"https://m.example.org/r-{arch}-{version}.tar.gz"},
             {"", "https://m/{version}", "https://m/{arch}", "{version}{arch}",
              "https://m/{version}/{arch}?x", "https://m/{version}/{arch};reboot",
              "https://m/{version}/{arch}$(id)"});
}

TEST_CASE("forms: addresses to listen on") {
  check_form(k_address, {"127.0.0.1", "0.0.0.0", "::", "::1", "fe80::1"},
             {"", "localhost", "1", "127.0.0.1:80", "127.0.0", "256.0.0.1", "1.2.3.4.5", "[::1] "});
}

TEST_CASE("forms: GitHub's names") {
  check_form(k_organization, {"rr-debugger", "a", std::string(39, 'a')},
             {"", "-a", "a_b", "a.b", "a/b", std::string(40, 'a')});
  check_form(k_repository_name, {"rr-debugger/rr"}, {"", "rr", "a/b/c", "a/..", "a/b "});
}

TEST_CASE("forms: AWS's names") {
  check_form(k_region, {"us-east-2", "mx-central-1"}, {"", "US-EAST-2", "us east", "a/b"});
  check_form(k_subnet_id, {"subnet-0123abcd", "subnet-0123456789abcdef0"},
             {"", "subnet-", "subnet-xyz", "sg-0123abcd", "subnet-0A", " subnet-0a"});
  check_form(k_security_group_id, {"sg-0123abcd"}, {"", "sg-", "sg-0g", "default"});
  check_form(k_image_id, {"ami-0123abcd"}, {"", "ami-", "ami-0a ", "ubuntu"});
  check_form(k_image_owner, {"self", "amazon", "099720109477"},
             {"", "canonical", "09972010947", "0997201094777"});
  check_form(k_parameter_path, {"/aws/service/canonical/ubuntu/ami-id", "/a"},
             {"", "/", "a", "/a b", "ssm:/a"});
  check_form(k_instance_type_name, {"c5.9xlarge", "u-6tb1.metal", "m7i-flex.large"},
             {"", "c5", "c5.", ".large", "c5.9.large", "C5.large", "c5 .large"});
  check_form(k_key_name, {"", "my key"}, {std::string(256, 'k')});
}

TEST_CASE("forms: runner versions from 2.329.0 on, and checksums") {
  check_form(k_runner_version, {"latest", "2.329.0", "2.336.1", "2.1000.0", "3.0.0"},
             {"", "2.328.99", "1.999.0", "2.329", "2.329.0.1", "v2.329.0", "2.329.0-rc1", "2..0",
              "-2.329.0", "2.9999999.0", "Latest"});
  check_form(k_sha256, {std::string(64, 'a'), std::string(64, 'F')},
             {"", std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'g')});
}

}  // namespace
}  // namespace mayfly
