#pragma once

// What can be read back from the bytes of a CreateFleet call (encode in aws/ec2.h).

#include <string>
#include <string_view>

namespace mayfly::aws {

// How many overrides it names.
[[nodiscard]] std::size_t overrides_in(std::string_view encoded);
// The image of the first override; empty: it names none.
[[nodiscard]] std::string image_in(std::string_view encoded);

}  // namespace mayfly::aws
