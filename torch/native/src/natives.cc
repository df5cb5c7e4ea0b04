#include "natives.h"

namespace forger {

// In the order of forger_native.
const Function natives[FORGER_NATIVES] = {
    scope_begin_native,
    scope_end_native,
    scope_stats,
    free_handles,
    keep_native,
    own_native,
    info,
    from_bytes,
    to_bytes,
    item,
    set_data,
    requires_grad,
    grad_get,
    grad_set,
    grad_fn,
    grad_clear,
    grad_of,
    grad_mode,
    backward,
    grad,
    seed_all,
    generator_new,
    generator_free,
    generator_seed,
    generator_seed_get,
    generator_state,
    generator_state_set,
    threads,
    system_report,
    device_count,
    synchronize,
    memory,
    reset_peak,
    empty_cache,
    flag,
    autocast,
    call_boxed,
};

}  // namespace forger
