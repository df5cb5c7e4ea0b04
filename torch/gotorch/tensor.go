//go:build gotorch

package gotorch

// #cgo LDFLAGS: -L${SRCDIR}/../../build/gotorch -Wl,-rpath,${SRCDIR}/../../build/gotorch -lcgotorch
// #cgo LDFLAGS: -L${SRCDIR}/../../build/gotorch/link -Wl,--allow-shlib-undefined
// const char* forger_gotorch_libtorch(void);
import "C"

import (
	"os"
	"path/filepath"
	"runtime"
	"unsafe"

	their "github.com/wangkuiyi/gotorch"

	"github.com/forgergan/forger/torch"
)

// The program is linked with a LibTorch, so Forger must open that one and no other: two do not fit into one process.
// It is opened before main, since gotorch's programs ask for CUDA first, and an answer before LibTorch's CUDA library is
// there would be "none" for good. What fails here is told by the first call.
func init() {
	root := filepath.Dir(filepath.Dir(C.GoString(C.forger_gotorch_libtorch())))
	os.Setenv("LIBTORCH", root)
	_ = torch.Available()
}

// FromGoTorch is a handle of gotorch's tensor: the same tensor, with its memory, its gradient and its place in the
// autograd graph. It belongs to the scope around the call as any new tensor does. A tensor that gotorch leaves
// undefined, as the Grad of one that has none, is nil.
func FromGoTorch(a their.Tensor) *torch.Tensor {
	if a.T == nil {
		return nil
	}
	defer runtime.KeepAlive(a.T)
	return torch.CallAs[*torch.Tensor]("forger_gotorch::from", int(uintptr(*a.T)))
}

// ToGoTorch is a gotorch tensor of the same tensor as t, which stays whatever becomes of t; gotorch frees it when the
// garbage collector finds it unreachable. That of nil is the zero Tensor, which gotorch takes for none.
func ToGoTorch(t *torch.Tensor) their.Tensor {
	if t == nil {
		return their.Tensor{}
	}
	p := new(unsafe.Pointer) // of C++'s memory
	*(*int)(unsafe.Pointer(p)) = torch.CallAs[int]("forger_gotorch::to", t)
	their.SetTensorFinalizer(p)
	return their.Tensor{T: p}
}
