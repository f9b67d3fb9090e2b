#pragma once

// The instance metadata service, version 2, of the machines of one FakeAws. Real machines all ask
// one address; here the path says which machine asks: /imds/<instance-id>/latest/...
// Source: facts.md B2, B5. Thread rule: safe from many threads.
//
//   PUT latest/api/token         with X-aws-ec2-metadata-token-ttl-seconds, 1-21600
//   GET latest/user-data
//   GET latest/meta-data/instance-id, instance-type, ami-id, hostname, local-hostname, local-ipv4,
//       public-ipv4, mac, placement/region, placement/availability-zone
//   GET latest/meta-data/network/interfaces/macs/MAC/{mac,device-number,local-ipv4s,
//       subnet-id,vpc-id}
//   GET latest/meta-data/tags/instance/KEY          404 where tags are not served
//   GET latest/meta-data/spot/instance-action       404 until a notice
//   GET latest/meta-data/iam/security-credentials/  404: no machine has a profile
//   GET latest/dynamic/instance-identity/document   unsigned
//   GET of a path above these                       the names below it, one a line
// cloud-init asks for dated versions instead of latest; five are known and tell the same.
//
// Without a valid token: 401. With the endpoint switched off: 403. Machine not running: 404.

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "lab/aws/fake_aws.h"

namespace mayfly::lab {

class FakeImds : public HttpService {
 public:
  FakeImds(FakeAws& aws, Clock& clock, Entropy& entropy)
      : aws_(aws), clock_(clock), entropy_(entropy) {}

  [[nodiscard]] HttpResponse handle(const HttpRequest& request) override;

 private:
  struct Token {
    InstanceId owner;
    SteadyTime expires_at;
  };

  [[nodiscard]] HttpResponse issue_token(const HttpRequest& request, const InstanceId& id);
  [[nodiscard]] bool has_token(const HttpRequest& request, const FakeInstance& instance);
  [[nodiscard]] HttpResponse read(const std::string& path, const FakeInstance& instance);

  FakeAws& aws_;
  Clock& clock_;
  Entropy& entropy_;
  std::mutex mutex_;
  std::map<std::string, Token> tokens_;
};

// The hardware address of the machine's one network interface.
[[nodiscard]] std::string mac_address(const InstanceId& id);

}  // namespace mayfly::lab
