// Scopes, and what Go asks of a tensor itself.
#include "natives.h"

#include <ATen/ops/_local_scalar_dense_ops.h>
#include <ATen/ops/copy_ops.h>
#include <ATen/ops/empty_ops.h>
#include <c10/core/GradMode.h>

namespace forger {

void scope_begin_native(Frame& f) { f.out(scope_begin()); }

void scope_end_native(Frame& f) { f.out(scope_end(f.integer(0))); }

void scope_stats(Frame& f) {
  Stats s = stats();
  for (int64_t v : {s.live, s.created, s.freed, s.depth, s.innermost}) f.out(v);
}

void free_handles(Frame& f) {
  for (Handle h : f.handles(0)) release(h);
}

void keep_native(Frame& f) { f.out(keep(f.handle(0))); }

void own_native(Frame& f) { f.out(own(f.handle(0))); }

// info's flags.
enum { kRequiresGrad = 1, kLeaf = 2, kContiguous = 4, kChannelsLast = 8, kChannelsLast3d = 16, kInference = 32 };

void info(Frame& f) {
  const at::Tensor& t = f.tensor(0);
  int64_t flags = 0;
  if (t.requires_grad()) flags |= kRequiresGrad;
  if (t.is_leaf()) flags |= kLeaf;
  if (t.is_contiguous()) flags |= kContiguous;
  if (t.dim() == 4 && t.is_contiguous(at::MemoryFormat::ChannelsLast)) flags |= kChannelsLast;
  if (t.dim() == 5 && t.is_contiguous(at::MemoryFormat::ChannelsLast3d)) flags |= kChannelsLast3d;
  if (t.is_inference()) flags |= kInference;
  f.out(static_cast<int64_t>(t.scalar_type()));
  f.out(static_cast<int64_t>(t.device().type()));
  f.out(static_cast<int64_t>(t.device().index()));
  f.out(flags);
  f.out(t.numel());
  f.out(t.dim());
  for (int64_t v : t.sizes()) f.out(v);
  for (int64_t v : t.strides()) f.out(v);
}

namespace {

at::Tensor empty(at::IntArrayRef sizes, at::ScalarType dtype) {
  return at::_ops::empty_memory_format::call(c10::fromIntArrayRefSlow(sizes), dtype, at::kStrided,
                                             at::Device(at::kCPU), false, std::nullopt);
}

}  // namespace

void from_bytes(Frame& f) {
  at::Tensor t = empty(f.ints(1), f.dtype(0));
  TORCH_CHECK_VALUE(t.nbytes() == f.bytes_size, "the data has ", f.bytes_size, " bytes, the shape needs ",
                    t.nbytes());
  if (f.bytes_size) std::memcpy(t.mutable_data_ptr(), f.bytes, f.bytes_size);
  f.out(std::move(t));
}

void to_bytes(Frame& f) {
  const at::Tensor& t = f.tensor(0);
  TORCH_CHECK_VALUE(t.nbytes() == f.bytes_size, "the destination has ", f.bytes_size, " bytes, the tensor ",
                    t.nbytes());
  if (t.numel() == 0) return;
  c10::NoGradGuard no_grad;
  at::Tensor plain = t;
  if (!t.is_cpu() || !t.is_contiguous() || t.is_conj() || t.is_neg()) {
    plain = empty(t.sizes(), t.scalar_type());
    at::_ops::copy_::call(plain, t, false);
  }
  std::memcpy(f.bytes, plain.const_data_ptr(), f.bytes_size);
}

void item(Frame& f) {
  const at::Tensor& t = f.tensor(0);
  TORCH_CHECK_VALUE(t.numel() == 1, "a tensor with ", t.numel(), " elements has no single value");
  at::Scalar s = at::_ops::_local_scalar_dense::call(t);
  if (s.isFloatingPoint()) {
    f.out(int64_t{0});
    f.out(s.toDouble());
  } else {
    TORCH_CHECK_TYPE(!s.isComplex(), "a complex value is not a real number");
    f.out(int64_t{1});
    f.out(s.toLong());
  }
}

void alike(Frame& f) {
  auto first = f.tensors(0);
  bool yes = true;
  if (f.has(1)) {
    auto numbers = f.tensors(1);
    yes = numbers.size() == first.size();
    for (const at::Tensor& n : numbers) yes = yes && n.defined() && n.numel() == 1;
  }
  for (int i = 2; yes && i < f.size(); i++) {
    auto list = f.tensors(i);
    yes = list.size() == first.size();
    for (size_t k = 0; yes && k < list.size(); k++) {
      const at::Tensor &a = first[k], &b = list[k];
      yes = a.defined() && b.defined() && a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes();
    }
  }
  f.out(yes);
}

}  // namespace forger
