#include "lab/sim/fibers.h"

#include <algorithm>

#include "base/result.h"
#include "lab/rig/faulty_transport.h"

#if defined(__SANITIZE_ADDRESS__)
#define MAYFLY_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MAYFLY_ASAN 1
#endif
#endif
#ifdef MAYFLY_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace mayfly::lab::sim {
namespace {

#ifdef MAYFLY_ASAN
constexpr std::size_t k_stack_size = 1024 * 1024;
#else
constexpr std::size_t k_stack_size = 256 * 1024;
#endif

// The stack is the Fiber's; Boost.Context only borrows it.
struct BorrowedStack {
  std::byte* memory;
  boost::context::stack_context allocate() {
    boost::context::stack_context stack;
    stack.size = k_stack_size;
    stack.sp = memory + k_stack_size;
    return stack;
  }
  void deallocate(boost::context::stack_context&) noexcept {}
};

// What AddressSanitizer has to be told of each switch between stacks.
void before_switch([[maybe_unused]] void** fake_stack_save, [[maybe_unused]] const void* bottom,
                   [[maybe_unused]] std::size_t size) {
#ifdef MAYFLY_ASAN
  __sanitizer_start_switch_fiber(fake_stack_save, bottom, size);
#endif
}
void after_switch([[maybe_unused]] void* fake_stack, [[maybe_unused]] const void** bottom_old,
                  [[maybe_unused]] std::size_t* size_old) {
#ifdef MAYFLY_ASAN
  __sanitizer_finish_switch_fiber(fake_stack, bottom_old, size_old);
#endif
}
void forget_poison([[maybe_unused]] std::byte* memory) {
#ifdef MAYFLY_ASAN
  __asan_unpoison_memory_region(memory, k_stack_size);
#endif
}

}  // namespace

Fibers::~Fibers() { end_all(); }

void Fibers::end_all() {
  for (const auto& [id, fiber] : fibers_) killed_[fiber->group] = true;
  killed_[k_world] = true;
  while (!fibers_.empty()) {
    for (const auto& [id, fiber] : fibers_) hasten(*fiber);
    (void)run_one();
  }
}

std::unique_ptr<std::byte[]> Fibers::take_stack() {
  if (free_stacks_.empty()) return std::unique_ptr<std::byte[]>(new std::byte[k_stack_size]);
  auto stack = std::move(free_stacks_.back());
  free_stacks_.pop_back();
  forget_poison(stack.get());
  return stack;
}

Fibers::Id Fibers::spawn(Group group, std::function<void()> body) {
  if (is_killed(group)) return 0;
  auto fiber = std::make_unique<Fiber>();
  fiber->id = ++last_id_;
  fiber->group = group;
  fiber->body = std::move(body);
  const Id id = fiber->id;
  enqueue(*fiber, clock_.steady());
  fibers_[id] = std::move(fiber);
  return id;
}

void Fibers::enqueue(Fiber& fiber, SteadyTime due) {
  fiber.due = due;
  queue_.emplace(due, fiber.id);
}

void Fibers::hasten(Fiber& fiber) {
  if (&fiber == current_ || fiber.due <= clock_.steady()) return;
  queue_.erase({fiber.due, fiber.id});
  enqueue(fiber, clock_.steady());
}

void Fibers::run_body(Fiber& fiber) {
  try {
    if (!is_killed(fiber.group)) fiber.body();
  } catch (const Killed&) {
  }
  fiber.body = nullptr;
  fiber.is_over = true;
}

void Fibers::start(Fiber& fiber) {
  fiber.stack = take_stack();
  fiber.context =
      boost::context::fiber(std::allocator_arg, BorrowedStack{fiber.stack.get()},
                            [this, &fiber](boost::context::fiber&& scheduler) {
                              after_switch(nullptr, &scheduler_bottom_, &scheduler_size_);
                              scheduler_ = std::move(scheduler);
                              run_body(fiber);
                              before_switch(nullptr, scheduler_bottom_, scheduler_size_);
                              return std::move(scheduler_);
                            });
}

void Fibers::switch_to(Fiber& fiber) {
  if (!fiber.context) start(fiber);
  current_ = &fiber;
  before_switch(&scheduler_fake_stack_, fiber.stack.get(), k_stack_size);
  fiber.context = std::move(fiber.context).resume();
  after_switch(scheduler_fake_stack_, nullptr, nullptr);
  current_ = nullptr;
}

void Fibers::switch_back(Fiber& fiber) {
  before_switch(&fiber.fake_stack, scheduler_bottom_, scheduler_size_);
  scheduler_ = std::move(scheduler_).resume();
  after_switch(fiber.fake_stack, &scheduler_bottom_, &scheduler_size_);
}

void Fibers::sleep_until(SteadyTime t) {
  MAYFLY_CHECK(current_ != nullptr);
  Fiber& self = *current_;
  if (is_killed(self.group)) throw Killed{};
  enqueue(self, std::max(t, clock_.steady()));
  switch_back(self);
  if (is_killed(self.group)) throw Killed{};
}

void Fibers::wake(Id id) {
  const auto found = fibers_.find(id);
  if (found != fibers_.end()) hasten(*found->second);
}

void Fibers::kill(Group group) {
  MAYFLY_CHECK(group != k_world);
  killed_[group] = true;
  for (const auto& [id, fiber] : fibers_)
    if (fiber->group == group) hasten(*fiber);
}

std::size_t Fibers::count(Group group) const {
  return static_cast<std::size_t>(
      std::count_if(fibers_.begin(), fibers_.end(),
                    [group](const auto& entry) { return entry.second->group == group; }));
}

std::optional<SteadyTime> Fibers::next() const {
  if (queue_.empty()) return std::nullopt;
  return queue_.begin()->first;
}

bool Fibers::run_one() {
  ready_.clear();
  for (auto at = queue_.begin(); at != queue_.end() && at->first <= clock_.steady(); ++at)
    ready_.push_back(at->second);
  if (ready_.empty()) return false;
  const Id id = ready_[ready_.size() == 1 ? 0 : entropy_.below(ready_.size())];
  Fiber& chosen = *fibers_.at(id);
  queue_.erase({chosen.due, id});
  switch_to(chosen);
  if (!chosen.is_over) return true;
  free_stacks_.push_back(std::move(chosen.stack));
  fibers_.erase(id);
  return true;
}

}  // namespace mayfly::lab::sim
