#include "callback.h"

#include "natives.h"

#include <mutex>

namespace forger {
namespace {

forger_callback_fn go = nullptr;
thread_local std::vector<at::Tensor> results;

std::mutex released_mutex;
std::vector<int64_t> released_numbers;
std::atomic<bool> released_any{false};

struct OwnScope {
  int64_t mark = scope_begin();
  ~OwnScope() { scope_end(mark); }
};

}  // namespace

GoValue::~GoValue() {
  int64_t n = take();
  if (!n) return;
  std::lock_guard<std::mutex> lock(released_mutex);
  released_numbers.push_back(n);
  released_any.store(true, std::memory_order_relaxed);
}

bool any_released() { return released_any.load(std::memory_order_relaxed); }

std::vector<at::Tensor> call_go(GoFunction f, const std::vector<at::Tensor>& in) {
  OwnScope scope;
  std::vector<Handle> handles;
  for (const at::Tensor& t : in) handles.push_back(t.defined() ? put(t) : 0);
  int64_t panic = go(f->number(), handles.data(), static_cast<int32_t>(handles.size()));
  std::vector<at::Tensor> out = std::move(results);
  results.clear();
  if (panic) throw GoPanic(panic);
  return out;
}

void released(Frame& f) {
  std::lock_guard<std::mutex> lock(released_mutex);
  for (int64_t n : released_numbers) f.out(n);
  released_numbers.clear();
  released_any.store(false, std::memory_order_relaxed);
}

// Go hands its results over in a call of its own, so that none is collected between its return and their use.
void return_results(Frame& f) { results = f.tensors(0); }

}  // namespace forger

extern "C" __attribute__((visibility("default"))) void forger_set_callback(forger_callback_fn fn) noexcept {
  forger::go = fn;
}
