package torch

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/forgergan/forger/torch/internal/capi"
)

// DeviceType is a kind of device.
type DeviceType int8

// The kinds of device; the numbers are LibTorch's (c10::DeviceType).
const (
	CPU  DeviceType = 0
	CUDA DeviceType = 1
)

// Device is where a tensor's memory lies. The zero value is the CPU.
type Device struct {
	Type  DeviceType
	Index int // of several of a kind; 0 on the CPU
}

// ParseDevice reads "cpu", "cuda" or "cuda:1". "auto" is the first CUDA device where there is
// one, else the CPU. It fails where the named device is not there.
func ParseDevice(s string) (Device, error) {
	kind, index, hasIndex := strings.Cut(s, ":")
	d := Device{}
	switch kind {
	case "cpu":
		return d, nil
	case "auto":
		if !capi.CUDAPlausible() {
			return d, nil // without opening LibTorch
		}
		if n, err := CUDADevices(); err == nil && n > 0 {
			d.Type = CUDA
		}
		return d, nil
	case "cuda":
		d.Type = CUDA
	default:
		return d, fmt.Errorf("device %q is unknown: use auto, cpu, cuda or cuda:N", s)
	}
	if hasIndex {
		n, err := strconv.Atoi(index)
		if err != nil || n < 0 {
			return d, fmt.Errorf("device %q: %q is not a device number", s, index)
		}
		d.Index = n
	}
	n, err := CUDADevices()
	if err != nil {
		return d, err
	}
	if d.Index >= n {
		return d, fmt.Errorf("device %q is not there: this machine has %d usable CUDA devices (see forger doctor)", s, n)
	}
	return d, nil
}

// String is PyTorch's name of the device: "cpu", "cuda:0".
func (d Device) String() string {
	if d.Type == CUDA {
		return fmt.Sprintf("cuda:%d", d.Index)
	}
	return "cpu"
}

// MemoryFormat is the order in which a tensor's dimensions lie in memory.
type MemoryFormat int8

// The memory formats. The zero value leaves the choice to the operator.
const (
	DefaultFormat    MemoryFormat = iota
	ContiguousFormat              // (N, C, H, W) as written
	PreserveFormat                // as the operand has it
	ChannelsLast                  // (N, H, W, C) in memory
	ChannelsLast3d                // (N, D, H, W, C) in memory
)

// Reduction says how a loss joins its elements.
type Reduction int8

// The reductions.
const (
	Mean Reduction = iota // divide the sum by the number of elements (or their weights)
	Sum
	NoReduction // keep one loss an element
)

// code is LibTorch's number of r (at::Reduction).
func (r Reduction) code() int {
	switch r {
	case Sum:
		return 2
	case NoReduction:
		return 0
	}
	return 1
}
