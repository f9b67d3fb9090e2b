#pragma once

// What the emulated account holds, as JSON for a person or a script: no user data, no secret.

#include "lab/aws/ec2_world.h"
#include "seam/http_message.h"

namespace mayfly::lab {

[[nodiscard]] HttpResponse state_response(Ec2World& world);

}  // namespace mayfly::lab
