#include "service/images.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "service/upstream.h"

namespace mayfly {
namespace {

constexpr Millis k_believed_for = Seconds{3600};

std::string fact_name(Architecture architecture, const ImageConfig& image) {
  return "image:" + std::string(to_string(architecture)) + ":" + image.ssm_parameter + image.owner +
         image.name_pattern;
}

bool is_image_id(std::string_view text) {
  return text.starts_with("ami-") && text.size() > 4 && text.size() <= 32 &&
         is_all_of(text.substr(4), "0123456789abcdef");
}

// "<epoch seconds> <image id>"
std::optional<std::string> still_believed(const std::string& fact, WallTime now) {
  const std::size_t space = fact.find(' ');
  if (space == std::string::npos) return std::nullopt;
  const auto at = parse_int(std::string_view(fact).substr(0, space));
  if (!at) return std::nullopt;
  const Millis age = now - wall_from_epoch_seconds(*at);
  if (age < -Seconds{60} || age > k_believed_for) return std::nullopt;
  return fact.substr(space + 1);
}

}  // namespace

std::optional<aws::Image> newest(const std::vector<aws::Image>& images) {
  const auto found =
      std::max_element(images.begin(), images.end(), [](const auto& a, const auto& b) {
        return std::tie(a.creation_date, a.name) < std::tie(b.creation_date, b.name);
      });
  return found == images.end() ? std::nullopt : std::optional<aws::Image>(*found);
}

Result<std::string> Images::look_up(Architecture architecture, const ImageConfig& image) {
  if (!image.ssm_parameter.empty()) {
    TRY_ASSIGN(const Secret value, ssm_.get_parameter(image.ssm_parameter, call_deadline(clock_)));
    if (!is_image_id(value.reveal()))
      return fail(Code::aws_config, "parameter " + image.ssm_parameter + " holds no image id");
    return value.reveal();
  }
  const std::string name(to_string(architecture));
  TRY_ASSIGN(const auto images,
             ec2_.describe_images({image.owner, image.name_pattern, name}, call_deadline(clock_)));
  const auto found = newest(images);
  if (!found)
    return fail(Code::aws_config, "owner " + image.owner + " has no " + name +
                                      " image named like " + image.name_pattern);
  return found->id;
}

Result<std::string> Images::image_for(Architecture architecture) {
  const auto configured = config_.images.find(architecture);
  if (configured == config_.images.end())
    return fail(Code::unknown_architecture, "no image for " + std::string(to_string(architecture)));
  const ImageConfig& image = configured->second;
  if (!image.id.empty()) return image.id;

  const std::string name = fact_name(architecture, image);
  TRY_ASSIGN(const auto fact, ledger_.fact(name));
  if (fact)
    if (auto id = still_believed(*fact, clock_.wall())) return *id;
  TRY_ASSIGN(std::string id, look_up(architecture, image));
  TRY(ledger_.set_fact(name, std::to_string(epoch_seconds(clock_.wall())) + " " + id));
  return id;
}

Status Images::forget(Architecture architecture) {
  const auto configured = config_.images.find(architecture);
  if (configured == config_.images.end()) return {};
  return ledger_.set_fact(fact_name(architecture, configured->second), "");
}

}  // namespace mayfly
