#pragma once

// EC2, one function per action that mayfly uses, over the query protocol (facts.md B1, B2). Each is
// one request, or one per page; none repeats itself. Thread rule: safe from many threads.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/client.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace mayfly::aws {

using Tags = std::map<std::string, std::string>;

enum class Market { spot, on_demand };
[[nodiscard]] std::string_view to_string(Market market);

// One instance type in one subnet.
struct FleetOverride {
  std::string instance_type;
  std::string subnet_id;
  std::string image_id;
};

struct CreateFleet {
  std::string launch_template_name;
  std::string launch_template_version;
  std::vector<FleetOverride> overrides;  // at most 300
  Market market = Market::spot;          // spot: price-capacity-optimized, one-time
  int count = 1;
  Tags tags;  // on the instances, atomically at launch
  ClientToken client_token;
};

// The exact form body of the call without signature: what is kept as the intent and sent again.
[[nodiscard]] std::string encode(const CreateFleet& request);

struct LaunchedInstance {
  InstanceId id;
  std::string instance_type;
  std::string availability_zone;  // empty where the answer has none
  Market market = Market::spot;
  std::string subnet_id = {};  // likewise
};

struct FleetError {
  std::string code;
  std::string message;
  std::string instance_type;
  std::string subnet_id;
};

// HTTP 200 with either or both: a fleet may be partial.
struct FleetResult {
  std::string fleet_id;
  std::vector<LaunchedInstance> instances;
  std::vector<FleetError> errors;
};

enum class InstanceState { pending, running, shutting_down, terminated, stopping, stopped };
[[nodiscard]] std::string_view to_string(InstanceState state);

struct Instance {
  InstanceId id;
  InstanceState state = InstanceState::pending;
  std::string state_reason;  // "Server.SpotInstanceTermination", empty if none
  std::string instance_type;
  std::string availability_zone;
  Market market = Market::on_demand;
  WallTime launched_at{};
  Tags tags;
  bool metadata_enabled = true;  // IMDS endpoint
  std::string subnet_id;         // empty of one that has ended
};

struct DescribeInstances {
  Tags tags;                          // filters tag:<key>=<value>; '*', '?', '\' are escaped
  std::vector<InstanceId> ids;        // or these ids
  std::vector<InstanceState> states;  // empty: all
};

struct TerminationRefusal {
  InstanceId id;
  Error error;
};

struct Image {
  std::string id;
  std::string name;
  std::string creation_date;  // ISO 8601, sorts as text
  std::string architecture;
};

struct DescribeImages {
  std::string owner;
  std::string name_pattern;
  std::string architecture;  // "x86_64" or "arm64"
};

struct LaunchTemplate {
  std::string name;
  std::string user_data_base64;
  std::vector<std::string> security_group_ids;
  std::string key_name;  // empty: none
  int root_volume_gb = 32;
  std::string root_device = "/dev/sda1";
  bool public_address = true;
  Tags volume_tags;
  std::string version_description;  // the hash of all the above, set by the caller
};

struct LaunchTemplateVersion {
  std::string version;  // "3"
  std::string description;
};

class Ec2Client {
 public:
  explicit Ec2Client(SignedSender& sender) : sender_(sender) {}

  // Errors inside a 200 come back in FleetResult; a refused call comes back as Error.
  [[nodiscard]] Result<FleetResult> create_fleet(const std::string& encoded_body,
                                                 SteadyTime deadline);
  // All pages, or an error: never a part. Pages may be empty (facts.md B2).
  [[nodiscard]] Result<std::vector<Instance>> describe_instances(const DescribeInstances& request,
                                                                 SteadyTime deadline);
  // At once, without the machine's own shutdown (SkipOsShutdown, facts.md B2), which a job that is
  // root could draw out. Batches of at most 1000. A bad id is dropped from its batch and the rest
  // repeated, so that it does not save the others; what could not be terminated comes back with its
  // reason. An id that EC2 does not know counts as terminated. An error that concerns no single id
  // (throttled, lost, …) comes back as Error after every batch has been tried; repeating the whole
  // is safe.
  [[nodiscard]] Result<std::vector<TerminationRefusal>> terminate_instances(
      const std::vector<InstanceId>& ids, SteadyTime deadline);
  // IMDS off (HttpEndpoint=disabled) for one instance.
  [[nodiscard]] Status disable_metadata(const InstanceId& id, SteadyTime deadline);
  // All pages; EC2 gives no order and this does not sort.
  [[nodiscard]] Result<std::vector<Image>> describe_images(const DescribeImages& request,
                                                           SteadyTime deadline);

  // none: there is no template of that name. Otherwise all its versions.
  [[nodiscard]] Result<std::optional<std::vector<LaunchTemplateVersion>>>
  describe_launch_template_versions(const std::string& name, SteadyTime deadline);
  // Both answer with the version made.
  [[nodiscard]] Result<std::string> create_launch_template(const LaunchTemplate& launch_template,
                                                           const Tags& tags,
                                                           const ClientToken& client_token,
                                                           SteadyTime deadline);
  [[nodiscard]] Result<std::string> create_launch_template_version(
      const LaunchTemplate& launch_template, const ClientToken& client_token, SteadyTime deadline);

  // Asks EC2 whether the role may do it, without doing it (DryRun). Status ok: allowed.
  // Without an id the question is about an instance that does not exist: a policy that goes by tags
  // may say no to that one.
  [[nodiscard]] Status may_create_fleet(const std::string& encoded_body, SteadyTime deadline);
  [[nodiscard]] Status may_terminate(SteadyTime deadline, const InstanceId& id = {});
  [[nodiscard]] Status may_disable_metadata(SteadyTime deadline, const InstanceId& id = {});
  [[nodiscard]] Status may_create_launch_template(const LaunchTemplate& launch_template,
                                                  const Tags& tags, SteadyTime deadline);
  // A template of that name must exist.
  [[nodiscard]] Status may_create_launch_template_version(const LaunchTemplate& launch_template,
                                                          SteadyTime deadline);

 private:
  SignedSender& sender_;
};

}  // namespace mayfly::aws
