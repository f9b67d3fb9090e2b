#include "config/config.h"

#include <doctest/doctest.h>

#include "config/testing_toml.h"

namespace mayfly {
namespace {

using testing::Broken;
using testing::changed;
using testing::check_each;
using testing::k_small_toml;
using testing::parsed;
using testing::refusal;

TEST_CASE("config: what is not written has its default") {
  const Config config = parsed(k_small_toml);
  CHECK(config.listen.address == "127.0.0.1");
  CHECK(config.github.scope == GithubScope::organization);
  CHECK(config.github.token.name == "GITHUB_TOKEN");
  CHECK(config.machine.lifetime == Seconds{3600});
  CHECK(config.machine.on_demand == OnDemand::when_no_spot);
  CHECK(config.limits.machines == 10);
  CHECK(config.limits.machines_per_actor == 1000);
  CHECK(config.limits.machines_per_pull_request == 1000);
  CHECK(config.limits.machines_for_seed_labels == 4);
  CHECK(config.limits.launches_per_hour == 60);
  CHECK(config.limits.launch_failures_max == 5);
  CHECK(config.limits.launch_pause == Seconds{900});
  CHECK(config.repositories.at(0).seed_labels == SeedLabels::off);
}

TEST_CASE("config: what is written is what is read") {
  std::string toml{k_small_toml};
  toml.replace(
      toml.find("lifetime = \"60m\""), 16,
      "lifetime = \"2h\"\nboot_timeout = \"5m\"\nidle_timeout = \"90s\"\nboots_max = 2\n"
      "on_demand = \"never\"\ncapacity_patience = \"0s\"\nroot_volume_gb = 64\nsudo = false");
  toml.replace(toml.find("usd_per_day"), 0,
               "machines_per_actor = 11\nmachines_per_pull_request = 12\n"
               "machines_for_seed_labels = 13\nlaunches_per_hour = 14\n"
               "launch_failures_max = 15\nlaunch_pause = \"16m\"\n");
  const Config config = parsed(toml);
  CHECK(config.limits.machines_per_actor == 11);
  CHECK(config.limits.machines_per_pull_request == 12);
  CHECK(config.limits.machines_for_seed_labels == 13);
  CHECK(config.limits.launches_per_hour == 14);
  CHECK(config.limits.launch_failures_max == 15);
  CHECK(config.limits.launch_pause == Seconds{960});
  CHECK(config.machine.lifetime == Seconds{7200});
  CHECK(config.machine.boot_timeout == Seconds{300});
  CHECK(config.machine.idle_timeout == Seconds{90});
  CHECK(config.machine.boots_max == 2);
  CHECK(config.machine.on_demand == OnDemand::never);
  CHECK(config.machine.capacity_patience == Millis{0});
  CHECK(config.machine.root_volume_gb == 64);
  CHECK_FALSE(config.machine.sudo);
  CHECK(config.limits.usd_per_day == Money{25'000'000});
  CHECK(config.limits.usd_per_month == Money{200'000'000});
  CHECK(config.aws.subnet_ids == std::vector<std::string>{"subnet-0a", "subnet-0b"});
}

TEST_CASE("config: the whole sentence for an unknown key and for a wrong type") {
  CHECK(refusal(changed("lifetime", "lifetme")) ==
        "mayfly.toml:21: machine.lifetme is not a key here; did you mean machine.lifetime?");
  CHECK(refusal(changed("\"60m\"", "3600")) ==
        "mayfly.toml:21: machine.lifetime must be a duration like \"60m\", not 3600");
}

TEST_CASE("config: every error names the line it is about") {
  check_each({
      {"deployment = \"ci\"", "deployment = 1", "mayfly.toml:1: deployment must"},
      {"[sweep]", "[swep]", "mayfly.toml:29: swep is not a key here; did you mean sweep?"},
      {"every", "evry", "mayfly.toml:30: sweep.evry"},
      {"[\"subnet-0a\", \"subnet-0b\"]", "[\n\"subnet-0a\",\n\"x\"]",
       "mayfly.toml:15: aws.subnet_ids"},
      {"token = \"env:GITHUB_TOKEN\"\n", "", "mayfly.toml:5: github.token is missing"},
      {"name = \"octo/one\"", "", "mayfly.toml:8: repository.name is missing"},
      {"port = 8080", "port = ", "mayfly.toml:4: "},
      {"port = 8080", "port = 1\nport = 2", "mayfly.toml:5: "},
  });
}

TEST_CASE("config: an unknown key is answered with the nearest right one, or with all") {
  check_each({
      {"deployment", "deploymnt", "did you mean deployment?"},
      {"port", "prot", "listen.prot is not a key here; did you mean listen.port?"},
      {"id = \"ami", "idd = \"ami",
       "image.x86_64.idd is not a key here; did you mean image.x86_64.id?"},
      {"[image.x86_64]", "[image.x86-64]", "did you mean image.x86_64?"},
      {"[[repository]]", "[[repositories]]", "did you mean repository?"},
      {"port = 8080", "lifetime = \"5m\"",
       "listen.lifetime is not a key here; did you mean machine.lifetime?"},
      {"every", "frobnicate", "sweep.frobnicate is not a key here; the keys here are every"},
      {"every", "\"a\\u0007b\"", "sweep.a\\x07b is not a key here"},
  });
}

TEST_CASE("config: what is required is missed") {
  check_each({
      {"deployment = \"ci\"", "", "mayfly.toml: deployment is missing"},
      {"public_url = \"https://ci.example.org\"", "", "public_url is missing"},
      {"organization = \"octo\"", "", "github.organization is missing"},
      {"[[repository]]\nname = \"octo/one\"", "", "repository is missing"},
      {"region = \"us-east-2\"", "", "aws.region is missing"},
      {"security_group_ids = [\"sg-0a\"]", "", "aws.security_group_ids is missing"},
      {"subnet_ids = [\"subnet-0a\", \"subnet-0b\"]", "", "aws.subnet_ids is missing"},
      {"[image.x86_64]\nid = \"ami-0a\"", "", "image.x86_64 is missing: c5.large needs an image"},
      {"architecture = \"x86_64\"", "", "instance_type.architecture is missing"},
      {"type = \"c5.large\"", "", "instance_type.type is missing"},
      {"usd_per_hour = \"0.085\"", "", "instance_type.usd_per_hour is missing"},
      {"usd_per_day = \"25.00\"", "", "limits.usd_per_day is missing"},
      {"usd_per_month = 200", "", "limits.usd_per_month is missing"},
  });
  CHECK(refusal("") == "mayfly.toml: deployment is missing");
}

TEST_CASE("config: a repository's policy is read, and without one all is served") {
  const RunPolicy none = parsed(k_small_toml).repositories.at(0).policy;
  CHECK(none.events.empty());
  CHECK(none.workflows.empty());
  CHECK(none.forks == Forks::allow);
  CHECK(none.denied_actors.empty());
  const RunPolicy policy =
      parsed(changed("name = \"octo/one\"",
                     "name = \"octo/one\"\nevents = [\"push\", \"pull_request\"]\n"
                     "workflows = [\".github/workflows/ci.yml\"]\nforks = \"approved\"\n"
                     "denied_actors = [\"Eve\", \"app[bot]\"]"))
          .repositories.at(0)
          .policy;
  CHECK(policy.events == std::vector<std::string>{"push", "pull_request"});
  CHECK(policy.workflows == std::vector<std::string>{".github/workflows/ci.yml"});
  CHECK(policy.forks == Forks::approved);
  CHECK(policy.denied_actors == std::vector<std::string>{"Eve", "app[bot]"});
}

TEST_CASE("config: a policy that means nothing is refused, with the nearest right word") {
  const auto with = [](const std::string& line) {
    return refusal(changed("name = \"octo/one\"", "name = \"octo/one\"\n" + line));
  };
  CHECK(with("events = [\"pull_requests\"]") ==
        "mayfly.toml:10: repository.events names \"pull_requests\", which starts no workflow; did "
        "you mean \"pull_request\"?");
  CHECK(with("events = [\"coffee_break\"]") ==
        "mayfly.toml:10: repository.events names \"coffee_break\", which starts no workflow");
  const struct {
    const char* line;
    const char* expected;
  } rows[] = {
      {"events = []", "repository.events must be a list"},
      {"events = \"push\"", "repository.events must be a list"},
      {"events = [\"push\", \"push\"]", "twice"},
      {"events = [\"PUSH\"]", "repository.events must be the name of an event"},
      {"workflows = [\"ci.yml\"]", "the path of a workflow, like"},
      {"workflows = [\".github/workflows/sub/ci.yml\"]", "the path of a workflow, like"},
      {"workflows = [\".github/workflows/ci.yml@main\"]", "the path of a workflow, like"},
      {"forks = \"alow\"", "repository.forks must be"},
      {"forks = false", "repository.forks must be"},
      {"denied_actors = [\"a b\"]", "the login of an account"},
      {"denied_actors = [\"\"]", "the login of an account"},
      {"fork = \"deny\"", "did you mean repository.forks?"},
  };
  for (const auto& row : rows) {
    const std::string message = with(row.line);
    CHECK_MESSAGE(message.find(row.expected) != std::string::npos, row.line, " -> ", message);
  }
}

TEST_CASE("config: a section of the wrong shape is refused") {
  check_each({
      {"[listen]\nport = 8080", "listen = 1", "must be a table, not 1"},
      {"[[repository]]", "[repository]",
       "must be one or more tables, each headed [[repository]], not a table"},
      {"[[instance_type]]", "[instance_type]", "each headed [[instance_type]]"},
      {"[listen]", "repository = []\n[listen]", "mayfly.toml:"},
  });
}

TEST_CASE("config: numbers and times outside their bounds are refused") {
  check_each({
      {"port = 8080", "port = 0", "listen.port must be a whole number from 1 to 65535, not 0"},
      {"port = 8080", "port = 65536", "from 1 to 65535"},
      {"port = 8080", "port = \"8080\"", "a whole number from 1 to 65535, not \"8080\""},
      {"port = 8080", "port = 8080.0", "a whole number"},
      {"port = 8080", "admin_port = 8080", "listen.admin_port must differ from listen.port"},
      {"port = 8080", "admin_port = -1", "from 0 to 65535"},
      {"port = 8080", "workers = 0", "from 1 to 256"},
      {"port = 8080", "workers = 257", "from 1 to 256"},
      {"port = 8080", "connections_per_prefix = 0", "from 1 to 4096"},
      {"port = 8080", "connections_per_prefix = 4097", "from 1 to 4096"},
      {"\"60m\"", "\"4m\"", "machine.lifetime must be from 5m to 24h, not \"4m\""},
      {"\"60m\"", "\"25h\"", "from 5m to 24h"},
      {"\"60m\"", "\"60\"", "must be a duration like \"60m\", not \"60\""},
      {"lifetime = \"60m\"", "boot_timeout = \"59s\"", "from 1m to 60m"},
      {"lifetime = \"60m\"", "boot_timeout = \"61m\"", "from 1m to 60m"},
      {"lifetime = \"60m\"", "idle_timeout = \"59s\"", "from 1m to 2h"},
      {"lifetime = \"60m\"", "idle_timeout = \"121m\"", "from 1m to 2h"},
      {"lifetime = \"60m\"", "lifetime = \"20m\"", "machine.lifetime must be longer than"},
      {"lifetime = \"60m\"", "capacity_patience = \"61m\"", "from 0s to 60m"},
      {"lifetime = \"60m\"", "boots_max = 0", "from 1 to 10"},
      {"lifetime = \"60m\"", "boots_max = 11", "from 1 to 10"},
      {"lifetime = \"60m\"", "root_volume_gb = 7", "from 8 to 1024"},
      {"lifetime = \"60m\"", "root_volume_gb = 1025", "from 8 to 1024"},
      {"lifetime = \"60m\"", "sudo = 1", "machine.sudo must be true or false, not 1"},
      {"usd_per_day", "machines = 0\nusd_per_day", "from 1 to 1000"},
      {"usd_per_day", "machines = 1001\nusd_per_day", "from 1 to 1000"},
      {"usd_per_day", "machines_per_repository = 0\nusd_per_day", "from 1 to 1000"},
      {"usd_per_day", "machines_per_run = 257\nusd_per_day", "from 1 to 256"},
      {"usd_per_day", "machines_per_actor = 0\nusd_per_day", "from 1 to 1000"},
      {"usd_per_day", "machines_per_pull_request = 1001\nusd_per_day", "from 1 to 1000"},
      {"usd_per_day", "machines_for_seed_labels = 0\nusd_per_day", "from 1 to 1000"},
      {"usd_per_day", "launches_per_hour = 0\nusd_per_day", "from 1 to 10000"},
      {"usd_per_day", "launches_per_hour = 10001\nusd_per_day", "from 1 to 10000"},
      {"usd_per_day", "launch_failures_max = 0\nusd_per_day", "from 1 to 100"},
      {"usd_per_day", "launch_failures_max = 101\nusd_per_day", "from 1 to 100"},
      {"usd_per_day", "launch_pause = \"59s\"\nusd_per_day", "from 1m to 24h"},
      {"usd_per_day", "launch_pause = \"25h\"\nusd_per_day", "from 1m to 24h"},
      {"\"5s\"", "\"999ms\"", "sweep.every must be from 1s to 1m"},
      {"\"5s\"", "\"61s\"", "sweep.every must be from 1s to 1m"},
      {"organization = \"octo\"", "organization = \"octo\"\nrunner_group_id = 0",
       "runner_group_id must"},
  });
}

TEST_CASE("config: TLS takes a certificate and its key, both or none") {
  constexpr std::string_view k_port = "port = 8080";
  check_each({
      {k_port, "tls_certificate = \"/c.pem\"", "listen.tls_key is missing"},
      {k_port, "tls_key = \"/k.pem\"", "listen.tls_certificate is missing"},
      {k_port, "tls_key = \"\"", "listen.tls_key must be the path of a PEM file"},
  });
  const Config config = parsed(changed(k_port, "tls_certificate = \"/c\"\ntls_key = \"/k\""));
  CHECK(config.listen.speaks_tls());
  CHECK(config.listen.tls_certificate == "/c");
  CHECK(config.listen.tls_key == "/k");
  CHECK_FALSE(parsed(k_small_toml).listen.speaks_tls());
}

TEST_CASE("config: a proxy is an address or a network that is not half of the world") {
  constexpr std::string_view k_port = "port = 8080";
  const Config config = parsed(
      changed(k_port, "trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\", \"2001:db8::/32\"]"));
  CHECK(config.listen.trusted_proxies.size() == 3);
  CHECK(parsed(k_small_toml).listen.trusted_proxies.empty());
  for (const std::string text : {"localhost", "10.0.0.1/8", "0.0.0.0/0", "64.0.0.0/7", "::/0",
                                 "10.0.0.0/33", "10.0.0.1:80", ""}) {
    const std::string refused = refusal(changed(k_port, "trusted_proxies = [\"" + text + "\"]"));
    CHECK_MESSAGE(refused.find("listen.trusted_proxies must be an IP address or a network") !=
                      std::string::npos,
                  refused);
  }
}

TEST_CASE("config: the ends of the bounds are allowed") {
  for (const char* lifetime : {"21m", "24h"})
    CHECK(parsed(changed("60m", lifetime)).machine.lifetime == parse_duration(lifetime));
  CHECK(parsed(changed("lifetime = \"60m\"",
                       "lifetime = \"5m\"\nboot_timeout = \"2m\"\nidle_timeout = \"2m\""))
            .machine.lifetime == Seconds{300});
  CHECK(parsed(changed("5s", "1s")).sweep_every == Seconds{1});
  CHECK(parsed(changed("8080", "65535")).listen.port == 65535);
}

TEST_CASE("config: money is a string or a whole number, never a float") {
  CHECK(parsed(changed("200", "\"1.5\"")).limits.usd_per_month == Money{1'500'000});
  check_each({
      {"\"0.085\"", "0.085", "usd_per_hour must be in quotes, like \"0.085\", not 0.085"},
      {"\"0.085\"", "\"$1\"", "must be US dollars like \"1.53\", not \"$1\""},
      {"\"0.085\"", "-1", "must be US dollars like \"1.53\", not -1"},
      {"\"0.085\"", "true", "must be US dollars"},
      {"\"25.00\"", "0", "limits.usd_per_day must be more than 0"},
      {"200", "\"0.00\"", "limits.usd_per_month must be more than 0"},
      {"200", "1000000", "must be US dollars"},
  });
}

TEST_CASE("config: the scope decides what belongs together") {
  check_each({
      {"organization = \"octo\"", "scope = \"enterprise\"",
       "github.scope must be \"organization\" or \"repository\", not \"enterprise\""},
      {"organization = \"octo\"", "organization = \"octo\"\nscope = \"repository\"",
       "github.organization has no meaning while github.scope is \"repository\""},
      {"organization = \"octo\"\n[[repository]]",
       "scope = \"repository\"\n[[repository]]\nname = \"a/b\"\n[[repository]]",
       "repository must be one table while github.scope is \"repository\""},
      {"octo/one", "other/one",
       "mayfly.toml:9: repository.name must belong to github.organization"},
      {"octo/one", "octopus/one", "must belong to github.organization"},
      {"octo/one\"", "octo/one\"\n[[repository]]\nname = \"Octo/One\"",
       "repository.name appears twice"},
      {"octo/one\"",
       "octo/one\"\nseed_labels = \"while-a-run-is-live\"\n[[repository]]\nname = \"octo/two\"\n"
       "seed_labels = \"while-a-run-is-live\"\nseed_label_prefix = \"rr_runner_two_\"",
       "repository.seed_label_prefix must not begin like another repository's"},
  });
  CHECK(parsed(changed("organization = \"octo\"", "scope = \"repository\"")).github.scope ==
        GithubScope::repository);
  CHECK(parsed(changed("octo/one", "Octo/one")).repositories.size() == 1);
}

TEST_CASE("config: an image has exactly one of its three forms") {
  constexpr std::string_view k_id = "id = \"ami-0a\"";
  check_each({
      {k_id, "", "image.x86_64.id must be given, or ssm_parameter, or owner with name_pattern"},
      {k_id, "id = \"ami-0a\"\nssm_parameter = \"/a\"", "exactly one of the three"},
      {k_id, "id = \"ami-0a\"\nowner = \"self\"\nname_pattern = \"x\"", "exactly one of the three"},
      {k_id, "owner = \"self\"", "image.x86_64.name_pattern is missing"},
      {k_id, "name_pattern = \"x*\"", "image.x86_64.owner is missing"},
      {k_id, "id = \"ami-\"", "must be an image id"},
      {k_id, "ssm_parameter = \"a\"", "must be the path of an SSM parameter"},
      {k_id, "owner = \"canonical\"\nname_pattern = \"x\"", "must be an account of 12 digits"},
      {"x86_64\"\ntype", "arm64\"\ntype", "image.arm64 is missing: c5.large needs an image"},
  });
  const Config config = parsed(changed(k_id, "owner = \"099720109477\"\nname_pattern = \"u*\""));
  CHECK(config.images.at(Architecture::x86_64).owner == "099720109477");
  CHECK(config.images.at(Architecture::x86_64).name_pattern == "u*");
}

TEST_CASE("config: a pinned runner needs a checksum for each architecture in use") {
  const std::string digest(64, 'A');
  const std::string pinned = "version = \"2.336.0\"\n";
  const std::string with_digest = pinned + "sha256 = { x86_64 = \"" + digest + "\" }\n";
  check_each({
      {"\"latest\"", "\"2.328.9\"", "must be \"latest\" or a version from \"2.329.0\" on"},
      {"\"latest\"", "\"v2.336.0\"", "must be \"latest\""},
      {"\"latest\"", "\"2.336.0\"", "runner.sha256 must name x86_64"},
      {"\"latest\"", "\"2.336.0\"\nsha256 = { x86_64 = \"ab\" }",
       "runner.sha256.x86_64 must be 64 hex digits, not \"ab\""},
      {"\"latest\"", "\"2.336.0\"\nsha256 = { x64 = \"ab\" }",
       "runner.sha256.x64 is not a key here; the keys here are x86_64, arm64"},
      {"\"latest\"", "\"latest\"\ndownload_url = \"https://m/{version}/{arch}\"",
       "runner.download_url needs a runner.version that is not \"latest\""},
      {"\"latest\"", "\"latest\"\nsha256 = {}", "runner.sha256 needs a runner.version"},
  });
  const RunnerConfig runner = parsed(changed("version = \"latest\"\n", with_digest)).runner;
  CHECK(runner.version == "2.336.0");
  CHECK(runner.sha256.at(Architecture::x86_64) == std::string(64, 'a'));
  const std::string url = "download_url = \"https://m.example.org/{arch}\"\n";
  CHECK(refusal(changed("version = \"latest\"\n", with_digest + url))
            .find("contains {version} and {arch}") != std::string::npos);
}

TEST_CASE("config: a secret is a reference, and a literal one is not repeated") {
  for (const char* literal : {"ghp_0123456789abcdefghij", "github_pat_11AAAA_bbbb",
                              "env:", "file:relative", "ssm:/a b", "env:A B", "http://x", ""}) {
    const std::string message = refusal(changed("env:GITHUB_TOKEN", literal));
    CHECK_MESSAGE(message.find("write env:NAME") != std::string::npos, message);
    if (*literal == 'g') CHECK(message.find(literal) == std::string::npos);
  }
  CHECK(parsed(changed("env:GITHUB_TOKEN", "file:/run/secrets/token")).github.token.kind ==
        SecretReference::Kind::file);
  CHECK(parsed(changed("env:GITHUB_TOKEN", "ssm:/mayfly/token")).github.token.name ==
        "/mayfly/token");
}

TEST_CASE("config: lists are not empty, not endless and name nothing twice") {
  check_each({
      {"[\"sg-0a\"]", "[]", "aws.security_group_ids must be a list of 1 to 16 strings"},
      {"[\"sg-0a\"]", "\"sg-0a\"", "must be a list of 1 to 16 strings, not \"sg-0a\""},
      {"[\"sg-0a\"]", "[\"sg-0a\", \"sg-0a\"]", "aws.security_group_ids names \"sg-0a\" twice"},
      {"[\"sg-0a\"]", "[1]", "must be a security group id like"},
      {"0.085\"",
       "0.085\"\n[[instance_type]]\narchitecture = \"x86_64\"\ntype = \"c5.large\"\n"
       "usd_per_hour = 1",
       "instance_type.type appears twice"},
  });
}

TEST_CASE("config: hostile text in a value is shown printable and short") {
  const std::string message = refusal(changed("us-east-2", "\\u001b[31m" + std::string(500, 'x')));
  CHECK(message.find("not \"\\x1b[31mxxx") != std::string::npos);
  CHECK(message.size() < 250);
  CHECK(refusal("a = \"\xff\"").find('\xff') == std::string::npos);
}

TEST_CASE("config: a letter beyond ASCII is refused outside strings and comments, with its line") {
  const std::string small{k_small_toml};
  CHECK(parsed(small + "# größer\n").deployment == "ci");
  CHECK(parsed(changed("mayfly.db", "größer.db")).ledger_path == "größer.db");
  for (const char* stray : {"ü = 1", "a = 1 ü", "a = ü", "[ü]", "[[ü]]", "a = {ü = 1}", "a.ü = 1",
                            "a={a={a=--ent')üx", "a = [1 ü]"})
    CHECK(refusal(std::string("\n") + stray).starts_with("mayfly.toml:2: "));
  CHECK(refusal("a = \"\"\"\\\nü\"\"\" ü").starts_with("mayfly.toml:2: "));
}

TEST_CASE("config: no key nests so deep that taking it apart overflows the stack") {
  std::string dotted = "a";
  for (int i = 0; i < 500'000; ++i) dotted += ".a";
  for (const std::string& deep : {dotted + " = 1", "[" + dotted + "]", "x = {" + dotted + " = 1}"})
    CHECK(refusal("\n" + deep) == "mayfly.toml:2: the line is longer than 4096 bytes");
  CHECK(refusal(dotted.substr(0, 4090) + "b = 1").find("is not a key here") != std::string::npos);
}

TEST_CASE("config: brackets that head nothing are refused") {
  for (const char* broken : {"[[[", "[", "[[", "[]", "[[]]", "[.]", "[=]", "[[\n"})
    CHECK(refusal(broken).starts_with("mayfly.toml:1: "));
}

TEST_CASE("config: repositories are found whatever their case, prices are the worst") {
  std::string toml{k_small_toml};
  toml += "[[instance_type]]\narchitecture = \"x86_64\"\ntype = \"m5.large\"\nusd_per_hour = 1\n";
  const Config config = parsed(toml);
  CHECK(config.find_repository({"OCTO/One"}) == &config.repositories[0]);
  CHECK(config.find_repository({"octo/two"}) == nullptr);
  CHECK(config.types_for(Architecture::x86_64).size() == 2);
  CHECK(config.types_for(Architecture::arm64).empty());
  CHECK(config.worst_price_for(Architecture::x86_64) == Money{1'000'000});
  CHECK(config.worst_price_for(Architecture::arm64) == Money{0});
}

TEST_CASE("config: limits on asks and on calls to GitHub have their ranges and fit each other") {
  const auto with_asks = [](const std::string& keys) {
    return changed("usd_per_day", keys + "\nusd_per_day");
  };
  const Config config = parsed(with_asks("asks_per_minute = 7"));
  CHECK(config.asks.per_minute == 7);
  CHECK(config.asks.per_minute_per_prefix == 7);
  CHECK(parsed(with_asks("asks_per_minute_per_prefix = 3")).asks.per_minute_per_prefix == 3);
  CHECK(parsed(changed("token", "calls_per_minute = 60\ntoken")).github.calls_per_minute == 60);
  const std::string keys = "asks_per_minute_per_prefix = 121";
  CHECK(refusal(with_asks(keys)).find("limits.asks_per_minute_per_prefix must be at most") !=
        std::string::npos);
  CHECK(refusal(with_asks("asks_per_minute = 0")).find("limits.asks_per_minute") !=
        std::string::npos);
  CHECK(refusal(changed("token", "calls_per_minute = 59\ntoken")).find("github.calls_per_minute") !=
        std::string::npos);
}

TEST_CASE("config: a ledger is a file or a table, never both") {
  const std::string path = "path = \"mayfly.db\"", table = "table = \"mayfly\"";
  CHECK(parsed(changed(path, table)).ledger_table == "mayfly");
  CHECK(refusal(changed(path, path + "\n" + table)).find("beside ledger.path") !=
        std::string::npos);
}

}  // namespace
}  // namespace mayfly
