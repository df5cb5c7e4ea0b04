#include "slots.h"

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
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
std::atomic<int64_t> live{0}, created{0}, freed{0};

std::mutex pool_mutex;
std::vector<uint32_t> pool;  // free slots that no thread holds
uint32_t slots_made = 0;

// Free slots are taken and given back in runs, so that the lock is rare.
constexpr size_t kRun = 256;

struct FreeList {
  std::vector<uint32_t> slots;

  uint32_t take() {
    if (slots.empty()) refill();
    uint32_t s = slots.back();
    slots.pop_back();
    return s;
  }

  void give(uint32_t s) {
    slots.push_back(s);
    if (slots.size() < 4 * kRun) return;
    std::lock_guard<std::mutex> lock(pool_mutex);
    pool.insert(pool.end(), slots.end() - 2 * kRun, slots.end());
    slots.resize(slots.size() - 2 * kRun);
  }

  void refill() {
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

  ~FreeList() {
    std::lock_guard<std::mutex> lock(pool_mutex);
    pool.insert(pool.end(), slots.begin(), slots.end());
  }
};

struct Arena {
  std::vector<Handle> handles;   // made on this thread in open scopes
  std::vector<int64_t> marks;    // where each open scope began
};

thread_local FreeList free_list;
thread_local Arena arena;

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

// Destroys a dead slot that nobody pins; several threads may try, one succeeds.
void try_destroy(Slot* slot, uint32_t index) {
  uint64_t s = slot->state.load();
  do {
    if (!(s & kDead) || (s & kDestroying) || (s & kPins)) return;
  } while (!slot->state.compare_exchange_weak(s, s | kDestroying));
  { at::Tensor dropped = std::move(slot->tensor); }
  live.fetch_sub(1, std::memory_order_relaxed);
  freed.fetch_add(1, std::memory_order_relaxed);
  slot->state.fetch_add((1ull << kGenerationShift) - kDead - kDestroying);
  free_list.give(index);
}

}  // namespace

Handle put(at::Tensor t) {
  uint32_t index = free_list.take();
  Slot* slot = slot_of(index);
  slot->tensor = std::move(t);
  int32_t depth = static_cast<int32_t>(arena.marks.size());
  slot->depth.store(depth, std::memory_order_relaxed);
  Handle h = (slot->state.load(std::memory_order_acquire) >> kGenerationShift << 32) | index;
  if (depth > 0) arena.handles.push_back(h);
  live.fetch_add(1, std::memory_order_relaxed);
  created.fetch_add(1, std::memory_order_relaxed);
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
  uint64_t s = slot->state.load();
  do {
    if (!is_current(s, h)) return;
  } while (!slot->state.compare_exchange_weak(s, s | kDead));
  try_destroy(slot, static_cast<uint32_t>(h));
}

bool in_scope() { return !arena.marks.empty(); }

int64_t scope_begin() {
  arena.marks.push_back(static_cast<int64_t>(arena.handles.size()));
  return static_cast<int64_t>(arena.marks.size());
}

// Ends the scopes from the innermost down to mark. A handle kept for an outer scope stays in
// the arena, one that is owned leaves it.
int64_t scope_end(int64_t mark) {
  int64_t count = 0;
  while (static_cast<int64_t>(arena.marks.size()) >= mark && !arena.marks.empty()) {
    int32_t depth = static_cast<int32_t>(arena.marks.size());
    size_t begin = arena.marks.back();
    arena.marks.pop_back();
    size_t kept = begin;
    for (size_t i = begin; i < arena.handles.size(); i++) {
      Handle h = arena.handles[i];
      Slot* slot = slot_of(h);
      if (!is_current(slot->state.load(std::memory_order_acquire), h)) continue;
      int32_t owner = slot->depth.load(std::memory_order_relaxed);
      if (owner >= depth) {
        release(h);
        count++;
      } else if (owner > 0) {
        arena.handles[kept++] = h;
      }
    }
    arena.handles.resize(kept);
  }
  return count;
}

bool keep(Handle h) {
  pin(h);
  Slot* slot = slot_of(h);
  int32_t depth = static_cast<int32_t>(arena.marks.size());
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
  int64_t depth = static_cast<int64_t>(arena.marks.size());
  int64_t inner = depth ? static_cast<int64_t>(arena.handles.size()) - arena.marks.back() : 0;
  return {live.load(), created.load(), freed.load(), depth, inner};
}

}  // namespace forger
