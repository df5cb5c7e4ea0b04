// Calls of any operator that LibTorch knows, by name, with arguments checked against its schema.
#include "natives.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <ATen/core/stack.h>

#include <string>
#include <unordered_map>

namespace forger {
namespace {

c10::OperatorHandle look_up(const std::string& name) {
  size_t dot = name.find('.');
  std::string base = name.substr(0, dot);
  std::string overload = dot == std::string::npos ? "" : name.substr(dot + 1);
  auto& dispatcher = c10::Dispatcher::singleton();
  if (auto found = dispatcher.findSchema({base, overload})) return *found;
  std::string others;
  for (const c10::OperatorName& o : dispatcher.getAllOpNames()) {
    if (o.name == base) others += " " + c10::toString(o);
  }
  TORCH_CHECK_VALUE(others.empty(), "LibTorch has no operator ", name, ", but", others);
  TORCH_CHECK_VALUE(base.find("::") != std::string::npos, "an operator's name has a namespace: aten::", name);
  TORCH_CHECK_VALUE(false, "LibTorch has no operator ", name);
}

// Handles stay valid; each thread has its own cache, so there is no lock.
const c10::OperatorHandle& find(std::string_view name) {
  thread_local std::unordered_map<std::string, c10::OperatorHandle> cache;
  thread_local std::string key;
  key.assign(name);
  auto it = cache.find(key);
  if (it == cache.end()) it = cache.emplace(key, look_up(key)).first;
  return it->second;
}

const char* name_of(int32_t kind) {
  switch (kind) {
    case FORGER_NONE: return "nil";
    case FORGER_TENSOR: return "a tensor";
    case FORGER_TENSORS: return "tensors";
    case FORGER_INT: return "an integer";
    case FORGER_INTS: return "integers";
    case FORGER_FLOAT: return "a float";
    case FORGER_FLOATS: return "floats";
    case FORGER_BOOL: return "a bool";
    case FORGER_STRING: return "a string";
    case FORGER_DEVICE: return "a device";
    default: return "a generator";
  }
}

// Argument i as a list, or None where it is not one of that element type.
c10::IValue list(Frame& f, int i, const c10::TypePtr& element) {
  int32_t kind = f.kind(i);
  switch (element->kind()) {
    case c10::TypeKind::TensorType:
      if (kind == FORGER_TENSORS) return f.tensors(i);
      break;
    case c10::TypeKind::OptionalType:
      if (kind == FORGER_TENSORS && element->isSubtypeOf(*c10::OptionalType::ofTensor())) return f.maybe_tensors(i);
      break;
    case c10::TypeKind::IntType:
      if (kind == FORGER_INTS) return c10::IValue(f.ints(i));
      break;
    case c10::TypeKind::FloatType:
      if (kind == FORGER_FLOATS) return c10::IValue(f.reals(i));
      break;
    case c10::TypeKind::BoolType:
      if (kind == FORGER_INTS) {
        c10::List<bool> out;
        for (int64_t v : f.ints(i)) out.push_back(v != 0);
        return out;
      }
      break;
    case c10::TypeKind::NumberType: {
      c10::List<at::Scalar> out;
      if (kind == FORGER_INTS) {
        for (int64_t v : f.ints(i)) out.push_back(v);
        return out;
      }
      if (kind == FORGER_FLOATS) {
        for (double v : f.reals(i)) out.push_back(v);
        return out;
      }
      break;
    }
    default:
      break;
  }
  return {};
}

// Argument i as a value of the type, or None where it is not one.
c10::IValue value(Frame& f, int i, const c10::TypePtr& type) {
  int32_t kind = f.kind(i);
  switch (type->kind()) {
    case c10::TypeKind::OptionalType:
      return value(f, i, type->expectRef<c10::OptionalType>().getElementType());
    case c10::TypeKind::ListType:
      return list(f, i, type->expectRef<c10::ListType>().getElementType());
    case c10::TypeKind::TensorType:
      if (kind == FORGER_TENSOR) return f.tensor(i);
      break;
    case c10::TypeKind::IntType:
      if (kind == FORGER_INT) return f.integer(i);
      break;
    case c10::TypeKind::FloatType:
      if (kind == FORGER_FLOAT || kind == FORGER_INT) return f.real(i);
      break;
    case c10::TypeKind::NumberType:
      if (kind == FORGER_FLOAT || kind == FORGER_INT || kind == FORGER_BOOL) return f.scalar(i);
      break;
    case c10::TypeKind::BoolType:
      if (kind == FORGER_BOOL) return f.boolean(i);
      break;
    case c10::TypeKind::StringType:
      if (kind == FORGER_STRING) return std::string(f.string(i));
      break;
    case c10::TypeKind::DeviceObjType:
      if (kind == FORGER_DEVICE) return f.device(i);
      break;
    case c10::TypeKind::GeneratorType:
      if (kind == FORGER_GENERATOR) return f.generator(i, c10::kCPU);
      break;
    default:
      break;
  }
  return {};
}

// What stands for an argument that is not given, or given as nil.
c10::IValue absent(const c10::Argument& a) {
  if (a.default_value()) return *a.default_value();
  TORCH_CHECK_TYPE(a.type()->kind() == c10::TypeKind::OptionalType, "argument ", a.name(), " (", *a.type(), ") is missing");
  return {};
}

c10::IValue argument(Frame& f, int i, const c10::Argument& a) {
  if (!f.has(i)) return a.type()->kind() == c10::TypeKind::OptionalType ? c10::IValue() : absent(a);
  c10::IValue v = value(f, i, a.type());
  TORCH_CHECK_TYPE(!v.isNone(), "argument ", a.name(), " is ", name_of(f.kind(i)), ", the operator wants ", *a.type());
  return v;
}

torch::jit::Stack arguments(Frame& f, const c10::FunctionSchema& schema) {
  const auto& wanted = schema.arguments();
  int64_t positional = f.integer(1);
  TORCH_CHECK_TYPE(positional <= static_cast<int64_t>(wanted.size()), positional, " arguments for ", schema);
  int first_named = 2 + static_cast<int>(positional);
  std::vector<int> place(wanted.size(), 0);  // in the frame; 0: not given
  for (int i = 0; i < positional; i++) place[i] = 2 + i;
  for (int i = first_named; i < f.size(); i += 2) {
    std::string name(f.string(i));
    auto index = schema.argumentIndexWithName(name);
    TORCH_CHECK_TYPE(index, "no argument is called ", name, " in ", schema);
    TORCH_CHECK_TYPE(!place[*index], "argument ", name, " is given twice");
    place[*index] = i + 1;
  }
  torch::jit::Stack stack;
  stack.reserve(wanted.size());
  for (size_t k = 0; k < wanted.size(); k++) {
    stack.push_back(place[k] ? argument(f, place[k], wanted[k]) : absent(wanted[k]));
  }
  return stack;
}

// Whether out can write a value of the type.
bool can_return(const c10::TypePtr& type) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType:
    case c10::TypeKind::IntType:
    case c10::TypeKind::FloatType:
    case c10::TypeKind::NumberType:
    case c10::TypeKind::BoolType:
    case c10::TypeKind::StringType:
    case c10::TypeKind::DeviceObjType:
      return true;
    case c10::TypeKind::OptionalType:
      return can_return(type->expectRef<c10::OptionalType>().getElementType());
    case c10::TypeKind::ListType: {
      auto element = type->expectRef<c10::ListType>().getElementType()->kind();
      return element == c10::TypeKind::TensorType || element == c10::TypeKind::IntType ||
             element == c10::TypeKind::FloatType;
    }
    default:
      return false;
  }
}

template <typename List>
void out_list(Frame& f, forger_kind kind, List&& list) {
  f.out(int64_t{kind});
  f.out(static_cast<int64_t>(list.size()));
  for (auto&& v : list) f.out(std::move(v));
}

void out_string(Frame& f, const std::string& s) {
  std::vector<int64_t> words((s.size() + 7) / 8);
  std::memcpy(words.data(), s.data(), s.size());
  f.out(int64_t{FORGER_STRING});
  f.out(static_cast<int64_t>(s.size()));
  for (int64_t w : words) f.out(w);
}

void out(Frame& f, c10::IValue v) {
  auto one = [&f](forger_kind kind, auto value) {
    f.out(int64_t{kind});
    f.out(std::move(value));
  };
  if (v.isTensor()) return one(FORGER_TENSOR, std::move(v).toTensor());
  if (v.isInt()) return one(FORGER_INT, v.toInt());
  if (v.isDouble()) return one(FORGER_FLOAT, v.toDouble());
  if (v.isBool()) return one(FORGER_BOOL, v.toBool());
  if (v.isString()) return out_string(f, v.toStringRef());
  if (v.isTensorList()) return out_list(f, FORGER_TENSORS, v.toTensorVector());
  if (v.isIntList()) return out_list(f, FORGER_INTS, v.toIntVector());
  if (v.isDoubleList()) return out_list(f, FORGER_FLOATS, v.toDoubleVector());
  if (v.isDevice()) {
    one(FORGER_DEVICE, static_cast<int64_t>(v.toDevice().type()));
    return f.out(static_cast<int64_t>(v.toDevice().index()));
  }
  TORCH_CHECK(v.isNone(), "the operator returned ", v.tagKind(), ", which has no Go type");
  f.out(int64_t{FORGER_NONE});
}

}  // namespace

void call_boxed(Frame& f) {
  const c10::OperatorHandle& op = find(f.string(0));
  const c10::FunctionSchema& schema = op.schema();
  for (const c10::Argument& r : schema.returns()) {  // before the call: a result on the way would be lost
    TORCH_CHECK_TYPE(can_return(r.type()), "the operator returns ", *r.type(), ", which has no Go type");
  }
  torch::jit::Stack stack = arguments(f, schema);
  op.callBoxed(stack);
  for (c10::IValue& v : stack) out(f, std::move(v));
}

}  // namespace forger
