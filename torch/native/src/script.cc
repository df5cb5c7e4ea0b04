// TorchScript modules, as operators of the namespace forger: Go reaches them with its call by name. Including the
// loader takes half a minute to compile, so nothing else is in this file.
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>
#include <torch/library.h>

#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace {

using torch::jit::Module;

std::mutex modules_mutex;
std::unordered_map<int64_t, Module> modules;
int64_t last_module = 0;  // numbers are never used again, so a stale one is found out

Module find(int64_t id) {
  std::lock_guard<std::mutex> lock(modules_mutex);
  auto found = modules.find(id);
  TORCH_CHECK_VALUE(found != modules.end(), "the module was already freed");
  return found->second;
}

int64_t load(std::string path, c10::Device device) {
  Module m = torch::jit::load(path, device, /*load_debug_files=*/false);
  std::lock_guard<std::mutex> lock(modules_mutex);
  modules.emplace(++last_module, std::move(m));
  return last_module;
}

void forget(int64_t id) {
  std::unordered_map<int64_t, Module>::node_type freed;  // its tensors go when the lock is open again
  std::lock_guard<std::mutex> lock(modules_mutex);
  freed = modules.extract(id);
}

// Takes a result apart: its tensors, and in shape -1 for a tensor or the number of parts of a tuple or list before them.
void take_apart(const c10::IValue& v, std::vector<at::Tensor>& tensors, std::vector<int64_t>& shape) {
  auto parts = [&](const auto& list) {
    shape.push_back(static_cast<int64_t>(list.size()));
    for (const c10::IValue& part : list) take_apart(part, tensors, shape);
  };
  if (v.isTensor()) {
    shape.push_back(-1);
    tensors.push_back(v.toTensor());
  } else if (v.isTuple()) {
    parts(v.toTupleRef().elements());
  } else if (v.isList()) {
    parts(v.toListRef());
  } else {
    TORCH_CHECK_TYPE(false, "the method returned ", v.tagKind(), ", not tensors or tuples and lists of them");
  }
}

std::tuple<std::vector<at::Tensor>, std::vector<int64_t>> run(int64_t id, std::string method, std::vector<at::Tensor> inputs) {
  Module m = find(id);
  size_t from = 0;  // in "layers.forward", layers is a module in it
  for (size_t dot; (dot = method.find('.', from)) != std::string::npos; from = dot + 1) {
    std::string child = method.substr(from, dot - from);
    TORCH_CHECK_VALUE(m.hasattr(child) && m.attr(child).isModule(), "the module has no module ", method.substr(0, dot));
    m = m.attr(child).toModule();
  }
  auto f = m.find_method(method.substr(from));
  TORCH_CHECK_VALUE(f, "the module has no method ", method);
  std::vector<at::Tensor> tensors;
  std::vector<int64_t> shape;
  take_apart((*f)(std::vector<c10::IValue>(inputs.begin(), inputs.end())), tensors, shape);
  return {std::move(tensors), std::move(shape)};
}

// The tensors of the state dictionary in PyTorch's order, and a line for each: "p " or "b " and its name.
std::tuple<std::vector<at::Tensor>, std::string> state(int64_t id) {
  std::vector<at::Tensor> tensors;
  std::string names;
  auto add = [&](const std::string& prefix, char kind, const auto& list) {
    for (const auto& entry : list) {
      names += std::string(1, kind) + " " + (prefix.empty() ? "" : prefix + ".") + entry.name + "\n";
      tensors.push_back(entry.value);
    }
  };
  for (const auto& m : find(id).named_modules()) {
    add(m.name, 'p', m.value.named_parameters(/*recurse=*/false));
    add(m.name, 'b', m.value.named_buffers(/*recurse=*/false));
  }
  return {std::move(tensors), std::move(names)};
}

std::string methods(int64_t id) {
  std::string names;
  for (const auto& m : find(id).get_methods()) names += m.name() + "\n";
  return names;
}

void train(int64_t id, bool on) { find(id).train(on); }

void to_device(int64_t id, c10::Device device) { find(id).to(device); }

void to_dtype(int64_t id, at::ScalarType dtype) { find(id).to(dtype); }

}  // namespace

TORCH_LIBRARY(forger, library) {
  library.def("script_load(str path, Device device) -> int", load);
  library.def("script_free(int module) -> ()", forget);
  library.def("script_run(int module, str method, Tensor[] inputs) -> (Tensor[], int[])", run);
  library.def("script_state(int module) -> (Tensor[], str)", state);
  library.def("script_methods(int module) -> str", methods);
  library.def("script_train(int module, bool on) -> ()", train);
  library.def("script_to_device(int module, Device device) -> ()", to_device);
  library.def("script_to_dtype(int module, ScalarType dtype) -> ()", to_dtype);
}
