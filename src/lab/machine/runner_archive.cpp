#include "lab/machine/runner_archive.h"

#include "base/digest.h"
#include "lab/machine/files.h"

namespace mayfly::lab {
namespace {

Result<RunnerArchive> pack(const std::string& folder) {
  const std::string script = folder + "/run.sh";
  const std::string archive = folder + "/runner.tar";
  TRY(write_file(script, stand_in_runner_script()));
  TRY(run_command({"chmod", "0755", script}));
  TRY(run_command(
      {"tar", "--mtime=@0", "--owner=0", "--group=0", "-cf", archive, "-C", folder, "./run.sh"}));
  TRY(run_command({"gzip", "-n", archive}));
  TRY_ASSIGN(std::string bytes, read_file(archive + ".gz"));
  std::string digest = sha256_hex(bytes);
  return RunnerArchive{std::move(bytes), std::move(digest)};
}

}  // namespace

Result<RunnerArchive> make_runner_archive(const std::string& directory) {
  const std::string folder = directory + "/runner-archive";
  TRY(make_directory(folder));
  auto archive = pack(folder);
  remove_all(folder);
  return archive;
}

}  // namespace mayfly::lab
