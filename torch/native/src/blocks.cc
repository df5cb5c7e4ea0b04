// Memory of the smallest tensors: scalars, losses, step counters. LibTorch asks the system for each, aligned, which is a
// tenth of a small operator. Here they come from a list of the thread's own.
#include <c10/core/CPUAllocator.h>

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace forger {
namespace {

constexpr size_t kBlock = 64;             // bytes, also the alignment that LibTorch promises
constexpr size_t kRegion = 256ull << 20;  // of addresses; the system gives memory only to what is touched
constexpr size_t kRun = 256;

struct Block {
  Block* next;
};

char* region = nullptr;  // nullptr where the system gives no addresses: then all memory is LibTorch's
std::mutex mutex;        // guards what follows
char* fresh = nullptr;
std::vector<Block*> runs;  // lists of kRun blocks that threads gave back

struct List {
  Block* first = nullptr;
  size_t length = 0;
};

// A plain thread-local is found without a call. What a thread holds when it ends stays unused: 32 kB at most.
__attribute__((tls_model("initial-exec"))) thread_local List list;

bool refill() {
  std::lock_guard<std::mutex> lock(mutex);
  if (!runs.empty()) {
    list = {runs.back(), kRun};
    runs.pop_back();
    return true;
  }
  if (!region || fresh + kRun * kBlock > region + kRegion) return false;
  for (size_t i = 0; i < kRun; i++, fresh += kBlock) {
    auto* b = reinterpret_cast<Block*>(fresh);
    b->next = list.first;
    list.first = b;
  }
  list.length = kRun;
  return true;
}

void spill() {
  Block* first = list.first;
  Block* last = first;
  for (size_t i = 1; i < kRun; i++) last = last->next;
  list = {last->next, list.length - kRun};
  last->next = nullptr;
  std::lock_guard<std::mutex> lock(mutex);
  runs.push_back(first);
}

void give(void* p) {
  auto* b = static_cast<Block*>(p);
  b->next = list.first;
  list.first = b;
  if (++list.length == 2 * kRun) spill();
}

class Allocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t n) override {
    if (n - 1 >= kBlock || (!list.first && !refill())) return plain_->allocate(n);
    Block* b = list.first;
    list.first = b->next;
    list.length--;
    return {b, b, &give, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &drop; }
  void copy_data(void* to, const void* from, size_t n) const override { default_copy_data(to, from, n); }

  void install() {
    void* p = mmap(nullptr, kRegion, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p != MAP_FAILED) region = fresh = static_cast<char*>(p);
    plain_ = c10::GetCPUAllocator();
    c10::SetCPUAllocator(this, 1);
  }

 private:
  static void drop(void* p) {
    auto* c = static_cast<char*>(p);
    if (region && c >= region && c < region + kRegion) return give(p);
    c10::GetDefaultCPUAllocator()->raw_deleter()(p);
  }

  c10::Allocator* plain_ = nullptr;
};

// LibTorch keeps the address for good.
const bool installed = [] {
  (new Allocator)->install();
  return true;
}();

}  // namespace
}  // namespace forger
