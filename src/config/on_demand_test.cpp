#include "config/config.h"
#include "config/testing_toml.h"

namespace mayfly {
namespace {

using namespace testing;

std::string with(const std::string& lines) { return changed("lifetime = \"60m\"", lines); }

TEST_CASE("config: each way to pay for on-demand is read by its name, the default is for want") {
  CHECK(parsed(k_small_toml).machine.on_demand == OnDemand::when_no_spot);
  CHECK(parsed(with("on_demand = \"never\"")).machine.on_demand == OnDemand::never);
  CHECK(parsed(with("on_demand = \"after-interruptions\"")).machine.on_demand ==
        OnDemand::after_interruptions);
  CHECK(parsed(with("on_demand = \"when-no-spot\"")).machine.on_demand == OnDemand::when_no_spot);
  CHECK(parsed(with("on_demand = \"always\"")).machine.on_demand == OnDemand::always);
  CHECK(refusal(with("on_demand = \"sometimes\"")).find("on_demand") != std::string::npos);
}

TEST_CASE("config: so many interruptions as the owner says, from 1 to 10, lead to on-demand") {
  CHECK(parsed(k_small_toml).machine.spot_interruptions_max == 1);
  CHECK(parsed(with("spot_interruptions_max = 10")).machine.spot_interruptions_max == 10);
  for (const char* bad : {"0", "11", "\"1\""})
    CHECK(refusal(with("spot_interruptions_max = " + std::string(bad)))
              .find("machine.spot_interruptions_max") != std::string::npos);
}

}  // namespace
}  // namespace mayfly
