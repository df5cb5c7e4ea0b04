// The one place where Go enters and where no exception leaves.
#include "callback.h"
#include "frame.h"

#include <c10/util/Exception.h>

#include <cstdlib>
#include <new>
#include <string>

namespace forger {

bool full_messages = false;

namespace {

char* copy(const std::string& s) {
  char* p = static_cast<char*>(std::malloc(s.size() + 1));
  if (p) std::memcpy(p, s.c_str(), s.size() + 1);
  return p;
}

void fail(forger_result* r, int32_t code, const std::string& message) {
  r->code = code;
  r->n = 0;
  r->message = copy(message);
}

void fail(forger_result* r, int32_t code, const c10::Error& e) {
  fail(r, code, full_messages ? e.what() : e.what_without_backtrace());
}

// LibTorch has no class for a CPU allocation that failed.
bool is_cpu_out_of_memory(const c10::Error& e) {
  return std::strstr(e.what_without_backtrace(), "DefaultCPUAllocator") != nullptr;
}

void call(forger_head head, Frame& frame) {
  if (head.op < FORGER_NATIVES) {
    natives[head.op](frame);
  } else {
    operators[head.op - FORGER_NATIVES](frame);
  }
  frame.finish();
}

}  // namespace
}  // namespace forger

extern "C" __attribute__((visibility("default"))) void forger_call(
    forger_head head, const forger_arg* args, const int64_t* ints, const uint64_t* handles,
    char* text, size_t text_size, forger_result* r) noexcept {
  using namespace forger;
  r->code = FORGER_OK;
  r->n = 0;
  r->released = 0;
  r->more = nullptr;
  r->message = nullptr;
  try {
    Frame frame(head.nargs, args, ints, handles, text, text_size, r);
    call(head, frame);
  } catch (const GoPanic& e) {
    fail(r, FORGER_GO_PANIC, "");
    r->values[0] = e.value->take();
  } catch (const StaleHandle& e) {
    fail(r, FORGER_STALE, e.what());
  } catch (const c10::OutOfMemoryError& e) {
    fail(r, FORGER_OUT_OF_MEMORY, e);
  } catch (const c10::IndexError& e) {
    fail(r, FORGER_INDEX, e);
  } catch (const c10::ValueError& e) {
    fail(r, FORGER_VALUE, e);
  } catch (const c10::TypeError& e) {
    fail(r, FORGER_TYPE, e);
  } catch (const c10::NotImplementedError& e) {
    fail(r, FORGER_NOT_IMPLEMENTED, e);
  } catch (const c10::LinAlgError& e) {
    fail(r, FORGER_LINALG, e);
  } catch (const c10::AcceleratorError& e) {
    fail(r, FORGER_DEVICE_ERROR, e);
  } catch (const c10::Error& e) {
    fail(r, is_cpu_out_of_memory(e) ? FORGER_OUT_OF_MEMORY : FORGER_ERROR, e);
  } catch (const std::bad_alloc&) {
    fail(r, FORGER_OUT_OF_MEMORY, "the system has no memory left");
  } catch (const std::exception& e) {
    fail(r, FORGER_ERROR, e.what());
  } catch (...) {
    fail(r, FORGER_ERROR, "unknown C++ exception");
  }
}
