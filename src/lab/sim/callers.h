#pragma once

// Whoever asks the service from outside, and what happens at GitHub meanwhile: contributors whose
// runs begin, are cancelled and run again; setup and stop jobs on hosted machines that make the
// requests of rr's workflow or of the v1 API, once, again and again, or die half way; liars and
// strangers. Each run is one fiber, a straight story; each draws from its own stream, so that one
// story does not move another's. One thread.

#include "lab/sim/sim_world.h"

namespace mayfly::lab::sim {

// Begins the scenario's runs one after the other; from a fiber. Returns when the last has begun or
// the horizon is reached; the stories go on by themselves (SimWorld::active_callers).
void begin_runs(SimWorld& world);
// GitHub's deliveries about the jobs of a run that wait or have ended, where the world has a
// webhook: late and in any order, some twice, some never, of which an App is shown a half. From a
// fiber; the deliveries are others.
void deliver_jobs(SimWorld& world, Entropy& entropy, const RepositoryName& repository, RunId run);
// Sends again what a server asks for.
void follow_redeliveries(SimWorld& world);
// Plays the hosted jobs of the attempts that a server has GitHub begin, as a Story does its own.
void follow_reruns(SimWorld& world);
// A machine that somebody in the account starts by hand, on demand, with these tags.
void start_instance(SimWorld& world, const aws::Tags& tags);
// The same somebody ends one.
void end_instance(SimWorld& world, const InstanceId& id);
// Instances and runners of other people, which must all be there at the end.
void add_bystanders(SimWorld& world);
// Strangers who know everything public: once in a while until the world is healed; from a fiber.
void annoy_forever(SimWorld& world);
// Whoever recorded what callers sent, and machines that are gone by now, and sends it again, byte
// by byte, at any time later; from a fiber.
void replay_forever(SimWorld& world);
// What the world does by itself, as the fault plan says: interruptions, outages, clocks, kills.
void trouble_forever(SimWorld& world);
// Leaves one pool of each architecture with room until the world is healed (Scenario::drought).
void dry_forever(SimWorld& world);

}  // namespace mayfly::lab::sim
