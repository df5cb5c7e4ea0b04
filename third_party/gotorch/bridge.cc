// Two operators by which Forger's tensors become gotorch's and the other way round. gotorch names a tensor by an
// at::Tensor* that it deletes, Forger by a slot of its shim. Both go through LibTorch's dispatcher, so neither library
// knows the other's insides.
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <torch/library.h>

#include <cstdint>

TORCH_LIBRARY(forger_gotorch, m) {
  // -> a new at::Tensor of the same tensor, for gotorch to delete
  m.def("to(Tensor t) -> int", [](const at::Tensor& t) { return reinterpret_cast<int64_t>(new at::Tensor(t)); });
  // at::Tensor*, which stays gotorch's -> the same tensor
  m.def("from(int pointer) -> Tensor", [](int64_t pointer) { return *reinterpret_cast<at::Tensor*>(pointer); });
}

// The file of the LibTorch that this library is linked with.
extern "C" const char* forger_gotorch_libtorch() {
  Dl_info info;
  return dladdr(reinterpret_cast<void*>(&at::get_num_threads), &info) ? info.dli_fname : "";
}
