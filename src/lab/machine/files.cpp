#include "lab/machine/files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "os/process.h"

namespace mayfly::lab {
namespace {

constexpr Millis k_command_limit{20'000};

}  // namespace

Status make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fail(Code::internal, "cannot make " + path + ": " + error.message());
  return {};
}

Result<std::string> working_directory(const std::string& wanted, const std::string& name) {
  if (!wanted.empty()) {
    TRY(make_directory(wanted));
    return wanted;
  }
  std::string made = "/tmp/" + name + "-XXXXXX";
  if (mkdtemp(made.data()) == nullptr)
    return fail(Code::internal, "cannot make a directory below /tmp");
  return made;
}

Status write_file(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) return fail(Code::internal, "cannot write " + path);
  return {};
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) return fail(Code::internal, "cannot read " + path);
  return bytes;
}

bool exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

void remove_all(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
}

Status run_command(const std::vector<std::string>& argv) {
  TRY_ASSIGN(auto child, os::ChildProcess::spawn({.argv = argv}));
  const auto status = child.wait_for(k_command_limit);
  if (status == 0) return {};
  return fail(Code::internal,
              argv.front() + (status ? ": status " + std::to_string(*status) : " takes too long"));
}

}  // namespace mayfly::lab
