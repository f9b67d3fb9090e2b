#pragma once

// How many files and sockets the process may have open (RLIMIT_NOFILE).

#include <cstddef>

namespace mayfly::os {

// Raises the limit as far as the process may by itself, and says how far that is.
std::size_t raise_descriptor_limit();

}  // namespace mayfly::os
