// Operations whose derivative is a Go function.
#include "callback.h"
#include "natives.h"

#include <ATen/ops/view_as_ops.h>
#include <torch/csrc/autograd/custom_function.h>

#include <string>
#include <unordered_set>

namespace forger {
namespace {

namespace ag = torch::autograd;

struct GoNode : ag::Node {
  std::string called;
  GoFunction backward;
  std::vector<ag::VariableInfo> outputs;
  std::vector<ag::SavedVariable> saved;

  std::string name() const override { return called; }

  ag::variable_list apply(ag::variable_list&& grads) override {
    at::OptionalDeviceGuard device;
    for (size_t i = 0; i < grads.size(); i++) {
      if (!grads[i].defined()) grads[i] = outputs[i].zeros(device);
    }
    for (const ag::SavedVariable& s : saved) grads.push_back(s.unpack(shared_from_this()));
    return call_go(backward, grads);
  }

  void release_variables() override {
    for (ag::SavedVariable& s : saved) s.reset_data();
  }
};

std::unordered_set<at::TensorImpl*> set_of(const std::vector<at::Tensor>& list) {
  std::unordered_set<at::TensorImpl*> set;
  for (const at::Tensor& t : list) set.insert(t.unsafeGetTensorImpl());
  return set;
}

}  // namespace

void function(Frame& f) {
  GoFunction backward = std::make_shared<GoValue>(f.integer(5));
  ag::variable_list inputs = f.tensors(1), outputs = f.tensors(2);
  std::shared_ptr<GoNode> node(new GoNode, ag::deleteNode);
  node->called = f.string(0);
  node->backward = std::move(backward);
  node->set_next_edges(ag::collect_next_edges(inputs));
  ag::_jvp_fn_t no_forward_mode = [](const ag::variable_list&, const ag::variable_list&) -> ag::variable_list {
    TORCH_CHECK_NOT_IMPLEMENTED(false, "a function written in Go has no forward-mode derivative");
  };
  ag::_view_as_self_fn_t view = [](const at::Tensor& t) { return at::_ops::view_as::call(t, t); };
  auto wrapped = ag::_wrap_outputs(inputs, set_of(f.tensors(4)), {}, ag::to_optional(outputs), node, no_forward_mode, {},
                                   view, false);
  for (const auto& t : wrapped) node->outputs.emplace_back(*t);
  for (const at::Tensor& t : f.tensors(3)) {
    node->saved.emplace_back(t, t.defined() && t.grad_fn().get() == node.get());
  }
  for (auto& t : wrapped) f.out(std::move(*t));
}

}  // namespace forger
