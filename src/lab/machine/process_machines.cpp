#include "lab/machine/process_machines.h"

#include <vector>

#include "lab/aws/fake_imds.h"
#include "lab/machine/files.h"

namespace mayfly::lab {
namespace {

constexpr const char* k_command_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

Status make_jail(const std::string& directory) {
  const std::string script = directory + "/jail.sh";
  TRY(make_directory(directory));
  TRY(write_file(script, jail_script()));
  return run_command({"bash", script, directory + "/bin"});
}

}  // namespace

Result<std::unique_ptr<ProcessMachines>> ProcessMachines::create(ProcessMachineOptions options,
                                                                 MachinePower& power, Log& log) {
  TRY(make_jail(options.directory));
  return std::unique_ptr<ProcessMachines>(new ProcessMachines(std::move(options), power, log));
}

std::string ProcessMachines::root_of(const InstanceId& id) const {
  return options_.directory + "/" + id.text;
}

Status ProcessMachines::start(const Machine& machine) {
  const std::string root = root_of(machine.id);
  for (const char* folder : {"/etc/sudoers.d", "/proc", "/home"})
    TRY(make_directory(root + folder));
  TRY(write_file(root + "/user-data", machine.user_data));
  TRY_ASSIGN(auto child, os::ChildProcess::spawn(spawn_options(machine)));
  machines_.emplace(machine.id, std::move(child));
  return {};
}

os::SpawnOptions ProcessMachines::spawn_options(const Machine& machine) const {
  const std::string root = root_of(machine.id);
  const std::string imds = "MAYFLY_IMDS=" + options_.imds_url + "/" + machine.id.text;
  os::SpawnOptions spawn;
  spawn.directory = root;
  spawn.output = os::ChildOutput::file;
  spawn.output_file = root + "/console.log";
  if (options_.command.empty()) {
    spawn.argv = {"bash", root + "/user-data"};
    spawn.environment = {"PATH=" + options_.directory + "/bin", "MAYFLY_ROOT=" + root, imds};
  } else {
    spawn.argv = {options_.command, root};
    spawn.environment = {
        std::string("PATH=") + k_command_path, imds, "MAYFLY_INSTANCE=" + machine.id.text,
        "MAYFLY_ADDRESS=" + machine.private_address, "MAYFLY_MAC=" + mac_address(machine.id)};
  }
  return spawn;
}

void ProcessMachines::on_running(const Machine& machine) {
  const Status started = start(machine);
  if (!started) {
    log_.error("machine-not-started",
               {{"instance", machine.id.text}, {"reason", started.error().message}});
  }
}

void ProcessMachines::on_stopping(const InstanceId& id) { machines_.erase(id); }

void ProcessMachines::step() {
  std::vector<InstanceId> ended;
  for (auto& [id, child] : machines_)
    if (child.wait_for(Millis{0})) ended.push_back(id);
  for (const InstanceId& id : ended) {
    machines_.erase(id);
    if (exists(root_of(id) + "/powered-off"))
      power_.power_off(id);
    else
      log_.warning("machine-left-on", {{"instance", id.text}});
  }
}

}  // namespace mayfly::lab
