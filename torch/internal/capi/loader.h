/* Opens LibTorch and the shim at run time. Pure C: nothing here needs LibTorch to compile. */
#pragma once

#include "forger.gen.h"

/* Lets malloc keep large blocks for the next step, unless the environment already says how it works. */
void forger_keep_blocks(void);

/* Opens path with all symbols visible to later libraries; returns NULL or a malloc'ed reason. */
char* forger_open(const char* path);

/* LibTorch's version as aoti_torch_abi_version() packs it, 0 where it does not tell. */
uint64_t forger_libtorch_abi(void);

/* Opens the shim and takes its entry points; *stamp is its stamp. Returns NULL or a malloc'ed reason. */
char* forger_open_shim(const char* path, const char** stamp);

/* Calls the shim; forger_open_shim must have succeeded. Pointers come as numbers, 0 where an array is empty. */
void forger_dispatch(int32_t op, int32_t nargs, uintptr_t args, uintptr_t ints, uintptr_t handles, uintptr_t text,
                     size_t text_size, uintptr_t result);

/* The same for calls that may call Go back. */
void forger_dispatch_engine(int32_t op, int32_t nargs, uintptr_t args, uintptr_t ints, uintptr_t handles,
                            uintptr_t text, size_t text_size, uintptr_t result);

/* Moves the result at an address. */
void forger_take(uintptr_t result, forger_result* to);
