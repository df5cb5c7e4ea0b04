// Where every tensor that Go can name lives.
//
// A handle is a slot number and the slot's generation. Each thread has an arena, the
// list of handles made on it in open scopes; ending a scope drops the ones that still
// belong to it. A dereference pins its slot, so that a free on another thread waits
// for the last user, and a stale handle is an error, never a crash.
#pragma once

#include <ATen/core/TensorBase.h>
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <stdexcept>

namespace forger {

using Handle = uint64_t;

struct StaleHandle : std::runtime_error {
  StaleHandle() : std::runtime_error("the tensor was already freed, or its scope has ended") {}
};

struct Stats {
  int64_t live, created, freed, depth, innermost;
};

// Stores t in a new slot, in the innermost scope of this thread if one is open.
Handle put(at::Tensor t);

// Pins the slot of h and returns its tensor, which stays valid until unpin.
at::Tensor& pin(Handle h);
void unpin(Handle h);

bool in_scope();
int64_t scope_begin();
int64_t scope_end(int64_t mark);
void release(Handle h);  // no effect on a stale handle

// Moves a tensor of the innermost scope to the one around it; others stay where they are.
// keep and own report whether the call took the tensor out of its last scope.
bool keep(Handle h);
bool own(Handle h);

Stats stats();

}  // namespace forger
