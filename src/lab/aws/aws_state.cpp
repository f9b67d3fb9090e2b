#include "lab/aws/aws_state.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/digest.h"
#include "base/json.h"
#include "http/problem.h"

namespace mayfly::lab {
namespace {

json::object describe(const FakeInstance& instance, const Ec2World& world) {
  json::object tags;
  for (const auto& [key, value] : instance.spec.tags) tags[key] = value;
  json::object out;
  out["instance_id"] = instance.id.text;
  out["state"] = to_string(instance.state);
  out["state_reason"] = instance.reason_code;
  out["instance_type"] = instance.spec.instance_type;
  out["image_id"] = instance.spec.image_id;
  out["subnet_id"] = instance.spec.subnet_id;
  out["availability_zone"] = instance.availability_zone;
  out["market"] = to_string(instance.market);
  out["launched_at"] = iso8601_millis(instance.launched_at);
  out["user_data_sha256"] = sha256_hex(instance.spec.user_data);
  out["metadata_enabled"] = instance.spec.metadata.endpoint;
  out["client_token"] = instance.client_token.text;
  out["tags"] = std::move(tags);
  out["spent_usd_micros"] = world.spent_on(instance).micros;
  return out;
}

}  // namespace

HttpResponse state_response(Ec2World& world) {
  json::array instances;
  for (const auto& [id, instance] : world.instances) instances.push_back(describe(instance, world));
  json::array templates;
  for (const auto& [id, launch_template] : world.templates)
    templates.push_back({{"id", id},
                         {"name", launch_template.name},
                         {"versions", launch_template.versions.size()}});
  json::object out;
  out["now"] = iso8601_millis(world.wall());
  out["region"] = world.options.region;
  out["spent_usd_micros"] = world.spent().micros;
  out["instances"] = std::move(instances);
  out["launch_templates"] = std::move(templates);
  return json_response(200, json::serialize(out));
}

}  // namespace mayfly::lab
