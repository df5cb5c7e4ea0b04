// Activation checkpointing: what a function's operations save for the backward pass is dropped, and made again by
// running the function once more when the backward pass asks for the first of it.
#pragma once

#include <torch/csrc/autograd/saved_variable_hooks.h>

#include <memory>

namespace forger {

// What the operation that this thread runs shall do with a tensor that it saves; null: keep it.
std::unique_ptr<torch::autograd::SavedVariableHooks> checkpoint_hooks();

// A backward pass inside a checkpointed function saves as usual: parts of it may run on other threads.
struct NotInCheckpoint {
  NotInCheckpoint();
  ~NotInCheckpoint();
};

}  // namespace forger
