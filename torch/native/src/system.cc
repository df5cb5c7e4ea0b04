// The library, the processor and the devices.
#include "natives.h"

#include <ATen/Context.h>
#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <torch/headeronly/version.h>

#include <dlfcn.h>

#include <sstream>
#include <string>

namespace forger {
namespace {

int cuda_devices() { return at::hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0; }

// The driver's name of a device; its C function needs no CUDA header.
std::string device_name(int index) {
  using get_name = int (*)(char*, int, int);
  void* driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_NOLOAD);
  auto name = driver ? reinterpret_cast<get_name>(dlsym(driver, "cuDeviceGetName")) : nullptr;
  char text[256] = "CUDA device";
  if (name) name(text, sizeof text, index);
  if (driver) dlclose(driver);
  return text;
}

}  // namespace

void threads(Frame& f) {
  f.out(static_cast<int64_t>(at::get_num_threads()));
  if (f.has(0)) at::set_num_threads(static_cast<int>(f.integer(0)));
}

void system_report(Frame& f) {
  std::ostringstream out;
  out << "libtorch=" << TORCH_VERSION << "\n";
  out << "cpu=" << at::get_cpu_capability() << "\n";
  out << "threads=" << at::get_num_threads() << "\n";
  int n = cuda_devices();
  out << "cuda=" << n << "\n";
  if (n > 0) {
    out << "cudart=" << at::Context::versionCUDART() << "\n";
    out << "cudnn=" << at::detail::getCUDAHooks().versionRuntimeCuDNN() << "\n";
  }
  for (int i = 0; i < n; i++) out << "device=" << device_name(i) << "\n";
  std::string text = out.str();
  TORCH_CHECK(text.size() < f.bytes_size, "the report needs ", text.size() + 1, " bytes");
  std::memcpy(f.bytes, text.c_str(), text.size() + 1);
  f.out(static_cast<int64_t>(text.size()));
}

void device_count(Frame& f) { f.out(static_cast<int64_t>(cuda_devices())); }

void synchronize(Frame& f) { at::accelerator::synchronizeDevice(f.device(0).index()); }

void memory(Frame& f) {
  using Stat = c10::CachingAllocator::Stat;
  c10::DeviceIndex index = f.device(0).index();
  auto stats = at::accelerator::getDeviceStats(index);
  constexpr size_t all = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  const Stat& allocated = stats.allocated_bytes[all];
  const Stat& reserved = stats.reserved_bytes[all];
  auto [free, total] = at::accelerator::getMemoryInfo(index);
  for (int64_t v : {allocated.current, reserved.current, allocated.peak, reserved.peak,
                    static_cast<int64_t>(free), static_cast<int64_t>(total)}) {
    f.out(v);
  }
}

void reset_peak(Frame& f) { at::accelerator::resetPeakStats(f.device(0).index()); }

void empty_cache(Frame&) {
  if (cuda_devices() > 0) at::accelerator::emptyCache();
}

void flag(Frame& f) {
  bool on = f.boolean(1);
  at::Context& context = at::globalContext();
  switch (f.integer(0)) {
    case FORGER_CUDNN_BENCHMARK: context.setBenchmarkCuDNN(on); break;
    case FORGER_CUDNN_DETERMINISTIC: context.setDeterministicCuDNN(on); break;
    case FORGER_CUDNN_TF32: context.setAllowTF32CuDNN(on); break;
    case FORGER_CUBLAS_TF32: context.setAllowTF32CuBLAS(on); break;
    case FORGER_DETERMINISTIC: context.setDeterministicAlgorithms(on, false); break;
    case FORGER_FULL_MESSAGES: full_messages = on; break;
    default: TORCH_CHECK_VALUE(false, "no flag ", f.integer(0));
  }
}

}  // namespace forger
