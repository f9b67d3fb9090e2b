#include "lab/sim/scenario.h"

#include <algorithm>

namespace mayfly::lab::sim {
namespace {

using K = FaultKind;

// Of calls, in thousandths.
const std::map<K, int> k_cloud_faults = {
    {K::refuse, 60},       {K::lose_reply, 100},       {K::delay, 120},
    {K::server_error, 80}, {K::server_error_done, 80}, {K::throttle, 80},
    {K::stale, 200},       {K::truncate, 40},          {K::no_capacity, 150},
    {K::mismatch, 20},     {K::expired, 10},           {K::denied, 15},
    {K::conflict, 100},    {K::ledger_error, 20}};
// Of the world, per thousand simulated hours.
const std::map<K, int> k_world_faults = {
    {K::interrupt, 1500},    {K::interrupt_later, 1500}, {K::hide, 1500},
    {K::vanish, 1000},       {K::capacity, 1200},        {K::ec2_outage, 150},
    {K::github_outage, 200}, {K::api_outage, 300},       {K::ledger_outage, 300},
    {K::ledger_loss, 30},    {K::clock_step, 300},       {K::kill_server, 800},
    {K::drain, 400},         {K::clock_drift, 200}};

Swarm all_faults() {
  Swarm swarm;
  swarm.per_mille = k_cloud_faults;
  swarm.per_mille.insert(k_world_faults.begin(), k_world_faults.end());
  swarm.per_mille[K::kill] = 300;
  return swarm;
}

Swarm only(std::initializer_list<std::pair<const K, int>> rates) {
  Swarm swarm;
  swarm.per_mille = rates;
  return swarm;
}

Scenario named(std::string name, std::string text) {
  Scenario scenario;
  scenario.name = std::move(name);
  scenario.text = std::move(text);
  return scenario;
}

Scenario gentle(std::string name, std::string text) {
  Scenario scenario = named(std::move(name), std::move(text));
  scenario.cancelled = scenario.rerun_all = scenario.rerun_failed = scenario.stop_never_comes = 0;
  scenario.repeating = scenario.crashing = scenario.lying = scenario.flooding = 0;
  scenario.awaiting_approval = 0;
  scenario.hostile = scenario.dead = scenario.slow = 0;
  scenario.draws_config = false;
  return scenario;
}

Scenario mixed() {
  Scenario scenario = named("mixed", "everything may go wrong, a different part of it each time");
  scenario.swarm = all_faults();
  return scenario;
}

Scenario calm() { return gentle("calm", "rr's workflow day after day; nothing goes wrong"); }

Scenario one_run() {
  Scenario scenario = gentle("one-run", "one run of rr's workflow, for exhaustive crash points");
  scenario.runs_min = scenario.runs_max = 1;
  scenario.seed_shape = 1000;
  scenario.restart_max = Millis{0};
  return scenario;
}

Scenario one_v1_run() {
  Scenario scenario = one_run();
  scenario.name = "one-v1-run";
  scenario.text = "one run that asks by its id, for exhaustive crash points";
  scenario.seed_shape = 0;
  return scenario;
}

Scenario people() {
  return named("people", "cancelled, repeated and re-run workflows, liars; the clouds are well");
}

Scenario hostile() {
  Scenario scenario = named("hostile", "most machines belong to an attacker who is root");
  scenario.hostile = 700;
  scenario.lying = 500;
  scenario.swarm = only({{K::lose_reply, 30}, {K::delay, 50}, {K::kill, 50}});
  return scenario;
}

Scenario crashes() {
  Scenario scenario = named("crashes", "the service is killed again and again");
  scenario.swarm = only({{K::kill, 4000}, {K::kill_server, 4000}, {K::lose_reply, 50}});
  return scenario;
}

Scenario ambiguous() {
  Scenario scenario =
      named("ambiguous", "callers repeat themselves while launches' answers are lost");
  scenario.repeating = 900;
  scenario.repeats_max = 40;
  scenario.gap_max = Millis{3'600'000};
  scenario.swarm = only({{K::lose_reply, 300}, {K::server_error_done, 200}, {K::delay, 100}});
  return scenario;
}

Scenario github_down() {
  Scenario scenario = named("github-down", "GitHub is slow, refuses, or is away for a day");
  scenario.swarm = only({{K::github_outage, 3000},
                         {K::throttle, 80},
                         {K::stale, 300},
                         {K::conflict, 200},
                         {K::vanish, 2000}});
  return scenario;
}

Scenario ec2_down() {
  Scenario scenario = named("ec2-down", "EC2 throttles, lags, fails and is away");
  scenario.swarm = only({{K::ec2_outage, 2000},
                         {K::throttle, 150},
                         {K::hide, 4000},
                         {K::server_error, 100},
                         {K::server_error_done, 100},
                         {K::drain, 3000}});
  return scenario;
}

Scenario spot() {
  Scenario scenario = named("spot", "machines are taken back and pools run dry");
  scenario.swarm = only({{K::interrupt, 6000},
                         {K::interrupt_later, 6000},
                         {K::capacity, 4000},
                         {K::no_capacity, 300}});
  return scenario;
}

Scenario two_servers() {
  Scenario scenario = mixed();
  scenario.name = "two-servers";
  scenario.text = "two services on one ledger, under all faults";
  scenario.servers = 2;
  return scenario;
}

Scenario table() {
  Scenario scenario = mixed();
  scenario.name = "table";
  scenario.text = "two services on one DynamoDB table, under all faults";
  scenario.servers = 2;
  scenario.is_on_table = true;
  scenario.swarm.per_mille.erase(K::ledger_loss);  // AWS keeps what it has acknowledged
  return scenario;
}

// More leases at once than one transaction can also take pointers for, and little else.
Scenario matrix() {
  Scenario scenario =
      named("matrix", "runs ask for some forty runners at once, of a DynamoDB table");
  scenario.servers = 2;
  scenario.is_on_table = true;
  scenario.seed_shape = 0;
  scenario.matrices = 1000;
  scenario.matrix_max = 20;
  scenario.runs_min = scenario.runs_max = 2;
  scenario.gap_max = Millis{3'600'000};
  scenario.swarm = only({{K::lose_reply, 40},
                         {K::server_error_done, 20},
                         {K::throttle, 20},
                         {K::conflict, 40},
                         {K::delay, 40},
                         {K::no_capacity, 100},
                         {K::interrupt, 1000},
                         {K::kill, 200},
                         {K::kill_server, 1000}});
  return scenario;
}

Scenario records() {
  Scenario scenario = named("records", "the ledger is full, read-only, or lost");
  scenario.swarm = only({{K::ledger_error, 60},
                         {K::ledger_outage, 2000},
                         {K::ledger_loss, 300},
                         {K::kill_server, 1000}});
  return scenario;
}

Scenario clocks() {
  Scenario scenario = named("clocks", "calendars jump and drift, and credentials expire");
  scenario.web_identity = true;
  scenario.swarm =
      only({{K::clock_step, 4000}, {K::clock_drift, 4000}, {K::expired, 30}, {K::throttle, 30}});
  return scenario;
}

Scenario quiet_years() {
  Scenario scenario = mixed();
  scenario.name = "quiet-years";
  scenario.text = "a small project: a run every ten days or so, for years, under all faults";
  scenario.gap_min = scenario.gap_max = std::chrono::hours{240};
  scenario.runs_min = 30;
  scenario.runs_max = 45;
  scenario.horizon = std::chrono::hours{24 * 800};
  return scenario;
}

Scenario storm() {
  Scenario scenario =
      named("storm", "thousands of repeated requests a minute, launches' answers lost");
  scenario.repeating = 1000;
  scenario.repeats_max = 4000;
  scenario.flooding = 0;
  scenario.runs_min = 3;
  scenario.runs_max = 5;
  scenario.gap_max = Millis{600'000};
  scenario.swarm = only({{K::lose_reply, 400}, {K::server_error_done, 300}});
  return scenario;
}

Scenario moments() {
  Scenario scenario = mixed();
  scenario.name = "moments";
  scenario.text = "outages, deaths and people hit the moments that are over in no time";
  scenario.is_aimed = true;
  scenario.lifetime_max = std::chrono::minutes{15};
  scenario.long_jobs = 500;
  scenario.hostile = 300;
  scenario.slow = 200;
  for (auto& [kind, rate] : scenario.swarm.per_mille)
    if (kind == K::ledger_loss) rate = 300;
  return scenario;
}

Scenario flood() {
  Scenario scenario = named("flood", "strangers flood the service while it may ask GitHub little");
  scenario.flooding = 1000;
  scenario.gap_max = Millis{600'000};
  scenario.hostile = 300;
  scenario.swarm = only({{K::throttle, 20}, {K::delay, 40}, {K::lose_reply, 30}, {K::kill, 200}});
  return scenario;
}

Scenario sick_launches() {
  Scenario scenario =
      named("sick-launches", "launches are refused and machines never boot, one after the other");
  scenario.dead = 600;
  scenario.swarm = only({{K::denied, 300}, {K::lose_reply, 30}, {K::kill, 100}, {K::delay, 50}});
  return scenario;
}

Scenario drought() {
  Scenario scenario = gentle("drought", "one pool alone has room: no lease is lost for want of it");
  scenario.drought = Drought::all_but_one;
  scenario.gap_max = Millis{3'600'000};
  scenario.swarm =
      only({{K::lose_reply, 80}, {K::delay, 80}, {K::interrupt, 6000}, {K::interrupt_later, 6000}});
  return scenario;
}

Scenario moving_drought() {
  Scenario scenario = drought();
  scenario.name = "moving-drought";
  scenario.text = "one pool alone has room, soon another, spot or on-demand";
  scenario.drought = Drought::moving;
  return scenario;
}

// Of two rare things at once moments() meets too few in five minutes.
Scenario rare_moments() {
  Scenario scenario = moments();
  scenario.name = "rare-moments";
  scenario.text = "whole edges go away at the shortest moments; a month may end meanwhile";
  scenario.begins_before_month = 500;
  scenario.swarm = only({{K::api_outage, 1000},
                         {K::ledger_outage, 1000},
                         {K::ledger_loss, 800},
                         {K::github_outage, 500},
                         {K::capacity, 1000},
                         {K::no_capacity, 300},
                         {K::lose_reply, 100},
                         {K::interrupt, 1000}});
  return scenario;
}

Scenario dead_service() {
  Scenario scenario = named("dead-service",
                            "the service dies and never returns: the second "
                            "enforcer alone ends every machine");
  scenario.servers_never_return = true;
  scenario.hostile = 400;
  scenario.runs_min = 2;
  scenario.runs_max = 6;
  scenario.gap_max = Millis{1'800'000};
  scenario.swarm = only({{K::lose_reply, 30}, {K::throttle, 30}});
  return scenario;
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all = {
      mixed(),         two_servers(),  people(),      hostile(), crashes(),
      ambiguous(),     github_down(),  ec2_down(),    spot(),    records(),
      clocks(),        dead_service(), calm(),        moments(), rare_moments(),
      one_run(),       one_v1_run(),   quiet_years(), storm(),   flood(),
      sick_launches(), table(),        matrix(),      drought(), moving_drought()};
  return all;
}

std::optional<Scenario> find_scenario(std::string_view name) {
  for (const Scenario& scenario : scenarios())
    if (scenario.name == name) return scenario;
  return std::nullopt;
}

}  // namespace mayfly::lab::sim
