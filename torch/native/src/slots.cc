#include "slots.h"

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace forger {
namespace {

// A slot's state: generation in the high half, then two flags, then the number of pins.
constexpr uint64_t kDead = 1ull << 31;        // freed; destroyed when the last pin goes
constexpr uint64_t kDestroying = 1ull << 30;  // one thread is destroying it
constexpr uint64_t kPins = kDestroying - 1;
constexpr int kGenerationShift = 32;

struct Slot {
  std::atomic<uint64_t> state{1ull << kGenerationShift};
  std::atomic<int32_t> depth{0};  // the scope that frees it; 0: none
  at::Tensor tensor;
};

constexpr size_t kChunk = 4096;
constexpr size_t kChunks = 1 << 16;

std::array<std::atomic<Slot*>, kChunks> chunks;  // grows, never moves

// Free slots are taken and given back in runs, so that the lock is rare.
constexpr size_t kRun = 256;

// What a thread works on without locks.
struct Thread {
  std::vector<uint32_t> slots;   // free ones
  std::vector<Handle> handles;   // made here in open scopes
  std::vector<int64_t> marks;    // where each open scope began
  std::atomic<int64_t> created{0}, freed{0};  // written by this thread alone

  uint32_t take() {
    if (slots.empty()) refill();
    uint32_t s = slots.back();
    slots.pop_back();
    return s;
  }

  void give(uint32_t s) {
    slots.push_back(s);
    if (slots.size() >= 4 * kRun) spill();
  }

  void refill();
  void spill();
};

void count(std::atomic<int64_t>& n) { n.store(n.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

std::mutex pool_mutex;          // guards what follows
std::vector<uint32_t> pool;     // free slots that no thread holds
uint32_t slots_made = 0;
std::vector<Thread*> threads;   // those that have made a call
int64_t created_before = 0, freed_before = 0;  // by threads that have ended

void Thread::refill() {
  std::lock_guard<std::mutex> lock(pool_mutex);
  if (pool.size() < kRun) {
    if (slots_made / kChunk == kChunks) throw std::bad_alloc();
    chunks[slots_made / kChunk].store(new Slot[kChunk], std::memory_order_release);
    // Slot 0 stays unused: with its generation wrapped round to 0, its handle would be that of no tensor.
    for (size_t i = kChunk; i-- > (slots_made ? 0u : 1u);) pool.push_back(slots_made + i);
    slots_made += kChunk;
  }
  slots.assign(pool.end() - kRun, pool.end());
  pool.resize(pool.size() - kRun);
}

void Thread::spill() {
  std::lock_guard<std::mutex> lock(pool_mutex);
  pool.insert(pool.end(), slots.end() - 2 * kRun, slots.end());
  slots.resize(slots.size() - 2 * kRun);
}

// A plain pointer in the static part of thread-local memory is found without a call.
__attribute__((tls_model("initial-exec"))) thread_local Thread* current = nullptr;

// Owner makes the thread's Thread and puts what it holds back when the thread ends.
struct Owner {
  Owner() {
    current = new Thread;
    std::lock_guard<std::mutex> lock(pool_mutex);
    threads.push_back(current);
  }
  ~Owner() {
    std::lock_guard<std::mutex> lock(pool_mutex);
    pool.insert(pool.end(), current->slots.begin(), current->slots.end());
    created_before += current->created;
    freed_before += current->freed;
    std::erase(threads, current);
    delete std::exchange(current, nullptr);
  }
};

__attribute__((noinline)) Thread& enter() {
  thread_local Owner owner;
  return *current;
}

Thread& here() { return current ? *current : enter(); }

Slot* slot_of(Handle h) {
  uint32_t index = static_cast<uint32_t>(h);
  size_t chunk = index / kChunk;
  if (chunk >= kChunks) return nullptr;
  Slot* base = chunks[chunk].load(std::memory_order_acquire);
  return base ? base + index % kChunk : nullptr;
}

bool is_current(uint64_t state, Handle h) {
  return (state >> kGenerationShift) == (h >> 32) && !(state & kDead);
}

// Destroys the tensor of a slot that is marked for it, and gives the slot a new generation. A stale handle may pin it
// for a moment meanwhile, so its pins are left alone.
void destroy(Slot* slot, uint32_t index) {
  { at::Tensor dropped = std::move(slot->tensor); }
  Thread& thread = here();
  count(thread.freed);
  slot->state.fetch_add((1ull << kGenerationShift) - kDead - kDestroying);
  thread.give(index);
}

// Destroys a dead slot that nobody pins; several threads may try, one succeeds.
void try_destroy(Slot* slot, uint32_t index) {
  uint64_t s = slot->state.load();
  do {
    if (!(s & kDead) || (s & kDestroying) || (s & kPins)) return;
  } while (!slot->state.compare_exchange_weak(s, s | kDestroying));
  destroy(slot, index);
}

}  // namespace

Handle put(at::Tensor t) {
  Thread& thread = here();
  uint32_t index = thread.take();
  Slot* slot = slot_of(index);
  slot->tensor = std::move(t);
  int32_t depth = static_cast<int32_t>(thread.marks.size());
  slot->depth.store(depth, std::memory_order_relaxed);
  Handle h = (slot->state.load(std::memory_order_acquire) >> kGenerationShift << 32) | index;
  if (depth > 0) thread.handles.push_back(h);
  count(thread.created);
  return h;
}

void unpin(Handle h) {
  Slot* slot = slot_of(h);
  uint64_t before = slot->state.fetch_sub(1, std::memory_order_acq_rel);
  if ((before & kDead) && (before & kPins) == 1) try_destroy(slot, static_cast<uint32_t>(h));
}

at::Tensor& pin(Handle h) {
  Slot* slot = slot_of(h);
  if (!slot) throw StaleHandle();
  uint64_t before = slot->state.fetch_add(1, std::memory_order_acq_rel);
  if (!is_current(before, h)) {
    unpin(h);
    throw StaleHandle();
  }
  return slot->tensor;
}

void release(Handle h) {
  Slot* slot = slot_of(h);
  if (!slot) return;
  uint64_t s = slot->state.load(), marked;
  do {
    if (!is_current(s, h)) return;
    marked = s | kDead | (s & kPins ? 0 : kDestroying);
  } while (!slot->state.compare_exchange_weak(s, marked));
  if (marked & kDestroying) {
    destroy(slot, static_cast<uint32_t>(h));
  } else {
    try_destroy(slot, static_cast<uint32_t>(h));
  }
}

bool in_scope() { return !here().marks.empty(); }

int64_t scope_begin() {
  Thread& thread = here();
  thread.marks.push_back(static_cast<int64_t>(thread.handles.size()));
  return static_cast<int64_t>(thread.marks.size());
}

// Ends the scopes from the innermost down to mark. A handle kept for an outer scope stays in
// the arena, one that is owned leaves it.
int64_t scope_end(int64_t mark) {
  Thread& thread = here();
  int64_t ended = 0;
  while (static_cast<int64_t>(thread.marks.size()) >= mark && !thread.marks.empty()) {
    int32_t depth = static_cast<int32_t>(thread.marks.size());
    size_t begin = thread.marks.back();
    thread.marks.pop_back();
    size_t kept = begin;
    for (size_t i = begin; i < thread.handles.size(); i++) {
      Handle h = thread.handles[i];
      Slot* slot = slot_of(h);
      if (!is_current(slot->state.load(std::memory_order_acquire), h)) continue;
      int32_t owner = slot->depth.load(std::memory_order_relaxed);
      if (owner >= depth) {
        release(h);
        ended++;
      } else if (owner > 0) {
        thread.handles[kept++] = h;
      }
    }
    thread.handles.resize(kept);
  }
  return ended;
}

bool keep(Handle h) {
  pin(h);
  Slot* slot = slot_of(h);
  int32_t depth = static_cast<int32_t>(here().marks.size());
  bool innermost = depth > 0 && slot->depth.load(std::memory_order_relaxed) == depth;
  if (innermost) slot->depth.store(depth - 1, std::memory_order_relaxed);
  unpin(h);
  return innermost && depth == 1;
}

bool own(Handle h) {
  pin(h);
  int32_t depth = slot_of(h)->depth.exchange(0, std::memory_order_relaxed);
  unpin(h);
  return depth > 0;
}

Stats stats() {
  Thread& thread = here();
  std::lock_guard<std::mutex> lock(pool_mutex);
  int64_t created = created_before, freed = freed_before;
  for (Thread* t : threads) created += t->created.load(), freed += t->freed.load();
  int64_t depth = static_cast<int64_t>(thread.marks.size());
  int64_t inner = depth ? static_cast<int64_t>(thread.handles.size()) - thread.marks.back() : 0;
  return {created - freed, created, freed, depth, inner};
}

}  // namespace forger
