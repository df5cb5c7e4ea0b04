// Go functions that C++ calls: hooks, the backward pass of functions written in Go, recomputation.
#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <exception>
#include <memory>
#include <vector>

namespace forger {

// A Go value that C++ holds by number. With the last pointer to it the number goes to a list that Go collects: the
// end may come inside a call from which Go must not be called back.
class GoValue {
 public:
  explicit GoValue(int64_t number) : number_(number) {}
  GoValue(const GoValue&) = delete;
  GoValue& operator=(const GoValue&) = delete;
  ~GoValue();

  int64_t number() const { return number_; }
  int64_t take() { return number_.exchange(0); }  // the caller now answers for the number

 private:
  std::atomic<int64_t> number_;
};

using GoFunction = std::shared_ptr<GoValue>;

// Carries the value of a Go panic through LibTorch's frames to the Go call below them.
struct GoPanic : std::exception {
  explicit GoPanic(int64_t number) : value(std::make_shared<GoValue>(number)) {}
  const char* what() const noexcept override { return "a Go function panicked"; }
  GoFunction value;
};

// Calls f on this thread, in a scope of its own, and returns its results. f is a copy: it may remove itself.
std::vector<at::Tensor> call_go(GoFunction f, const std::vector<at::Tensor>& in);

}  // namespace forger
