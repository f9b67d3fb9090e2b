#include "dynamo/books.h"

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"

namespace mayfly::dynamo {
namespace {

constexpr std::size_t k_digest_bytes = 9;
// More days than a month has, so that a few told by a calendar that ran ahead push none of its out.
constexpr std::size_t k_days_max = 70;

std::string digest(const std::string& text) {
  const Sha256 bytes = sha256(text);
  const std::string head(bytes.begin(), bytes.begin() + k_digest_bytes);
  return base64url_encode(head);
}

Money spent_since(const Books& books, WallTime midnight) {
  Money spent;
  for (const auto& [id, money] : books.running) spent += money;
  for (auto day = books.ended.lower_bound(midnight); day != books.ended.end(); ++day)
    spent += day->second;
  return spent;
}

void close_launch(Books& books, std::vector<OpenLaunch>::iterator launch) {
  books.counted.push_back(launch->at);
  books.open.erase(launch);
}

std::vector<OpenLaunch>::iterator find_open(Books& books, const LeaseId& lease) {
  return std::find_if(books.open.begin(), books.open.end(),
                      [&](const OpenLaunch& launch) { return launch.lease == lease; });
}

// What a calendar that ran ahead has written is not believed before its time.
std::vector<SettledLaunch> newest_told(const Books& books, int count_max, WallTime now) {
  std::vector<SettledLaunch> newest_first;
  for (auto told = books.told.rbegin(); told != books.told.rend(); ++told)
    if (told->at <= now) newest_first.push_back({told->at, {told->verdict, told->cause}});
  std::stable_sort(newest_first.begin(), newest_first.end(),
                   [](const SettledLaunch& a, const SettledLaunch& b) { return a.at > b.at; });
  if (std::ssize(newest_first) > count_max)
    newest_first.resize(static_cast<std::size_t>(count_max));
  return newest_first;
}

}  // namespace

Line line_of(const Lease& lease) {
  Line line;
  line.id = lease.id;
  line.repository = digest(lease.repository.text);
  line.run_id = lease.run_id;
  line.run_attempt = lease.run_attempt;
  line.architecture = lease.architecture;
  line.source = lease.source;
  line.actor = digest(lease.actor);
  line.head = digest(lease.head);
  line.reserved = lease.reserved;
  line.is_live = is_live(lease.state);
  line.counts = line.is_live && !lease.machine_ended;
  line.runner_left = !lease.runner_name.empty() && !lease.runner_removed;
  return line;
}

const Line* find_line(const Books& books, const LeaseId& id) {
  const auto found = std::find_if(books.lines.begin(), books.lines.end(),
                                  [&](const Line& line) { return line.id == id; });
  return found == books.lines.end() ? nullptr : &*found;
}

void enter(Books& books, const Lease& lease) {
  const Line line = line_of(lease);
  const auto found = std::find_if(books.lines.begin(), books.lines.end(),
                                  [&](const Line& other) { return other.id == line.id; });
  const bool is_needed = line.is_live || line.runner_left;
  if (found == books.lines.end()) {
    if (is_needed) books.lines.push_back(line);
  } else if (is_needed) {
    *found = line;
  } else {
    books.lines.erase(found);
  }
}

void enter_machine(Books& books, const std::optional<MachineRecord>& before,
                   const MachineRecord& after) {
  if (!before) books.machines_ever += 1;
  const bool ended_before = before && before->ended_at;
  if (after.ended_at && !ended_before) books.machines_ended += 1;
  const Money known = before ? before->spent : Money{};
  books.spent_ever += after.spent - known;
  if (!after.ended_at) {
    books.running[after.instance_id] = after.spent;
    return;
  }
  books.running.erase(after.instance_id);
  books.ended[start_of_day(*after.ended_at)] += ended_before ? after.spent - known : after.spent;
  while (books.ended.size() > k_days_max) books.ended.erase(books.ended.begin());
}

void open_launch(Books& books, const LeaseId& lease, WallTime now) {
  const auto former = find_open(books, lease);
  if (former != books.open.end()) close_launch(books, former);
  books.open.push_back({lease, now});
}

void settle_launch(Books& books, const Lease& lease) {
  const auto outcome = outcome_of_launch(lease);
  const auto launch = find_open(books, lease.id);
  if (!outcome || launch == books.open.end()) return;
  if (outcome->verdict == Verdict::no_machine) {
    books.open.erase(launch);
    return;
  }
  close_launch(books, launch);
  if (outcome->verdict == Verdict::came_up || outcome->verdict == Verdict::failed)
    books.told.push_back({lease.state_since, outcome->verdict,
                          outcome->verdict == Verdict::failed ? outcome->cause : Code::internal});
}

void forget_launches(Books& books, const Caps& caps, WallTime now) {
  std::erase_if(books.counted, [&](WallTime at) { return at <= now - k_launch_window; });
  const auto newest = newest_told(books, caps.launch_failures_max, now);
  if (std::ssize(newest) < caps.launch_failures_max) return;
  const WallTime oldest_needed = newest.back().at;
  std::erase_if(books.told, [&](const ToldLaunch& told) { return told.at < oldest_needed; });
}

std::optional<LaunchPause> pause_of(const Books& books, const Caps& caps, WallTime now) {
  return find_pause(newest_told(books, caps.launch_failures_max, now), caps.launch_failures_max,
                    caps.launch_pause, now);
}

LaunchUsage launches_of(const Books& books, const Caps& caps, WallTime now) {
  LaunchUsage usage;
  usage.pause = pause_of(books, caps, now);
  const auto count = [&](WallTime at) {
    if (at > now - k_launch_window && at < now + k_launch_window) usage.of_hour.push_back(at);
  };
  for (const OpenLaunch& launch : books.open) count(launch.at);
  for (const WallTime at : books.counted) count(at);
  std::sort(usage.of_hour.begin(), usage.of_hour.end());
  return usage;
}

Usage usage_of(const Books& books, const Lease& for_lease, const Caps& caps, WallTime now) {
  const Line mine = line_of(for_lease);
  Usage usage;
  for (const Line& line : books.lines) {
    if (!line.counts) continue;
    const bool same_repository = line.repository == mine.repository;
    usage.machines += 1;
    usage.reserved += line.reserved;
    usage.machines_of_repository += same_repository ? 1 : 0;
    usage.machines_of_actor += line.actor == mine.actor ? 1 : 0;
    usage.machines_of_head += line.head == mine.head ? 1 : 0;
    usage.machines_for_seed_labels += line.source == Source::seed ? 1 : 0;
    if (same_repository && line.run_id == mine.run_id && line.run_attempt == mine.run_attempt)
      usage.machines_of_run[line.architecture] += 1;
  }
  usage.spent_today = spent_since(books, start_of_day(now));
  usage.spent_this_month = spent_since(books, start_of_month(now));
  usage.launches = launches_of(books, caps, now);
  return usage;
}

Audit audit_of(const Books& books) {
  Audit audit;
  audit.leases = books.leases_ever;
  audit.launched = books.machines_ever;
  audit.ended = books.machines_ended;
  audit.spent = books.spent_ever;
  for (const Line& line : books.lines) {
    audit.leases_live += line.is_live ? 1 : 0;
    audit.runners_left += line.runner_left ? 1 : 0;
    if (line.is_live) audit.reserved += line.reserved;
  }
  return audit;
}

}  // namespace mayfly::dynamo
