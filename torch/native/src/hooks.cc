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

struct GradHook {
  GoFunction function;
  at::TensorBase operator()(const at::TensorBase& grad) const {
    if (!grad.defined()) return {};
    std::vector<at::Tensor> out = call_go(function, {at::Tensor(grad)});
    return out.empty() ? at::Tensor() : out[0];
  }
};

struct AccumulatedHook {
  GoFunction function;
  void operator()(const at::Tensor& t) const { call_go(function, {t}); }
};

struct AccumulatedHooks : ag::PostAccumulateGradHook {
  std::vector<std::function<void(const at::Tensor&)>> list;
  void operator()(const at::Tensor& t) override {
    for (size_t i = 0; i < list.size(); i++) {
      if (list[i]) list[i](t);
    }
  }
};

// The hooks of t, null where there are none.
std::vector<std::function<at::TensorBase(const at::TensorBase&)>>* grad_hooks(const at::Tensor& t) {
  auto* meta = ag::impl::get_autograd_meta(t);
  return meta ? meta->cpp_hooks_list_.get() : nullptr;
}

std::vector<std::function<void(const at::Tensor&)>>* accumulated_hooks(const at::Tensor& t) {
  auto& hooks = ag::impl::post_acc_grad_hooks(t);
  return hooks ? &static_cast<AccumulatedHooks*>(hooks.get())->list : nullptr;
}

// Puts f behind the last hook. A removed one leaves a gap, since the list may be in use; gaps at the end are filled.
template <typename F>
void append(std::vector<F>& list, F f) {
  size_t at = list.size();
  while (at > 0 && !list[at - 1]) at--;
  if (at == list.size()) {
    list.push_back(std::move(f));
  } else {
    list[at] = std::move(f);
  }
}

template <typename Hook, typename F>
void remove(std::vector<F>* list, int64_t number) {
  if (!list) return;
  for (F& f : *list) {
    const Hook* hook = f.template target<Hook>();
    if (hook && hook->function->number() == number) f = nullptr;
  }
}

}  // namespace

void hook(Frame& f) {
  GoFunction function = std::make_shared<GoValue>(f.integer(2));
  const at::Tensor& t = f.tensor(0);
  TORCH_CHECK_VALUE(t.requires_grad(), "the tensor does not require gradients");
  if (f.boolean(1)) {
    TORCH_CHECK_VALUE(t.is_leaf(), "gradients are accumulated in leaves only");
    if (!accumulated_hooks(t)) ag::impl::set_post_acc_grad_hooks(t, std::make_unique<AccumulatedHooks>());
    append(*accumulated_hooks(t), {AccumulatedHook{std::move(function)}});
  } else {
    if (!grad_hooks(t)) ag::impl::create_cpp_hook(t);
    append(*grad_hooks(t), {GradHook{std::move(function)}});
  }
}

void unhook(Frame& f) {
  if (f.boolean(1)) {
    remove<AccumulatedHook>(accumulated_hooks(f.tensor(0)), f.integer(2));
  } else {
    remove<GradHook>(grad_hooks(f.tensor(0)), f.integer(2));
  }
}

void retain_grad(Frame& f) { f.tensor(0).retain_grad(); }

}  // namespace forger
