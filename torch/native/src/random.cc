// Random generators: LibTorch's own, so that a seed gives Python's numbers.
#include "natives.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include <memory>
#include <mutex>
#include <unordered_map>

namespace forger {
namespace {

std::mutex generators_mutex;
std::unordered_map<int64_t, at::Generator> generators;
int64_t last_generator = 0;

}  // namespace

at::Generator generator_of(int64_t id, c10::Device device) {
  if (id == 0) return at::globalContext().defaultGenerator(device);
  std::lock_guard<std::mutex> lock(generators_mutex);
  auto found = generators.find(id);
  TORCH_CHECK_VALUE(found != generators.end(), "the generator was already freed");
  return found->second;
}

void seed_all(Frame& f) { at::manual_seed(static_cast<uint64_t>(f.integer(0))); }

void generator_new(Frame& f) {
  c10::Device device = f.device(0);
  at::Generator g = device.is_cpu() ? at::make_generator<at::CPUGeneratorImpl>()
                                    : at::globalContext().defaultGenerator(device).clone();
  std::lock_guard<std::mutex> lock(generators_mutex);
  generators.emplace(++last_generator, std::move(g));
  f.out(last_generator);
}

void generator_free(Frame& f) {
  std::lock_guard<std::mutex> lock(generators_mutex);
  generators.erase(f.integer(0));
}

void generator_seed(Frame& f) {
  at::Generator g = f.generator(0, f.device(1));
  std::lock_guard<std::mutex> lock(g.mutex());
  g.set_current_seed(static_cast<uint64_t>(f.integer(2)));
}

void generator_seed_get(Frame& f) {
  f.out(static_cast<int64_t>(f.generator(0, f.device(1)).current_seed()));
}

void generator_state(Frame& f) {
  at::Generator g = f.generator(0, f.device(1));
  std::lock_guard<std::mutex> lock(g.mutex());
  f.out(g.get_state());
}

void generator_state_set(Frame& f) {
  at::Generator g = f.generator(0, f.device(1));
  const at::Tensor& state = f.tensor(2);
  std::lock_guard<std::mutex> lock(g.mutex());
  g.set_state(state);
}

void skip_init(Frame& f) {
  static thread_local bool skip = false;
  f.out(skip);
  if (f.has(0)) skip = f.boolean(0);
}

}  // namespace forger
