#include "lab/machine/process_machines.h"

#include <doctest/doctest.h>

#include "base/text.h"
#include "lab/machine/testing.h"
#include "os/system_clock.h"
#include "service/boot/boot_script.h"

namespace mayfly {
namespace {

using namespace lab;

struct Rack {
  os::SystemClock clock{};
  TemporaryDirectory directory{};
  RememberingPower power{};
  RememberingLog log{};
  std::string command{};
  std::unique_ptr<ProcessMachines> machines =
      ProcessMachines::create({directory.path(), "http://127.0.0.1:1/imds", command}, power, log)
          .value();

  std::string path(const std::string& file) {
    return directory.path() + "/i-0123456789abcdef0/" + file;
  }
  std::string file(const std::string& name) { return read_file(path(name)).value_or(""); }

  // Real processes: waits in real time, a few milliseconds where all is well.
  template <class Condition>
  bool wait_for(Condition condition) {
    for (int tries = 0; tries < 2000; ++tries) {
      machines->step();
      if (condition()) return true;
      clock.sleep_for(Millis{5});
    }
    return false;
  }
  bool wait_until_empty() {
    return wait_for([this] { return machines->count() == 0; });
  }
};

// Not a zombie either.
bool is_alive(const std::string& pid) {
  const std::string stat = read_file("/proc/" + pid + "/stat").value_or("");
  const auto state = stat.rfind(") ");
  return state != std::string::npos && stat[state + 2] != 'Z';
}

TEST_CASE("process machines: a script that powers off tells the power, once") {
  Rack rack;
  rack.machines->on_running(machine_with("shutdown -P +720\nshutdown -P now\nsleep 60\n"));
  REQUIRE(rack.wait_until_empty());
  rack.machines->step();
  CHECK(rack.power.ids == std::vector<std::string>{"i-0123456789abcdef0"});
  CHECK(rack.file("machine.log") == "shutdown -P +720\nshutdown -P now\n");
}

TEST_CASE("process machines: a script that ends by itself leaves its machine on") {
  Rack rack;
  rack.machines->on_running(machine_with("exit 0\n"));
  REQUIRE(rack.wait_until_empty());
  CHECK(rack.power.ids.empty());
  CHECK(rack.log.events == std::vector<std::string>{"machine-left-on"});
}

TEST_CASE("process machines: stopping one kills all it started") {
  Rack rack;
  rack.machines->on_running(
      machine_with("sleep 60 & echo $! >child.new; mv child.new child; trap '' TERM; wait\n"));
  REQUIRE(rack.wait_for([&] { return exists(rack.path("child")); }));
  const std::string child{trim(rack.file("child"))};
  REQUIRE(is_alive(child));
  rack.machines->on_stopping({"i-0123456789abcdef0"});
  CHECK(rack.wait_for([&] { return !is_alive(child); }));
  CHECK(rack.machines->count() == 0);
  CHECK(rack.power.ids.empty());
}

TEST_CASE("process machines: a machine has no command that could touch its host") {
  Rack rack;
  rack.machines->on_running(machine_with(
      "for command in apt-get dd halt init kill mount passwd python3 reboot setpriv su sudo; do\n"
      "  if type -P $command; then echo $command >>found; fi\n"
      "done\n"
      "type -P curl >tools\n"
      "for command in chown runuser shutdown systemctl systemd-run useradd; do\n"
      "  grep -q MAYFLY_ROOT \"$(type -P $command)\" || echo $command >>found\n"
      "done\nshutdown -P now\n"));
  REQUIRE(rack.wait_until_empty());
  CHECK(rack.file("found") == "");
  CHECK(rack.file("tools") == rack.directory.path() + "/bin/curl\n");
}

TEST_CASE("process machines: a machine sees its own environment and nothing of ours") {
  Rack rack;
  rack.machines->on_running(machine_with("env >environment\nshutdown -P now\n"));
  REQUIRE(rack.wait_until_empty());
  const std::string environment = rack.file("environment");
  CHECK(environment.find("MAYFLY_IMDS=http://127.0.0.1:1/imds/i-0123456789abcdef0\n") !=
        std::string::npos);
  CHECK(environment.find("HOME=") == std::string::npos);
}

TEST_CASE("process machines: a command of the caller's own plays the machine, and says it is off") {
  const TemporaryDirectory tools;
  const std::string command = tools.path() + "/machine";
  REQUIRE(write_file(command, "#!/bin/bash\nenv >\"$1/environment\"\n: >\"$1/powered-off\"\n"));
  REQUIRE(run_command({"chmod", "0755", command}));
  Rack rack{.command = command};
  rack.machines->on_running(machine_with("exit 1\n"));
  REQUIRE(rack.wait_until_empty());
  CHECK(rack.power.ids == std::vector<std::string>{"i-0123456789abcdef0"});
  const std::string environment = rack.file("environment");
  CHECK(environment.find("MAYFLY_INSTANCE=i-0123456789abcdef0\n") != std::string::npos);
  CHECK(environment.find("MAYFLY_MAC=0e:78:9a:bc:de:f0\n") != std::string::npos);
}

TEST_CASE("process machines: the boot script arms its timer in the machine's own log") {
  Rack rack;
  rack.machines->on_running(machine_with(std::string(boot_script())));
  CHECK(rack.wait_for([&] { return rack.file("machine.log") == "shutdown -P +720\n"; }));
  rack.machines->on_stopping({"i-0123456789abcdef0"});
}

}  // namespace
}  // namespace mayfly
