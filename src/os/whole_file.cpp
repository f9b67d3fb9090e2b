#include "os/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "os/file_descriptor.h"

namespace mayfly::os {
namespace {

constexpr std::size_t k_step = std::size_t{1024} * 1024;

tl::unexpected<Error> failed(const std::string& path, const std::string& why) {
  return fail(Code::ledger_unavailable, path + ": " + why);
}

}  // namespace

Result<std::optional<std::string>> read_whole(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file && errno == ENOENT) return std::optional<std::string>{};
  if (!file) return failed(path, errno_text(errno));
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return failed(path, errno_text(errno));
  if (!S_ISREG(status.st_mode)) return failed(path, "not a regular file");
  std::string content;
  for (;;) {
    const std::size_t size = content.size();
    if (size > k_whole_file_max) return failed(path, "larger than 512 MiB");
    content.resize(size + k_step);
    const ssize_t got = read(file.get(), content.data() + size, k_step);
    content.resize(size + static_cast<std::size_t>(got < 0 ? 0 : got));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(path, errno_text(errno));
    if (got == 0) return std::optional<std::string>(std::move(content));
  }
}

Status append_to(const std::string& path, std::string_view text) {
  const FileDescriptor file(open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644));
  if (!file) return failed(path, errno_text(errno));
  while (!text.empty()) {
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(path, errno_text(errno));
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fsync(file.get()) != 0) return failed(path, errno_text(errno));
  return {};
}

}  // namespace mayfly::os
