#pragma once

// Workers as fibers, on one thread, in virtual time. Each body is plain blocking code; it gives way
// only where it waits, which is inside the seams. Which of several ready fibers goes on first is
// drawn from the seed, so that one seed is one interleaving.
//
// A fiber belongs to a group: a process, which can be killed as kill -9 does. Each of its fibers
// then ends where it waits: Killed (rig/faulty_transport.h) is thrown there and caught at the
// fiber's edge, so that locks are released and transactions rolled back, and no more code of that
// process runs. Thread rule: one thread per object; several objects may live on several threads.

#include <boost/context/fiber.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/time.h"
#include "lab/rig/seams.h"

namespace mayfly::lab::sim {

using Group = int;
inline constexpr Group k_world = 0;  // callers, machines and clouds; never killed

class Fibers {
 public:
  explicit Fibers(VirtualClock& clock, std::uint64_t seed) : clock_(clock), entropy_(seed) {}
  ~Fibers();
  Fibers(const Fibers&) = delete;
  Fibers& operator=(const Fibers&) = delete;

  using Id = std::uint64_t;

  // Ready at once. The body may throw nothing but Killed.
  Id spawn(Group group, std::function<void()> body);
  // From a fiber: waits until t at least. Outside of any fiber it must not be called.
  void sleep_until(SteadyTime t);
  void sleep_for(Millis d) { sleep_until(clock_.steady() + d); }
  // Ends another fiber's wait now; nothing if it does not wait or has ended.
  void wake(Id id);
  // Every fiber of the group ends at once; when one of them calls this, that one ends as soon as it
  // waits next: throw Killed after it. New fibers of the group are refused until revive().
  void kill(Group group);
  [[nodiscard]] bool is_killed(Group group) const { return killed_.contains(group); }
  void revive(Group group) { killed_.erase(group); }

  [[nodiscard]] Id current() const { return current_ == nullptr ? 0 : current_->id; }
  [[nodiscard]] Group current_group() const {
    return current_ == nullptr ? k_world : current_->group;
  }
  [[nodiscard]] std::size_t count(Group group) const;

  // Ends every fiber of every group, now; for the end of a simulation.
  void end_all();

  // When the next fiber is ready; none: none waits for time.
  [[nodiscard]] std::optional<SteadyTime> next() const;
  // Lets one ready fiber go on until it waits again. False: none is ready.
  bool run_one();

 private:
  struct Fiber {
    Id id = 0;
    Group group = k_world;
    SteadyTime due{};
    bool is_over = false;
    std::function<void()> body;
    boost::context::fiber context;
    std::unique_ptr<std::byte[]> stack;
    void* fake_stack = nullptr;  // AddressSanitizer's
  };

  void start(Fiber& fiber);
  void run_body(Fiber& fiber);
  // When it is its turn again; the one that runs is not in the queue.
  void enqueue(Fiber& fiber, SteadyTime due);
  void hasten(Fiber& fiber);
  void switch_to(Fiber& fiber);
  void switch_back(Fiber& fiber);
  [[nodiscard]] std::unique_ptr<std::byte[]> take_stack();

  VirtualClock& clock_;
  SeededEntropy entropy_;
  Id last_id_ = 0;
  std::map<Id, std::unique_ptr<Fiber>> fibers_;
  std::set<std::pair<SteadyTime, Id>> queue_;
  std::map<Group, bool> killed_;
  Fiber* current_ = nullptr;
  boost::context::fiber scheduler_;
  std::vector<std::unique_ptr<std::byte[]>> free_stacks_;
  std::vector<Id> ready_;  // scratch
  void* scheduler_fake_stack_ = nullptr;
  const void* scheduler_bottom_ = nullptr;
  std::size_t scheduler_size_ = 0;
};

}  // namespace mayfly::lab::sim
