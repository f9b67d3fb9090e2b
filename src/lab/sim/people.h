#pragma once

// Who begins the workflow runs of a simulation, and what GitHub knows of them: their forks, pull
// requests, reviews and standing. And the truth about what the owner's policy makes of a run, from
// the emulated GitHub's own facts: what the laws judge by. One thread.

#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {

// A policy that the seed draws; every second world has none.
[[nodiscard]] RunPolicy draw_policy(std::uint64_t seed);
// Tells the emulated GitHub who everybody is.
void introduce_people(SimWorld& world);
// Makes the run one of somebody's, with a pull request where it has one, and lets its facts change
// later. run: the id that it will have.
void give_author(SimWorld& world, Entropy& entropy, RunId run, RunSpec& spec);
// Who runs it again; empty: whom it was.
[[nodiscard]] std::string draw_rerunner(SimWorld& world, Entropy& entropy, RunId run);

// Whether the owner's policy serves the run, by what GitHub holds now.
[[nodiscard]] bool is_served_by_policy(SimWorld& world, const GithubRun& run);
// Whether what decides that has changed lately: answers about it may be older.
[[nodiscard]] bool is_policy_in_flux(SimWorld& world, RunId run);

}  // namespace mayfly::lab::sim
