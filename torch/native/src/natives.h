// The calls that Go makes besides operators. Each reads its arguments from the frame in the
// order that forger.h states.
#pragma once

#include "frame.h"

namespace forger {

// tensor.cc
void scope_begin_native(Frame& f);
void scope_end_native(Frame& f);
void scope_stats(Frame& f);
void free_handles(Frame& f);
void keep_native(Frame& f);
void own_native(Frame& f);
void info(Frame& f);
void from_bytes(Frame& f);
void to_bytes(Frame& f);
void item(Frame& f);
void alike(Frame& f);

// autograd.cc
void set_data(Frame& f);
void requires_grad(Frame& f);
void grad_get(Frame& f);
void grad_set(Frame& f);
void grad_fn(Frame& f);
void grad_clear(Frame& f);
void grad_of(Frame& f);
void grad_mode(Frame& f);
void backward(Frame& f);
void grad(Frame& f);
void inference(Frame& f);

// callback.cc
void released(Frame& f);
void return_results(Frame& f);

// hooks.cc
void hook(Frame& f);
void unhook(Frame& f);
void retain_grad(Frame& f);

// function.cc
void function(Frame& f);

// checkpoint.cc
void checkpoint_begin(Frame& f);
void checkpoint_end(Frame& f);

// engine.cc
void anomaly(Frame& f);
void caller(Frame& f);

// random.cc
void seed_all(Frame& f);
void generator_new(Frame& f);
void generator_free(Frame& f);
void generator_seed(Frame& f);
void generator_seed_get(Frame& f);
void generator_state(Frame& f);
void generator_state_set(Frame& f);
void skip_init(Frame& f);

// system.cc
void threads(Frame& f);
void system_report(Frame& f);
void device_count(Frame& f);
void synchronize(Frame& f);
void memory(Frame& f);
void reset_peak(Frame& f);
void empty_cache(Frame& f);
void flag(Frame& f);

// autocast.cc
void autocast(Frame& f);

// boxed.cc
void call_boxed(Frame& f);

}  // namespace forger
