// Gradients: torch.autograd's backward and grad, and the mode that records them.
#include "checkpoint.h"
#include "natives.h"

#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>

#include <memory>
#include <string>
#include <vector>

namespace forger {

void set_data(Frame& f) { f.tensor(0).set_data(f.tensor(1)); }

void requires_grad(Frame& f) { f.tensor(0).set_requires_grad(f.boolean(1)); }

// at::Tensor::grad() would print a warning for a tensor that is not a leaf.
void grad_get(Frame& f) { f.out(f.tensor(0).unsafeGetTensorImpl()->grad()); }

void grad_set(Frame& f) {
  const at::Tensor& t = f.tensor(0);
  if (!f.has(1)) {
    t.mutable_grad() = at::Tensor();
    return;
  }
  const at::Tensor& g = f.tensor(1);
  TORCH_CHECK_VALUE(g.sizes() == t.sizes() && g.device() == t.device(),
                    "the gradient's shape or device is not the tensor's");
  t.mutable_grad() = g;
}

void grad_fn(Frame& f) {
  auto node = f.tensor(0).grad_fn();
  std::string name = node ? node->name() : "";
  TORCH_CHECK(name.size() <= f.bytes_size, "the name needs ", name.size(), " bytes");
  std::memcpy(f.bytes, name.data(), name.size());
  f.out(static_cast<int64_t>(name.size()));
}

void grad_clear(Frame& f) {
  for (at::Tensor& t : f.tensors(0)) t.mutable_grad() = at::Tensor();
}

void grad_of(Frame& f) {
  for (at::Tensor& t : f.tensors(0)) f.out(t.unsafeGetTensorImpl()->grad());
}

void grad_mode(Frame& f) {
  bool before = c10::GradMode::is_enabled();
  if (f.has(0)) c10::GradMode::set_enabled(f.boolean(0));
  f.out(before);
}

void backward(Frame& f) {
  NotInCheckpoint outside;
  torch::autograd::backward(f.tensors(0), f.tensors(1), f.boolean(2), f.boolean(3), f.tensors(4));
}

void grad(Frame& f) {
  NotInCheckpoint outside;
  f.out(torch::autograd::grad(f.tensors(0), f.tensors(1), f.tensors(2), f.boolean(3), f.boolean(4),
                              f.boolean(5)));
}

void inference(Frame& f) {
  thread_local std::vector<std::unique_ptr<c10::InferenceMode>> modes;
  if (f.boolean(0)) {
    modes.push_back(std::make_unique<c10::InferenceMode>());
  } else {
    modes.pop_back();
  }
}

}  // namespace forger
