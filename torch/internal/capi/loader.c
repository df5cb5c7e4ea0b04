#define _GNU_SOURCE
#include "_cgo_export.h"
#include "loader.h"

#include <dlfcn.h>
#ifdef __linux__
#include <malloc.h>
#endif
#include <stdlib.h>
#include <string.h>

static forger_call_fn call;

static char* reason(void) {
  const char* e = dlerror();
  return strdup(e ? e : "unknown reason");
}

/* By default glibc gives every large block back to the kernel at once, and training asks for the same sizes again in
 * the next step: on a DCGAN step a tenth of the time went into fresh pages. */
void forger_keep_blocks(void) {
#ifdef __GLIBC__
  if (getenv("MALLOC_MMAP_THRESHOLD_") || getenv("MALLOC_TRIM_THRESHOLD_")) return;
  mallopt(M_MMAP_THRESHOLD, 32 << 20); /* the largest that glibc takes */
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

char* forger_open(const char* path) {
  return dlopen(path, RTLD_NOW | RTLD_GLOBAL) ? NULL : reason();
}

uint64_t forger_libtorch_abi(void) {
  uint64_t (*version)(void) = (uint64_t (*)(void))dlsym(RTLD_DEFAULT, "aoti_torch_abi_version");
  return version ? version() : 0;
}

char* forger_open_shim(const char* path, const char** stamp) {
  void* shim = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!shim) return reason();
  const char* (*get_stamp)(void) = (const char* (*)(void))dlsym(shim, "forger_stamp");
  call = (forger_call_fn)dlsym(shim, "forger_call");
  void (*set_callback)(forger_callback_fn) = (void (*)(forger_callback_fn))dlsym(shim, "forger_set_callback");
  if (!get_stamp || !call || !set_callback) return strdup("it lacks forger_stamp, forger_call or forger_set_callback");
  set_callback(forgerCallback);
  *stamp = get_stamp();
  return NULL;
}

void forger_dispatch(int32_t op, int32_t nargs, uintptr_t args, uintptr_t ints, uintptr_t handles, uintptr_t text,
                     size_t text_size, uintptr_t result) {
  forger_head head = {op, nargs};
  call(head, (const forger_arg*)args, (const int64_t*)ints, (const uint64_t*)handles, (char*)text, text_size,
       (forger_result*)result);
}

void forger_dispatch_engine(int32_t op, int32_t nargs, uintptr_t args, uintptr_t ints, uintptr_t handles,
                            uintptr_t text, size_t text_size, uintptr_t result) {
  forger_dispatch(op, nargs, args, ints, handles, text, text_size, result);
}

void forger_take(uintptr_t result, forger_result* to) {
  forger_result* from = (forger_result*)result;
  *to = *from;
  from->more = NULL;
  from->message = NULL;
}
