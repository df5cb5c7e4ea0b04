package torch

import (
	"runtime"

	"github.com/forgergan/forger/torch/internal/capi"
)

// AutocastOptions say how Autocast computes.
type AutocastOptions struct {
	Device  DeviceType // whose operators are meant; the CPU by default
	DType   DType      // BFloat16 or Float16; BFloat16 on the CPU and Float16 on a GPU by default, as in PyTorch
	NoCache bool       // convert a parameter again at each use; by default once in the outermost Autocast
	Off     bool       // compute in the operands' own types, inside another Autocast
}

// Autocast runs f with mixed precision: matrix products and convolutions take their operands in half precision and give
// results in it, losses, and on a GPU also softmax, norms, powers and sums, compute in float32, all other operators in
// the type of their operands. The lists are LibTorch's, those of torch.autocast.
//
//	torch.Autocast(torch.AutocastOptions{}, func() { loss = net.Forward(x).MSELoss(y) })
//	loss.Backward()
//
// Parameters stay float32 and get gradients in float32. Backward belongs outside: it computes in the types that the
// forward pass did. In float16, small gradients vanish: see package amp.
//
// Autocast nests. It holds for the goroutine that calls it, which is locked to its thread for the time of the call, and
// the mode before it returns afterwards, also when f panics. A DType that is not half precision panics with an *Error.
func Autocast(o AutocastOptions, f func()) {
	switch o.DType {
	case BFloat16, Float16:
	case DefaultDType:
		o.DType = BFloat16
		if o.Device == CUDA {
			o.DType = Float16
		}
	default:
		panic(&Error{Op: "Autocast", Code: TypeError, Msg: "in " + o.DType.String() + ": it computes in bfloat16 or float16"})
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before := setAutocast(autocast{o.Device, !o.Off, o.DType, !o.NoCache}, true)
	defer setAutocast(before, false)
	f()
}

// autocast is a thread's mode for one kind of device.
type autocast struct {
	device DeviceType
	on     bool
	dtype  DType
	cache  bool
}

// setAutocast sets the mode on entering or leaving it and returns the one before.
func setAutocast(a autocast, enter bool) autocast {
	f := newFrame("Autocast", capi.Autocast)
	f.int(int(a.device))
	f.bool(a.on)
	f.dtype(a.dtype)
	f.bool(a.cache)
	f.bool(enter)
	r := f.run()
	return autocast{a.device, r.Inline[0] != 0, dtypeOf(r.Inline[1]), r.Inline[2] != 0}
}
