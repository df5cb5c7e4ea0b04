// Hooks on the gradients of tensors.
#include "callback.h"
#include "natives.h"

#include <torch/csrc/autograd/cpp_hook.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <functional>

namespace forger {
namespace {

namespace ag = torch::autograd;

at::TensorBase call_hook(const GoFunction& f, const at::TensorBase& grad) {
  if (!grad.defined()) return {};
  std::vector<at::Tensor> out = call_go(f, {at::Tensor(grad)});
  return out.empty() ? at::Tensor() : out[0];
}

struct PostAccumulate : ag::PostAccumulateGradHook {
  std::vector<GoFunction> functions;
  void operator()(const at::Tensor& t) override {
    for (size_t i = 0; i < functions.size(); i++) {
      if (functions[i]) call_go(functions[i], {t});
    }
  }
};

// Puts v behind the last item. A removed item leaves a gap, since the list may be in use; gaps at the end are filled.
template <typename T>
int64_t append(std::vector<T>& list, T v) {
  size_t at = list.size();
  while (at > 0 && !list[at - 1]) at--;
  if (at == list.size()) {
    list.push_back(std::move(v));
  } else {
    list[at] = std::move(v);
  }
  return static_cast<int64_t>(at);
}

std::vector<GoFunction>* post_accumulate(const at::Tensor& t) {
  auto& hook = ag::impl::post_acc_grad_hooks(t);
  return hook ? &static_cast<PostAccumulate*>(hook.get())->functions : nullptr;
}

}  // namespace

void hook(Frame& f) {
  GoFunction function = std::make_shared<GoValue>(f.integer(2));
  const at::Tensor& t = f.tensor(0);
  TORCH_CHECK_VALUE(t.requires_grad(), "the tensor does not require gradients");
  if (f.boolean(1)) {
    TORCH_CHECK_VALUE(t.is_leaf(), "gradients are accumulated in leaves only");
    if (!post_accumulate(t)) ag::impl::set_post_acc_grad_hooks(t, std::make_unique<PostAccumulate>());
    f.out(append(*post_accumulate(t), std::move(function)));
    return;
  }
  auto* meta = ag::impl::get_autograd_meta(t);
  if (!meta->cpp_hooks_list_) ag::impl::create_cpp_hook(t);
  using Hook = std::function<at::TensorBase(const at::TensorBase&)>;
  f.out(append(*meta->cpp_hooks_list_, Hook([function](const at::TensorBase& g) { return call_hook(function, g); })));
}

void unhook(Frame& f) {
  const at::Tensor& t = f.tensor(0);
  size_t at = static_cast<size_t>(f.integer(1));
  if (f.boolean(2)) {
    (*post_accumulate(t))[at] = nullptr;
  } else {
    ag::impl::get_autograd_meta(t)->cpp_hooks_list_->at(at) = nullptr;
  }
}

void retain_grad(Frame& f) { f.tensor(0).retain_grad(); }

}  // namespace forger
