"""What the hosts of `./dev boot-test` go through, and what has to come of it.

A scenario is a function of (options, check): it makes a World, launches one machine, waits, and checks.
check(SENTENCE, IS_SO, WHY). The times that are waited are the bounds that are promised, and for what the
host takes before the boot script and after it START and OFF."""
import os
import re

from .world import World

BOOT_SCRIPT = os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "..", "..", "src",
                           "service", "boot", "boot.sh")
SLOW_START = 900  # under qemu without KVM
START = 90  # seconds from the launch to the boot script, where others use the processor too
OFF = 30  # from the boot script's power-off until the host is off


def console_has(world, *texts):
    console = world.console()
    return all(text in console for text in texts)


def ends(world, check, seconds, reason="", event="machine-failed",
         by="Client.InstanceInitiatedShutdown"):
    """The machine is off within the bound, by its own power-off unless `by` says otherwise, and its lease
    says why."""
    check(f"is off within {seconds} s, and {START + OFF} s for the rest of it", world.wait_off(seconds + START + OFF),
          world.console()[-3000:])
    told = world.instance()["state_reason"]
    check("by its own power-off" if "InstanceInitiated" in by else "by the service", told == by, told)
    check("the power-off was armed before anything else", armed_first(world), world.console()[-3000:])
    world.wait(lambda: world.show()["state"] == "gone", 20)
    print(f"-- {world.name}: seconds since the launch: "
          + ", ".join(f"{event} {at}" for event, at in world.times()), flush=True)
    check(f"its lease says why: {reason or event}", world.has_event(event, reason), world.events())


def armed_first(world):
    """What systemd says of a timer comes before the boot script's first step."""
    console = world.console()
    armed, first = console.find("Shutdown scheduled for"), console.find("mayfly: metadata")
    return 0 <= armed < first


def good(options, check):
    """The plain image: the runner is downloaded, in two pieces."""
    with World(options, "good", ["archive-cut"], machine="sudo = true") as world:
        world.launch(job_ms=8000)
        check("its job starts", world.wait(lambda: world.has_event("machine-job-started"),
                                           START + 60), world.console()[-3000:])
        look_inside(world, check, may_be_root=True)
        ends(world, check, 60, event="machine-job-completed")
        steps = [event.removeprefix("machine-") for event, _ in world.events()
                 if event.startswith("machine-") and event != "machine-ended"]
        check("every step is reported, in order", steps == [
            "booted", "runner-downloading", "runner-ready", "claiming", "runner-started",
            "job-started", "job-completed", "runner-exited"], steps)
        user_data(world, check)
        check("the download went on where it broke off", console_has(world, "curl: (18)"))
        job = next(job for job in world.emulator.run(world.run)["jobs"]
                   if job["name"] == "test-x86_64")
        check("GitHub has its job as a success", job["conclusion"] == "success", job)
        nothing_left_of_jit(world, check)


def look_inside(world, check, may_be_root):
    """While the job runs."""
    listed = world.processes()
    runner = [one for one in listed if "run.sh" in one[2]]
    check("the runner runs as the user runner",
          runner and all(user == "runner" for _, user, words in runner if "runuser" not in words),
          listed)
    jits = world.jit_configs()
    check("GitHub has made one JIT config", len(jits) == 1, jits)
    check("which is no process's argument",
          jits and not any(jit[:60] in words for jit in jits for _, _, words in listed), listed)
    status, told = world.inside("runuser", "-u", "runner", "--", "sudo", "-n", "id", "-u")
    check("sudo is given" if may_be_root else "sudo is refused",
          (status == 0 and told.strip() == "0") == may_be_root, told)
    _, told = world.inside("curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}", "-X", "PUT",
                           "-H", "X-aws-ec2-metadata-token-ttl-seconds: 60",
                           "http://169.254.169.254/latest/api/token")
    check("the metadata service is off", told == "403", told)
    status, told = world.inside("cat", "/opt/mayfly/job-started.sh")
    check("the hook that refuses other runs is in place, and of root",
          status == 0 and f"run_id={world.run}" in told and
          world.inside("stat", "-c", "%U %a", "/opt/mayfly/job-started.sh")[1] == "root 755\n", told)
    _, told = world.inside("cat", "/run/systemd/shutdown/scheduled")
    check("a power-off is armed, until the lease's deadline", "MODE=poweroff" in told, told)


def user_data(world, check):
    written = world.disk()
    source = written.get("var/lib/cloud/data/previous-datasource") or b""
    check("cloud-init has its data from EC2's metadata service", b"DataSourceEc2" in source, source)
    script = written.get(f"var/lib/cloud/instances/{world.instance()['instance_id']}/user-data.txt")
    with open(BOOT_SCRIPT, "rb") as ours:
        check("and what it ran is src/service/boot/boot.sh, byte for byte", script == ours.read())


def nothing_left_of_jit(world, check):
    written = world.disk()
    jits = [jit.encode() for jit in world.jit_configs()]
    holders = [path for path, data in written.items()
               if data and any(jit[:60] in data for jit in jits)]
    check("no file holds the JIT config", jits and not holders, holders)


def prebaked(options, check):
    """An image with the runner in it, and a policy without sudo."""
    with World(options, "prebaked", machine="sudo = false", image=options.prebaked_image()) as world:
        world.launch(job_ms=5000)
        check("its job starts", world.wait(lambda: world.has_event("machine-job-started"),
                                           START + 60), world.console()[-3000:])
        look_inside(world, check, may_be_root=False)
        ends(world, check, 60, event="machine-job-completed")
        check("nothing is downloaded", not world.has_event("machine-runner-downloading"),
              world.events())


def api_gone(options, check):
    """It cannot report; what the lease says is what EC2 says."""
    with World(options, "api-gone", ["api-gone"]) as world:
        world.launch()
        ends(world, check, 30 * (5 + 2), "boot-failed: Client.InstanceInitiatedShutdown", "ending")
        check("the console says why", console_has(world, "failed clock: no date from the service"),
              world.console()[-3000:])


def failure(name, faults, seconds, reason, after=None, **end):
    """A scenario of which only the end counts."""
    def play(options, check):
        with World(options, name, faults) as world:
            world.launch()
            ends(world, check, seconds, reason, **end)
            if after:
                after(world, check)
    play.__doc__ = name
    return play


def no_runner(world, check):
    check("nothing of it is unpacked",
          not any(re.search(r"actions-runner/.+", path) for path in world.disk()))
    check("nothing is claimed", not world.jit_configs())


def mirror(options, check):
    """A version that the owner has pinned, from a mirror of the owner's."""
    with World(options, "mirror", **options.mirror(options.megabytes)) as world:
        world.launch()
        ends(world, check, 90, event="machine-job-completed")
        check("it is the version that was pinned",
              world.has_event("machine-runner-downloading", "2.335.0"), world.events())


def disk_full(options, check):
    """/opt has 1 MB, the archive 4."""
    with World(options, "disk-full", BOOT_OPT_MB=1, **options.mirror(4)) as world:
        world.launch()
        ends(world, check, 60, "runner: the runner could not be written to the disk")


def qemu(options, check):
    """A machine of its own instead of namespaces, with Debian's kernel; not in any list."""
    with World(options, "qemu", machine='boot_timeout = "40m"',
               **options.mirror(options.megabytes)) as world:
        world.launch()
        ends(world, check, SLOW_START, event="machine-job-completed")
        check("its kernel is Debian's, and its clock its own",
              console_has(world, "Linux version 6.1", "rtc_cmos"), world.console()[:3000])


SCENARIOS = {
    "good": good,
    "prebaked": prebaked,
    "mirror": mirror,
    "disk-full": disk_full,
    "archive-wrong": failure("archive-wrong", ["archive-wrong"], 60,
                             "runner: the runner could not be downloaded whole", no_runner),
    "runner-too-old": failure("runner-too-old", ["runner-too-old"], 60, "run: .* too old"),
    "jit-401": failure("jit-401", ["jit-401"], 60, "refused: github-unauthorized", event="ending",
                       by="Client.UserInitiatedShutdown"),
    "clock-wrong": failure("clock-wrong", ["clock-wrong"], 90,
                           r"clock: clock is off by -3[56]\d\d seconds"),
    "api-gone": api_gone,
    "jit-409": failure("jit-409", ["jit-409"], 180, "claim: "),
}
# Those that do not wait for minutes, as their steps do with a service that is gone.
QUICK = list(SCENARIOS)[:7]
