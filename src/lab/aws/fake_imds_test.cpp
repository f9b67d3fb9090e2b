#include "lab/aws/fake_imds.h"

#include <doctest/doctest.h>

#include "lab/aws/testing.h"

namespace mayfly::lab {
namespace {

struct ImdsBench : testing::Bench {
  HttpResponse put_token(const InstanceId& id, const std::string& ttl = "60") {
    HttpRequest request{"PUT", "/imds/" + id.text + "/latest/api/token", {}, {}, {}};
    if (!ttl.empty()) request.headers.add("X-aws-ec2-metadata-token-ttl-seconds", ttl);
    return imds.handle(request);
  }

  HttpResponse get(const InstanceId& id, const std::string& path, const std::string& token) {
    HttpRequest request{"GET", "/imds/" + id.text + "/latest/" + path, {}, {}, {}};
    if (!token.empty()) request.headers.add("X-aws-ec2-metadata-token", token);
    return imds.handle(request);
  }

  std::string read(const std::string& path) { return get(own, path, own_token).body; }
  int status(const std::string& path) { return get(own, path, own_token).status; }

  FakeImds imds{aws, clock, entropy};
  InstanceId own = launch("lease-1");
  std::string own_token = put_token(own).body;
};

TEST_CASE("imds: a machine reads who it is, where, and what to do") {
  ImdsBench bench;
  CHECK(bench.read("meta-data/instance-id") == bench.own.text);
  CHECK(bench.read("meta-data/instance-type") == "c5.9xlarge");
  CHECK(bench.read("meta-data/placement/region") == "us-east-1");
  CHECK(bench.read("meta-data/placement/availability-zone") == "us-east-1a");
  CHECK(bench.read("user-data") == "#!/bin/sh\necho boot\n");
}

TEST_CASE("imds: tags are listed and read one by one, as they are now") {
  ImdsBench bench;
  CHECK(bench.read("meta-data/tags/instance/") == "mayfly:deployment\nmayfly:lease");
  CHECK(bench.read("meta-data/tags/instance") == "mayfly:deployment\nmayfly:lease");
  CHECK(bench.read("meta-data/tags/instance/mayfly:lease") == "lease-1");
  CHECK(bench.status("meta-data/tags/instance/none") == 404);
  CHECK(bench.query("Action=CreateTags&Tag.1.Key=new&Tag.1.Value=1&ResourceId.1=" + bench.own.text)
            .status == 200);
  CHECK(bench.read("meta-data/tags/instance/new") == "1");
}

TEST_CASE("imds: a path above others lists the names below it, folders with a slash") {
  ImdsBench bench;
  CHECK(bench.read("meta-data/placement") == "availability-zone\nregion");
  CHECK(bench.read("meta-data/placement/") == "availability-zone\nregion");
  const std::string names = bench.read("meta-data/");
  CHECK(names.find("instance-id\n") != std::string::npos);
  CHECK(names.find("placement/\n") != std::string::npos);
  const std::string mac = bench.read("meta-data/mac");
  CHECK(bench.read("meta-data/network/interfaces/macs/") == mac + "/");
  CHECK(mac == mac_address(bench.own));
}

TEST_CASE("imds: the versions that cloud-init asks for tell the same as the latest, no other") {
  ImdsBench bench;
  const auto status = [&](const std::string& version) {
    HttpRequest request{
        "GET", "/imds/" + bench.own.text + "/" + version + "/user-data", {}, {}, {}};
    request.headers.add("X-aws-ec2-metadata-token", bench.own_token);
    return bench.imds.handle(request).status;
  };
  CHECK(status("2009-04-04") == 200);
  CHECK(status("2021-03-23") == 200);
  CHECK(status("1066-10-14") == 404);
}

TEST_CASE("imds: without a token, with a made-up one or after its time: 401") {
  ImdsBench bench;
  CHECK(bench.get(bench.own, "meta-data/instance-id", "").status == 401);
  CHECK(bench.get(bench.own, "meta-data/instance-id", "guess").status == 401);
  bench.clock.pass(Seconds{59});
  CHECK(bench.status("meta-data/instance-id") == 200);
  bench.clock.pass(Seconds{1});
  CHECK(bench.status("meta-data/instance-id") == 401);
}

TEST_CASE("imds: a token is good for its own machine only") {
  ImdsBench bench;
  const auto other = bench.ec2.create_fleet(encode(bench.fleet("2")), bench.deadline);
  bench.clock.pass(Seconds{3});
  CHECK(bench.get(other->instances.front().id, "meta-data/instance-id", bench.own_token).status ==
        401);
}

TEST_CASE("imds: a token needs a lifetime of 1 to 21600 seconds, and no proxy in between") {
  ImdsBench bench;
  CHECK(bench.put_token(bench.own, "21600").status == 200);
  for (const char* ttl : {"", "0", "21601", "-1", "1h"})
    CHECK(bench.put_token(bench.own, ttl).status == 400);
  HttpRequest proxied{"PUT", "/imds/" + bench.own.text + "/latest/api/token", {}, {}, {}};
  proxied.headers.add("X-aws-ec2-metadata-token-ttl-seconds", "60");
  proxied.headers.add("X-Forwarded-For", "10.0.0.1");
  CHECK(bench.imds.handle(proxied).status == 403);
}

TEST_CASE("imds: switched off from outside it answers nothing, tokens or not") {
  ImdsBench bench;
  REQUIRE(bench.ec2.disable_metadata(bench.own, bench.deadline));
  CHECK(bench.status("meta-data/instance-id") == 403);
  CHECK(bench.status("user-data") == 403);
  CHECK(bench.put_token(bench.own).status == 403);
}

TEST_CASE("imds: tags are served only where that is enabled, version 1 only where it is allowed") {
  testing::Bench plain;
  FakeImds imds{plain.aws, plain.clock, plain.entropy};
  const auto answer = plain.query(
      "Action=RunInstances&MinCount=1&MaxCount=1&InstanceType=c5.9xlarge"
      "&ImageId=ami-0f3c0000000000002&TagSpecification.1.ResourceType=instance"
      "&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b");
  plain.clock.pass(Seconds{3});
  const std::string base = "/imds/" + testing::element(answer.body, "instanceId") + "/latest/";
  CHECK(imds.handle({"GET", base + "meta-data/instance-id", {}, {}, {}}).status == 200);
  CHECK(imds.handle({"GET", base + "meta-data/tags/instance/", {}, {}, {}}).status == 404);
}

TEST_CASE("imds: a spot notice appears with the interruption, and not before") {
  ImdsBench bench;
  CHECK(bench.status("meta-data/spot/instance-action") == 404);
  const std::string at = iso8601(bench.clock.wall() + Seconds{120});
  REQUIRE(bench.aws.interrupt(bench.own, true));
  CHECK(bench.read("meta-data/spot/instance-action") ==
        R"({"action":"terminate","time":")" + at + "\"}");
}

TEST_CASE("imds: there is no profile, no other path, and no machine that does not run") {
  ImdsBench bench;
  CHECK(bench.status("meta-data/iam/security-credentials/") == 404);
  CHECK(bench.status("meta-data/nonsense") == 404);
  CHECK(bench.put_token({"i-0dead00000000000a"}).status == 404);
  CHECK(bench.imds.handle({"GET", "/imds/../latest/user-data", {}, {}, {}}).status == 404);
  CHECK(bench.imds.handle({"POST", "/imds/" + bench.own.text + "/latest/user-data", {}, {}, {}})
            .status == 405);
  REQUIRE(bench.ec2.terminate_instances({bench.own}, bench.deadline));
  bench.clock.pass(Seconds{5});
  CHECK(bench.status("user-data") == 404);
}

}  // namespace
}  // namespace mayfly::lab
