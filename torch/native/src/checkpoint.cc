#include "checkpoint.h"

#include "callback.h"
#include "natives.h"

#include <ATen/ThreadLocalState.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/graph_task.h>
#include <torch/csrc/autograd/saved_variable.h>

#include <mutex>

namespace forger {
namespace {

namespace ag = torch::autograd;

at::Tensor random_state(c10::Device device) {
  at::Generator g = generator_of(0, device);
  std::lock_guard<std::mutex> lock(g.mutex());
  return g.get_state();
}

void set_random_state(c10::Device device, const at::Tensor& state) {
  at::Generator g = generator_of(0, device);
  std::lock_guard<std::mutex> lock(g.mutex());
  g.set_state(state);
}

using RandomStates = std::vector<std::pair<c10::Device, at::Tensor>>;

struct WithRandomStates {
  explicit WithRandomStates(const RandomStates& states) {
    for (auto& [device, state] : states) {
      before.emplace_back(device, random_state(device));
      set_random_state(device, state);
    }
  }
  ~WithRandomStates() {
    for (auto& [device, state] : before) set_random_state(device, state);
  }
  RandomStates before;
};

// Casts of weights that autocast remembers must not outlive the recomputation that made them.
struct AutocastLevel {
  AutocastLevel() { at::autocast::increment_nesting(); }
  ~AutocastLevel() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  }
};

// One run of a checkpointed function.
class Region : public std::enable_shared_from_this<Region> {
 public:
  Region(GoFunction f, const std::vector<at::Tensor>& inputs) : function_(std::move(f)) {
    random_.emplace_back(c10::kCPU, random_state(c10::kCPU));
    for (const at::Tensor& t : inputs) {
      inputs_.emplace_back(t, false);
      bool known = false;
      for (auto& [device, state] : random_) known |= device == t.device();
      if (!known) random_.emplace_back(t.device(), random_state(t.device()));
    }
  }

  void finish() { finished_ = true; }

  size_t drop(const at::Tensor& t) {
    first_.push_back({t.sizes().vec(), t.scalar_type(), t.device()});
    return first_.size() - 1;
  }

  void put_back(at::Tensor t) { again_.push_back(std::move(t)); }

  at::Tensor take(size_t i) {
    std::lock_guard<std::mutex> lock(mutex_);
    int task = ag::get_current_graph_task_id();
    if (task != task_ || i >= again_.size() || !again_[i].defined()) recompute();
    task_ = task;
    TORCH_CHECK(i < again_.size() && (!finished_ || again_.size() == first_.size()), "the function saved ",
                first_.size(), " tensors for its gradient and, run again, ", again_.size(),
                "; it must do the same both times");
    at::Tensor t = std::exchange(again_[i], {});
    Shape now{t.sizes().vec(), t.scalar_type(), t.device()};
    TORCH_CHECK(now == first_[i], "tensor ", i, " that the function saved for its gradient was ", first_[i].type, " ",
                at::IntArrayRef(first_[i].sizes), " and, run again, ", now.type, " ", at::IntArrayRef(now.sizes),
                "; it must do the same both times");
    return t;
  }

 private:
  void recompute();

  struct Shape {
    std::vector<int64_t> sizes;
    at::ScalarType type;
    c10::Device device;
    bool operator==(const Shape&) const = default;
  };

  GoFunction function_;
  std::vector<ag::SavedVariable> inputs_;
  at::ThreadLocalState state_;
  RandomStates random_;
  std::vector<Shape> first_;  // what the first run saved
  bool finished_ = false;

  std::mutex mutex_;
  int task_ = -1;                  // the backward pass that again_ was made for
  std::vector<at::Tensor> again_;  // what the last run saved, less what was taken
};

struct Run {
  std::shared_ptr<Region> region;
  bool again;
};

thread_local std::vector<Run> runs;

struct Dropped : ag::SavedVariableHooks {
  explicit Dropped(std::shared_ptr<Region> r) : region(std::move(r)) {}
  void call_pack_hook(const at::Tensor& t) override { place = region->drop(t); }
  at::Tensor call_unpack_hook() override { return region->take(place); }
  std::shared_ptr<Region> region;
  size_t place = 0;
};

// A function may itself take gradients: what its second run saves is good for that, too.
struct Remade : ag::SavedVariableHooks {
  explicit Remade(std::shared_ptr<Region> r) : region(std::move(r)) {}
  void call_pack_hook(const at::Tensor& t) override {
    tensor = t.detach();
    region->put_back(tensor);
  }
  at::Tensor call_unpack_hook() override { return tensor; }
  std::shared_ptr<Region> region;
  at::Tensor tensor;
};

struct RunAgain {
  explicit RunAgain(std::shared_ptr<Region> r) { runs.push_back({std::move(r), true}); }
  ~RunAgain() { runs.pop_back(); }
};

void Region::recompute() {
  again_.clear();
  std::vector<at::Tensor> inputs;
  for (const ag::SavedVariable& s : inputs_) inputs.push_back(s.unpack());
  at::ThreadLocalStateGuard state(state_);
  AutocastLevel autocast;
  WithRandomStates random(random_);
  RunAgain run(shared_from_this());
  call_go(function_, inputs);
}

}  // namespace

std::unique_ptr<ag::SavedVariableHooks> checkpoint_hooks() {
  if (runs.empty() || !runs.back().region) return nullptr;
  const Run& run = runs.back();
  if (run.again) return std::make_unique<Remade>(run.region);
  return std::make_unique<Dropped>(run.region);
}

NotInCheckpoint::NotInCheckpoint() { runs.push_back({nullptr, false}); }
NotInCheckpoint::~NotInCheckpoint() { runs.pop_back(); }

void checkpoint_begin(Frame& f) {
  GoFunction function = std::make_shared<GoValue>(f.integer(1));
  runs.push_back({std::make_shared<Region>(std::move(function), f.tensors(0)), false});
}

void checkpoint_end(Frame&) {
  runs.back().region->finish();
  runs.pop_back();
}

}  // namespace forger
