/* The C interface between Go and the shim: one call, one frame, one result.
 *
 * Go never links this library. It opens it at run time, checks forger_stamp()
 * and calls everything through forger_call(). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an argument holds. */
enum forger_kind {
  FORGER_NONE = 0,   /* absent: an optional argument left out */
  FORGER_TENSOR,     /* i: handle */
  FORGER_TENSORS,    /* handles[i .. i+n) */
  FORGER_INT,        /* i */
  FORGER_INTS,       /* ints[i .. i+n) */
  FORGER_FLOAT,      /* d */
  FORGER_FLOATS,     /* ints[i .. i+n), each the bits of a double */
  FORGER_BOOL,       /* i */
  FORGER_STRING,     /* text[i .. i+n) */
  FORGER_DEVICE,     /* i: type, n: index (-1: the current one) */
  FORGER_GENERATOR,  /* i: generator id, 0 is the device's default */
};

typedef struct {
  int32_t kind;
  int32_t n;
  int64_t i;
  double d;
} forger_arg;

/* The arguments of one call; every pointer lives until the call returns. */
typedef struct {
  int32_t op;
  int32_t nargs;
} forger_head;

#define FORGER_INLINE 8

/* What came back. Handles, integers and the bits of doubles share values. */
typedef struct {
  int32_t code;    /* enum forger_code */
  int32_t n;       /* number of values */
  int32_t scoped;  /* 1 where new handles belong to a scope of this thread */
  int32_t released; /* 1 where FORGER_RELEASED has something to give */
  int64_t values[FORGER_INLINE];
  int64_t* more;   /* malloc'ed and holding all values where n > FORGER_INLINE */
  char* message;   /* malloc'ed where code != FORGER_OK */
} forger_result;

enum forger_code {
  FORGER_OK = 0,
  FORGER_ERROR,
  FORGER_STALE,
  FORGER_INDEX,
  FORGER_VALUE,
  FORGER_TYPE,
  FORGER_NOT_IMPLEMENTED,
  FORGER_LINALG,
  FORGER_OUT_OF_MEMORY,
  FORGER_DEVICE_ERROR,
  FORGER_GO_PANIC, /* a Go function that C++ called did not return; values[0] is what forger_callback_fn gave */
};

/* The calls written by hand; generated operators follow FORGER_NATIVES. */
enum forger_native {
  FORGER_SCOPE_BEGIN,    /* -> mark */
  FORGER_SCOPE_END,      /* mark -> number freed */
  FORGER_SCOPE_STATS,    /* -> live, created, freed, depth, tensors in the innermost scope */
  FORGER_FREE,           /* handles... */
  FORGER_KEEP,           /* handle: to the scope around the innermost one -> 1 if none is left */
  FORGER_OWN,            /* handle: out of every scope -> 1 if it was in one */
  FORGER_INFO,           /* tensor -> dtype, device, index, flags, numel, dims, sizes..., strides... */
  FORGER_FROM_BYTES,     /* dtype, sizes, text = bytes -> tensor */
  FORGER_TO_BYTES,       /* tensor, text = destination */
  FORGER_ITEM,           /* tensor -> 0: float, 1: int or bool; value */
  FORGER_SET_DATA,       /* tensor, tensor whose memory it takes over */
  FORGER_REQUIRES_GRAD,  /* tensor, bool */
  FORGER_GRAD_GET,       /* tensor -> tensor or 0 */
  FORGER_GRAD_SET,       /* tensor, tensor? */
  FORGER_GRAD_FN,        /* tensor, text = name of the function that made it -> length */
  FORGER_GRAD_CLEAR,     /* tensors: drop their gradients */
  FORGER_GRAD_OF,        /* tensors -> a handle or 0 for each gradient */
  FORGER_GRAD_MODE,      /* bool? -> previous mode */
  FORGER_BACKWARD,       /* tensors, grads, retain, create, inputs */
  FORGER_GRAD,           /* outputs, inputs, grads, retain, create, allow_unused -> tensors or 0 */
  FORGER_RELEASED,       /* -> numbers of Go values that C++ no longer holds */
  FORGER_RETURN,         /* tensors or 0: the results of the Go function that C++ is calling */
  FORGER_HOOK,           /* tensor, after accumulation?, function */
  FORGER_UNHOOK,         /* tensor, after accumulation?, function */
  FORGER_RETAIN_GRAD,    /* tensor */
  FORGER_FUNCTION,       /* name, inputs, outputs, saved, not differentiable, backward function -> outputs */
  FORGER_CHECKPOINT_BEGIN, /* inputs, function */
  FORGER_CHECKPOINT_END,
  FORGER_ANOMALY,        /* bool */
  FORGER_CALLER,         /* text: who makes the next calls of this thread */
  FORGER_INFERENCE,      /* bool: begin or end */
  FORGER_SEED,           /* seed: every default generator */
  FORGER_GENERATOR_NEW,  /* device -> id */
  FORGER_GENERATOR_FREE, /* id */
  FORGER_GENERATOR_SEED, /* generator, device, seed */
  FORGER_GENERATOR_SEED_GET, /* generator, device -> seed */
  FORGER_GENERATOR_STATE,     /* generator, device -> byte tensor */
  FORGER_GENERATOR_STATE_SET, /* generator, device, byte tensor */
  FORGER_THREADS,        /* n? -> previous number */
  FORGER_SYSTEM,         /* text = one "key=value" a line -> length */
  FORGER_DEVICE_COUNT,   /* -> number of usable CUDA devices */
  FORGER_SYNCHRONIZE,    /* device */
  FORGER_MEMORY,         /* device -> allocated, reserved, peak allocated, peak reserved, free, total */
  FORGER_RESET_PEAK,     /* device */
  FORGER_EMPTY_CACHE,
  FORGER_FLAG,           /* which, bool */
  FORGER_AUTOCAST,       /* device type, on, dtype, cache, enter or leave -> what on, dtype and cache were */
  FORGER_CALL_BOXED,     /* name of an operator, number of positional arguments, these, then name and value of others
                            -> for each result its forger_kind and: a value, a device's type and index, or a list's
                            length and elements (a string's bytes, eight a value) */
  FORGER_ALIKE,          /* tensors, numbers?, lists of tensors... -> 1 if all lists have the types and shapes of the first and the numbers one element each */
  FORGER_SKIP_INIT,      /* bool? -> whether initialisers of this thread were to do nothing */
  FORGER_NATIVES
};

/* FORGER_FLAG's first argument. */
enum forger_flag {
  FORGER_CUDNN_BENCHMARK,
  FORGER_CUDNN_DETERMINISTIC,
  FORGER_CUDNN_TF32,
  FORGER_CUBLAS_TF32,
  FORGER_DETERMINISTIC,
  FORGER_FULL_MESSAGES, /* keep LibTorch's own stack in messages */
};

typedef void (*forger_call_fn)(forger_head head, const forger_arg* args, const int64_t* ints,
                               const uint64_t* handles, char* text, size_t text_size,
                               forger_result* result);

/* Calls the Go function of a number with tensors (0: undefined), in a scope that C++ has opened. Returns 0, or the
 * number of what it panicked with. */
typedef int64_t (*forger_callback_fn)(int64_t function, uint64_t* handles, int32_t n);

#ifdef __cplusplus
}
#endif
