#include "service/images.h"

#include <doctest/doctest.h>

#include "service/testing.h"

namespace mayfly {
namespace {

using namespace testing;

constexpr Architecture k_x86 = Architecture::x86_64;

Config config_with(const ImageConfig& image) {
  Config config = small_config();
  config.images[k_x86] = image;
  return config;
}

Config by_pattern() { return config_with({"", "", "099720109477", "ubuntu/*-24.04-*"}); }
Config by_parameter() { return config_with({"", "/aws/image", "", ""}); }

std::string two_images(const std::string& newer) {
  return images_xml(image_xml("ami-0", "a", "2026-01-01T00:00:00.000Z") +
                    image_xml(newer, "a", "2026-02-01T00:00:00.000Z"));
}

aws::Image image(const std::string& id, const std::string& name, const std::string& created) {
  return {id, name, created, "x86_64"};
}

TEST_CASE("images: the newest is the one created last, wherever it stands; then by name") {
  CHECK_FALSE(newest({}));
  CHECK(newest({image("a", "x", "2026-01-02"), image("b", "x", "2026-03-01"),
                image("c", "z", "2026-02-28")})
            ->id == "b");
  CHECK(newest({image("b", "y", "2026-01-02"), image("a", "x", "2026-01-02")})->id == "b");
}

TEST_CASE("images: a fixed id is used as it is, and nobody is asked") {
  Service service;
  CHECK(service.images.image_for(k_x86).value() == "ami-0a");
  CHECK(service.calls() == 0);
}

TEST_CASE("images: an architecture without an image is refused") {
  Config config = small_config();
  config.images.erase(Architecture::arm64);
  Service service(config);
  CHECK(service.images.image_for(Architecture::arm64).error().code == Code::unknown_architecture);
  CHECK(service.images.forget(Architecture::arm64));
}

TEST_CASE("images: a pattern is looked for among the owner's images of the architecture") {
  Service service(by_pattern());
  service.ec2_wire.answer(200, images_xml(image_xml("ami-2", "b", "2026-03-01T00:00:00.000Z") +
                                          image_xml("ami-3", "c", "2026-03-02T00:00:00.000Z") +
                                          image_xml("ami-1", "a", "2026-01-01T00:00:00.000Z")));
  CHECK(service.images.image_for(k_x86).value() == "ami-3");
  CHECK(asked_for(service.ec2_wire, 0, "Owner.1=099720109477"));
  CHECK(asked_for(service.ec2_wire, 0, "ubuntu%2F%2A-24.04-%2A"));
  CHECK(asked_for(service.ec2_wire, 0, "x86_64"));
}

TEST_CASE("images: an answer is believed for an hour, also by another process, and no longer") {
  Service service(by_pattern());
  service.ec2_wire.answer(200, two_images("ami-1"));
  CHECK(service.images.image_for(k_x86).value() == "ami-1");
  service.clock.advance(std::chrono::hours{1});
  Images other(service.config, service.ec2, service.ssm, *service.ledger, service.clock);
  CHECK(other.image_for(k_x86).value() == "ami-1");
  CHECK(service.calls() == 1);

  service.clock.advance(Seconds{1});
  service.ec2_wire.answer(200, two_images("ami-2"));
  CHECK(service.images.image_for(k_x86).value() == "ami-2");
  CHECK(service.calls() == 2);
}

TEST_CASE("images: an answer from the future is not believed") {
  Service service(by_pattern());
  service.ec2_wire.answer(200, two_images("ami-1"));
  REQUIRE(service.images.image_for(k_x86));
  service.clock.advance(-Seconds{120});  // the wall clock was wrong and has been set back
  service.ec2_wire.answer(200, two_images("ami-2"));
  CHECK(service.images.image_for(k_x86).value() == "ami-2");
}

TEST_CASE("images: what was found for another pattern is not taken") {
  Service service(by_pattern());
  service.ec2_wire.answer(200, two_images("ami-1"));
  REQUIRE(service.images.image_for(k_x86));
  service.config.images[k_x86].name_pattern = "debian-*";
  service.ec2_wire.answer(200, two_images("ami-2"));
  CHECK(service.images.image_for(k_x86).value() == "ami-2");
}

TEST_CASE("images: what was found is known without the ledger, for its hour") {
  Service service(by_pattern());
  service.ec2_wire.answer(200, two_images("ami-1"));
  REQUIRE(service.images.image_for(k_x86));
  const ImageConfig image = by_pattern().images[k_x86];
  REQUIRE(service.ledger->set_fact("image:x86_64:" + image.owner + image.name_pattern, ""));
  service.clock.advance(Seconds{3600});
  CHECK(service.images.image_for(k_x86).value() == "ami-1");
  service.clock.advance(Seconds{1});
  service.ec2_wire.answer(200, two_images("ami-2"));
  CHECK(service.images.image_for(k_x86).value() == "ami-2");
}

TEST_CASE("images: after forget the next call looks again") {
  Service service(by_pattern());
  service.ec2_wire.answer(200, two_images("ami-1"));
  REQUIRE(service.images.image_for(k_x86));
  REQUIRE(service.images.forget(k_x86));
  service.ec2_wire.answer(200, two_images("ami-2"));
  CHECK(service.images.image_for(k_x86).value() == "ami-2");
}

TEST_CASE("images: a failed look-up is an error and is not remembered") {
  Service service(by_pattern());
  service.ec2_wire.answer(503, "");
  CHECK(service.images.image_for(k_x86).error().code == Code::aws_unavailable);
  service.ec2_wire.answer(200, images_xml(""));
  const Error none = service.images.image_for(k_x86).error();
  CHECK(none.code == Code::aws_config);
  CHECK(none.message == "owner 099720109477 has no x86_64 image named like ubuntu/*-24.04-*");
  service.ec2_wire.answer(200, two_images("ami-1"));
  CHECK(service.images.image_for(k_x86).value() == "ami-1");
}

TEST_CASE("images: an SSM parameter names the image, if what it holds is one") {
  Service service(by_parameter());
  service.ssm_wire.answer(200, R"({"Parameter":{"Value":"ami-0123456789abcdef0"}})");
  CHECK(service.images.image_for(k_x86).value() == "ami-0123456789abcdef0");
  CHECK(service.images.image_for(k_x86).value() == "ami-0123456789abcdef0");
  CHECK(service.calls() == 1);
}

TEST_CASE("images: a parameter that holds no image id is refused and not shown") {
  for (const std::string value : {"", "ami-", "ami-XYZ", "ami-0a,ami-0b", "s3cret", "ami-0a "}) {
    CAPTURE(value);
    Service service(by_parameter());
    service.ssm_wire.answer(200, R"({"Parameter":{"Value":")" + value + R"("}})");
    const Error error = service.images.image_for(k_x86).error();
    CHECK(error.code == Code::aws_config);
    CHECK(error.message == "parameter /aws/image holds no image id");
  }
}

}  // namespace
}  // namespace mayfly
