package torch

import (
	"strconv"
	"strings"

	"github.com/forgergan/forger/torch/internal/capi"
)

// Threads is the number of threads that one operator uses on the CPU.
func Threads() int {
	f := newFrame("Threads", capi.Threads)
	f.none()
	r := f.run()
	return int(r.Inline[0])
}

// SetThreads sets the number of threads that one operator uses on the CPU. Results may differ
// in the last bits between different numbers. It holds for the calling thread and for threads that have not computed
// yet: others keep the number that they had, so a goroutine that computes stays on its thread (runtime.LockOSThread).
func SetThreads(n int) {
	f := newFrame("SetThreads", capi.Threads)
	if n < 1 {
		f.refuse("%d threads", n)
	}
	f.int(n)
	f.run()
}

// SystemInfo is what LibTorch says of itself and the machine.
type SystemInfo struct {
	LibTorch      string   `json:"libtorch"`               // version
	CPUCapability string   `json:"cpu"`                    // vector instructions in use: DEFAULT, AVX2, AVX512
	Threads       int      `json:"threads"`                // of one operator
	CUDARuntime   string   `json:"cuda_runtime,omitempty"` // version of the CUDA runtime, "" without a device
	CuDNN         string   `json:"cudnn,omitempty"`        // version of cuDNN, "" without a device
	CUDADevices   []string `json:"cuda_devices,omitempty"` // their names
	CUDAProblem   string   `json:"cuda_problem,omitempty"` // why LibTorch's CUDA library did not open on a machine with a GPU
}

// System asks LibTorch about itself and the machine. It returns the error of Available.
func System() (s SystemInfo, err error) {
	if err := Available(); err != nil {
		return s, err
	}
	f := newFrame("System", capi.System)
	text := make([]byte, 16<<10)
	f.text = text
	r := f.run()
	for line := range strings.Lines(string(text[:r.Inline[0]])) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch key {
		case "libtorch":
			s.LibTorch = value
		case "cpu":
			s.CPUCapability = value
		case "threads":
			s.Threads, _ = strconv.Atoi(value)
		case "cudart":
			s.CUDARuntime = value
		case "cudnn":
			s.CuDNN = value
		case "device":
			s.CUDADevices = append(s.CUDADevices, value)
		}
	}
	if e := capi.CUDAFailure(); e != nil {
		s.CUDAProblem = e.Error()
	}
	return s, nil
}

// CUDADevices is the number of usable CUDA devices; it returns the error of Available.
func CUDADevices() (int, error) {
	if err := Available(); err != nil {
		return 0, err
	}
	r := newFrame("CUDADevices", capi.DeviceCount).run()
	return int(r.Inline[0]), nil
}

// Synchronize waits until the device has done all that was asked of it.
func Synchronize(d Device) {
	if d.Type == CPU {
		return
	}
	f := newFrame("Synchronize", capi.Synchronize)
	f.device(d)
	f.run()
}

// Memory is what LibTorch's allocator holds on a CUDA device, in bytes.
type Memory struct {
	Allocated, Reserved         int // now
	PeakAllocated, PeakReserved int // since the start or ResetPeakMemory
	Free, Total                 int // of the device
}

// DeviceMemory reports the memory of a CUDA device; on the CPU it is zero.
func DeviceMemory(d Device) Memory {
	if d.Type == CPU {
		return Memory{}
	}
	f := newFrame("DeviceMemory", capi.Memory)
	f.device(d)
	r := f.run()
	v := r.Inline
	return Memory{int(v[0]), int(v[1]), int(v[2]), int(v[3]), int(v[4]), int(v[5])}
}

// ResetPeakMemory starts the peaks of DeviceMemory anew.
func ResetPeakMemory(d Device) {
	if d.Type == CPU {
		return
	}
	f := newFrame("ResetPeakMemory", capi.ResetPeak)
	f.device(d)
	f.run()
}

// SetCuDNNBenchmark lets cuDNN time its convolution kernels at the first call of each shape.
func SetCuDNNBenchmark(on bool) { setFlag(capi.CuDNNBenchmark, on) }

// SetDeterministic refuses operators that have no deterministic kernel and asks cuDNN for
// deterministic ones.
func SetDeterministic(on bool) {
	setFlag(capi.Deterministic, on)
	setFlag(capi.CuDNNDeterministic, on)
}

// SetTF32 lets convolutions and matrix products round their float32 operands to TF32 on the GPU.
func SetTF32(on bool) {
	setFlag(capi.CuDNNTF32, on)
	setFlag(capi.CuBLASTF32, on)
}

func setFlag(which int, on bool) {
	f := newFrame("SetFlag", capi.Flag)
	f.int(which)
	f.bool(on)
	f.run()
}
