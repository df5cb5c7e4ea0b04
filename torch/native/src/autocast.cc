// Autocast: operators of a thread run in a lower precision where that is safe.
#include "natives.h"

#include <ATen/autocast_mode.h>

namespace forger {

void autocast(Frame& f) {
  auto device = static_cast<c10::DeviceType>(f.integer(0));
  f.out(at::autocast::is_autocast_enabled(device));
  f.out(static_cast<int64_t>(at::autocast::get_autocast_dtype(device)));
  f.out(at::autocast::is_autocast_cache_enabled());
  bool enter = f.boolean(4);
  if (enter) at::autocast::increment_nesting();
  at::autocast::set_autocast_enabled(device, f.boolean(1));
  at::autocast::set_autocast_dtype(device, f.dtype(2));
  at::autocast::set_autocast_cache_enabled(f.boolean(3));
  // The cache of cast weights is of the outermost autocast: afterwards they may change.
  if (!enter && at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

}  // namespace forger
