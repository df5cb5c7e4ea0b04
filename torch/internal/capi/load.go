package capi

// #include <stdlib.h>
// #include "loader.h"
import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"unsafe"
)

// libtorchABI is the version that the shim is made for, packed as LibTorch packs its own.
const libtorchABI = 2<<56 | 11<<48

// Load opens LibTorch below root (the folder that holds lib) and the shim at path, which must carry
// stamp. It opens the CUDA library first where a GPU is plausible, since a question about CUDA asked
// before that is answered "none" for the whole process.
func Load(root, shim, stamp string) error {
	C.forger_keep_blocks()
	lib := func(name string) string { return filepath.Join(root, "lib", name) }
	for _, name := range []string{"libc10.so", "libtorch_cpu.so"} {
		if err := open(lib(name)); err != nil {
			return err
		}
	}
	if got := uint64(C.forger_libtorch_abi()); got != libtorchABI {
		return fmt.Errorf("LibTorch in %s is version %s, Forger needs 2.11", root, abiString(got))
	}
	if CUDAPlausible() {
		if _, err := os.Stat(lib("libtorch_cuda.so")); err == nil {
			if err := open(lib("libtorch_cuda.so")); err != nil {
				cudaFailure = err
			}
		}
	}
	c := C.CString(shim)
	defer C.free(unsafe.Pointer(c))
	var got *C.char
	if why := C.forger_open_shim(c, &got); why != nil {
		defer C.free(unsafe.Pointer(why))
		return fmt.Errorf("cannot open the shim %s: %s", shim, C.GoString(why))
	}
	if s := C.GoString(got); s != stamp {
		return fmt.Errorf("the shim %s is of another build of Forger (%.12s, wanted %.12s)", shim, s, stamp)
	}
	return nil
}

// cudaFailure is why LibTorch's CUDA library could not be opened on a machine with a GPU.
var cudaFailure error

// CUDAFailure is why LibTorch's CUDA library did not open, nil where it did or was not tried.
func CUDAFailure() error { return cudaFailure }

func open(path string) error {
	c := C.CString(path)
	defer C.free(unsafe.Pointer(c))
	if why := C.forger_open(c); why != nil {
		defer C.free(unsafe.Pointer(why))
		return fmt.Errorf("cannot open %s: %s", path, C.GoString(why))
	}
	return nil
}

// CUDAPlausible reports whether it is worth the 300 MB that the CUDA library takes: where it is not, there is no GPU.
func CUDAPlausible() bool {
	if v, set := os.LookupEnv("CUDA_VISIBLE_DEVICES"); set && v == "" {
		return false
	}
	for _, p := range []string{"/dev/nvidiactl", "/dev/dxg"} {
		if _, err := os.Stat(p); err == nil {
			return true
		}
	}
	return false
}

func abiString(v uint64) string {
	if v == 0 {
		return "unknown"
	}
	return fmt.Sprintf("%d.%d.%d", v>>56, v>>48&0xff, v>>40&0xff)
}
