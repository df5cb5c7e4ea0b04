// One call from Go, seen from C++: typed access to its arguments and results.
#pragma once

#include "forger.h"
#include "slots.h"

#include <ATen/core/Generator.h>
#include <ATen/core/IListRef.h>
#include <ATen/core/List.h>
#include <c10/core/Device.h>
#include <c10/core/Layout.h>
#include <c10/core/MemoryFormat.h>
#include <c10/core/Scalar.h>
#include <c10/core/ScalarType.h>
#include <c10/core/SymIntArrayRef.h>
#include <c10/util/SmallVector.h>

#include <cstring>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace forger {

at::Generator generator_of(int64_t id, c10::Device device);
bool any_released();  // callback.cc

class Frame {
 public:
  Frame(int nargs, const forger_arg* args, const int64_t* ints, const uint64_t* handles, char* text,
        size_t text_size, forger_result* result)
      : bytes(text), bytes_size(text_size), nargs_(nargs), args_(args), ints_(ints), handles_(handles), result_(result) {}
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
  ~Frame() {
    for (Handle h : pinned_) unpin(h);
  }

  int size() const { return nargs_; }
  int32_t kind(int i) const { return args_[i].kind; }
  bool has(int i) const { return args_[i].kind != FORGER_NONE; }
  Handle handle(int i) const { return static_cast<Handle>(args_[i].i); }

  at::Tensor& tensor(int i) { return use(handle(i)); }
  std::optional<at::Tensor> maybe_tensor(int i) {
    return has(i) ? std::optional<at::Tensor>(tensor(i)) : std::nullopt;
  }
  std::vector<at::Tensor> tensors(int i) {
    std::vector<at::Tensor> out;
    for (int32_t k = 0; k < args_[i].n; k++) {
      Handle h = handles_[args_[i].i + k];
      out.push_back(h ? use(h) : at::Tensor());
    }
    return out;
  }
  c10::List<std::optional<at::Tensor>> maybe_tensors(int i) {
    c10::List<std::optional<at::Tensor>> out;
    for (int32_t k = 0; k < args_[i].n; k++) {
      Handle h = handles_[args_[i].i + k];
      out.push_back(h ? std::optional<at::Tensor>(use(h)) : std::nullopt);
    }
    return out;
  }
  std::vector<Handle> handles(int i) const {
    return {handles_ + args_[i].i, handles_ + args_[i].i + args_[i].n};
  }

  bool boolean(int i) const { return args_[i].i != 0; }
  int64_t integer(int i) const { return args_[i].i; }
  double real(int i) const { return args_[i].kind == FORGER_FLOAT ? args_[i].d : static_cast<double>(args_[i].i); }
  at::Scalar scalar(int i) const {
    switch (args_[i].kind) {
      case FORGER_FLOAT: return args_[i].d;
      case FORGER_BOOL: return args_[i].i != 0;
      default: return args_[i].i;
    }
  }
  std::string_view string(int i) const { return {bytes + args_[i].i, static_cast<size_t>(args_[i].n)}; }
  at::IntArrayRef ints(int i) const { return {ints_ + args_[i].i, static_cast<size_t>(args_[i].n)}; }
  c10::SymIntArrayRef symints(int i) const { return c10::fromIntArrayRefSlow(ints(i)); }
  at::ArrayRef<double> reals(int i) const {
    return {reinterpret_cast<const double*>(ints_ + args_[i].i), static_cast<size_t>(args_[i].n)};
  }
  c10::Device device(int i) const {
    return {static_cast<c10::DeviceType>(args_[i].i), static_cast<c10::DeviceIndex>(args_[i].n)};
  }
  at::ScalarType dtype(int i) const { return static_cast<at::ScalarType>(args_[i].i); }
  at::MemoryFormat memory_format(int i) const { return static_cast<at::MemoryFormat>(args_[i].i); }

  std::optional<bool> maybe_boolean(int i) const { return maybe(i, boolean(i)); }
  std::optional<int64_t> maybe_integer(int i) const { return maybe(i, integer(i)); }
  std::optional<c10::SymInt> maybe_symint(int i) const { return maybe(i, c10::SymInt(integer(i))); }
  std::optional<double> maybe_real(int i) const { return maybe(i, real(i)); }
  std::optional<at::Scalar> maybe_scalar(int i) const { return maybe(i, scalar(i)); }
  std::optional<std::string_view> maybe_string(int i) const { return maybe(i, string(i)); }
  at::OptionalIntArrayRef maybe_ints(int i) const { return maybe(i, ints(i)); }
  at::OptionalSymIntArrayRef maybe_symints(int i) const {
    return has(i) ? at::OptionalSymIntArrayRef(symints(i)) : at::OptionalSymIntArrayRef();
  }
  std::optional<at::ArrayRef<double>> maybe_reals(int i) const { return maybe(i, reals(i)); }
  std::optional<at::ScalarType> maybe_dtype(int i) const { return maybe(i, dtype(i)); }
  std::optional<at::Layout> maybe_layout(int i) const { return maybe(i, static_cast<at::Layout>(integer(i))); }
  std::optional<at::MemoryFormat> maybe_memory_format(int i) const { return maybe(i, memory_format(i)); }
  std::optional<at::Device> maybe_device(int i) const {
    return has(i) ? std::optional<at::Device>(device(i)) : std::nullopt;
  }
  std::optional<at::Generator> maybe_generator(int i) const {
    if (!has(i) || args_[i].i == 0) return std::nullopt;
    return generator_of(args_[i].i, c10::kCPU);
  }
  at::Generator generator(int i, c10::Device device) const { return generator_of(args_[i].i, device); }

  void out(int64_t v) { out_.push_back(v); }
  void out(bool v) { out(static_cast<int64_t>(v)); }
  void out(double v) {
    int64_t bits;
    std::memcpy(&bits, &v, sizeof bits);
    out(bits);
  }
  void out(at::Tensor t) { out(t.defined() ? static_cast<int64_t>(put(std::move(t))) : int64_t{0}); }
  void out(std::vector<at::Tensor> ts) {
    for (auto& t : ts) out(std::move(t));
  }
  template <typename... T>
  void out(std::tuple<T...> ts) {
    std::apply([this](auto&... t) { (out(std::move(t)), ...); }, ts);
  }

  // Copies the results to where Go reads them.
  void finish() {
    result_->n = static_cast<int32_t>(out_.size());
    result_->scoped = in_scope();
    result_->released = any_released();
    int64_t* to = result_->values;
    if (out_.size() > FORGER_INLINE) {
      to = result_->more = static_cast<int64_t*>(std::malloc(out_.size() * sizeof(int64_t)));
      if (!to) throw std::bad_alloc();
    }
    std::copy(out_.begin(), out_.end(), to);
  }

  char* const bytes;
  const size_t bytes_size;

 private:
  at::Tensor& use(Handle h) {
    at::Tensor& t = pin(h);
    pinned_.push_back(h);
    return t;
  }
  template <typename T>
  std::optional<T> maybe(int i, T value) const {
    return has(i) ? std::optional<T>(std::move(value)) : std::nullopt;
  }

  int nargs_;
  const forger_arg* args_;
  const int64_t* ints_;
  const uint64_t* handles_;
  forger_result* result_;
  c10::SmallVector<Handle, 16> pinned_;
  c10::SmallVector<int64_t, 16> out_;
};

using Function = void (*)(Frame&);

extern const Function natives[];        // natives.cc, in the order of forger_native
extern const Function operators[];      // operators.gen.cc, in the order of ops.lock
extern bool full_messages;

}  // namespace forger
