#pragma once

// What an error inside a fleet's answer means: the same as if the whole call had been refused so.

#include "aws/ec2.h"

namespace mayfly::aws {

[[nodiscard]] Error interpret(const FleetError& error);

}  // namespace mayfly::aws
