#include "os/file_descriptor.h"

#include <unistd.h>

#include <system_error>

namespace mayfly::os {

void FileDescriptor::reset() {
  // Not repeated on EINTR: Linux has closed the descriptor by then, and the number may be reused.
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

std::string errno_text(int error) { return std::generic_category().message(error); }

}  // namespace mayfly::os
