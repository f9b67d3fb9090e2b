#include "os/system_environment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/text.h"
#include "os/file_descriptor.h"

namespace mayfly::os {
namespace {

constexpr std::size_t k_file_max = 1024 * 1024;

tl::unexpected<Error> unreadable(const std::string& path, const std::string& why) {
  return fail(Code::secret_unreadable, "cannot read " + printable(path) + ": " + why);
}

}  // namespace

std::optional<std::string> SystemEnvironment::variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

Result<std::string> SystemEnvironment::read_file(const std::string& path) {
  // O_NONBLOCK: opening a named pipe must not wait for a writer.
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return unreadable(path, errno_text(errno));
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return unreadable(path, errno_text(errno));
  if (!S_ISREG(status.st_mode) || path == "/dev/stdin")
    return unreadable(path, "not a regular file");

  std::string content(k_file_max + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const ssize_t got = read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path, errno_text(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > k_file_max) return unreadable(path, "larger than 1 MiB");
  content.resize(size);
  content.shrink_to_fit();
  return content;
}

}  // namespace mayfly::os
