// Runs one target over the files of the directories (or files) given, without libFuzzer: how a
// corpus is replayed with any compiler and its sanitizers. Prints each file that fails, why, and
// last "N passed, M failed". A file fails when the target aborts, is stopped by a sanitizer, leaks,
// or takes longer than k_seconds_max.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

constexpr unsigned k_seconds_max = 20;

std::vector<std::string> files_of(int count, char** names) {
  std::vector<std::string> files;
  for (int i = 1; i < count; ++i) {
    if (!fs::is_directory(names[i])) {
      files.emplace_back(names[i]);
      continue;
    }
    for (const auto& entry : fs::directory_iterator(names[i]))
      if (entry.is_regular_file()) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void run_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    std::fprintf(stderr, "cannot be read: %s\n", file.c_str());
    std::abort();
  }
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  // A copy of exactly this size, so that a read beyond its end is seen.
  const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
  alarm(k_seconds_max);
  (void)LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

// In a process of their own, which ends in the usual way so that leaks are looked for.
int run_apart(const std::vector<std::string>& files) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    for (const std::string& file : files) run_file(file);
    std::exit(0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  return status;
}

std::string in_words(int status) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    return "takes longer than " + std::to_string(k_seconds_max) + " s";
  if (WIFSIGNALED(status)) return std::string("ended by ") + strsignal(WTERMSIG(status));
  return "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

int main(int count, char** names) {
  const std::vector<std::string> files = files_of(count, names);
  if (files.empty()) {
    std::puts("no file to replay\n0 passed, 1 failed");
    return 1;
  }
  std::size_t failed = 0;
  // One process for all is quick; one for each says which.
  if (run_apart(files) != 0) {
    for (const std::string& file : files) {
      const int status = run_apart({file});
      if (status == 0) continue;
      ++failed;
      std::printf("FAILED %s: %s\n", file.c_str(), in_words(status).c_str());
    }
    if (failed == 0) {
      failed = 1;
      std::puts("FAILED: only when the files run one after another in one process");
    }
  }
  std::printf("%zu passed, %zu failed\n", files.size() - std::min(failed, files.size()), failed);
  return failed == 0 ? 0 : 1;
}
