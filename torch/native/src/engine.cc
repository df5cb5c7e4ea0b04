// LibTorch's engine with two answers of ours: what to do with saved tensors, and what to say of a failed backward pass.
#include "callback.h"
#include "checkpoint.h"
#include "natives.h"

#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/engine.h>

#include <string>

namespace forger {
namespace {

namespace ag = torch::autograd;

thread_local std::string calling;  // who makes the calls of this thread, while anomalies are looked for

// Who recorded a node. LibTorch prints such places; here they go into the error.
struct Place : ag::AnomalyMetadata {
  std::string text;
  void store_stack() override { text = calling; }
  void print_stack(const std::string&) override {}
  void assign_parent(const std::shared_ptr<ag::Node>& parent) override {
    if (parent) text += ", for the derivative of " + static_cast<Place*>(parent->metadata())->text;
  }
};

struct Engine : ag::Engine {
  std::unique_ptr<ag::AnomalyMetadata> make_anomaly_metadata() override { return std::make_unique<Place>(); }

  std::unique_ptr<ag::SavedVariableHooks> get_default_saved_variable_hooks() override { return checkpoint_hooks(); }

  void thread_on_exception(const std::shared_ptr<ag::GraphTask>& task, const std::shared_ptr<ag::Node>& node,
                           std::exception& e) override {
    if (ag::AnomalyMode::is_enabled() && node && !dynamic_cast<GoPanic*>(&e)) {
      const std::string& place = static_cast<Place*>(node->metadata())->text;
      if (auto* known = dynamic_cast<c10::Error*>(&e)) {
        known->add_context(place);
      } else {
        try {
          throw std::runtime_error(e.what() + (" (" + place + ")"));
        } catch (std::exception& better) {  // LibTorch takes the exception that is being handled
          ag::Engine::thread_on_exception(task, node, better);
        }
        return;
      }
    }
    ag::Engine::thread_on_exception(task, node, e);
  }
};

// Never destroyed, as its threads may outlive every destructor of this library.
ag::Engine& engine() {
  static Engine* const one = new Engine;
  return *one;
}

const bool installed = (ag::set_default_engine_stub(engine), true);

}  // namespace

void anomaly(Frame& f) { ag::AnomalyMode::set_enabled(f.boolean(0)); }

void caller(Frame& f) { calling = f.string(0); }

}  // namespace forger
