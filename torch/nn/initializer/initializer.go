// Package initializer fills parameters with PyTorch's initialisers (torch.nn.init). Each draws from the
// default generator of the tensor's device, so that a seed gives Python's weights bit for bit.
package initializer

import (
	"fmt"
	"math"

	"github.com/forgergan/forger/torch"
)

// Uniform fills t with uniform numbers in [low, high).
func Uniform(t *torch.Tensor, low, high float64) {
	fill(func() { t.UniformInPlace(torch.UniformInPlaceOptions{From: low, To: &high}) })
}

// Normal fills t with normal numbers.
func Normal(t *torch.Tensor, mean, std float64) {
	fill(func() { t.NormalInPlace(torch.NormalInPlaceOptions{Mean: mean, Std: &std}) })
}

// Constant fills t with v.
func Constant(t *torch.Tensor, v float64) {
	fill(func() { t.FillInPlace(v) })
}

// fill runs what writes a parameter, unless that is to be skipped.
func fill(write func()) {
	if !torch.InitSkipped() {
		torch.NoGrad(write)
	}
}

// Fans is the number of inputs and outputs of each unit of a weight (out, in, kernel…). It panics with an *Error if
// shape has fewer than two dimensions.
func Fans(shape []int) (in, out int) {
	if len(shape) < 2 {
		refuse("Fans", "a weight needs at least two dimensions, not the shape %v", shape)
	}
	kernel := 1
	for _, n := range shape[2:] {
		kernel *= n
	}
	return shape[1] * kernel, shape[0] * kernel
}

// LinearDefaults fills weight and bias (which may be nil) as PyTorch's Linear and convolution layers do by default.
func LinearDefaults(weight, bias *torch.Tensor) {
	KaimingUniform(weight, math.Sqrt(5))
	if bias == nil {
		return
	}
	in, _ := Fans(weight.Shape())
	if in == 0 {
		return
	}
	bound := 1 / math.Sqrt(float64(in))
	Uniform(bias, -bound, bound)
}

func refuse(op, format string, a ...any) {
	panic(&torch.Error{Op: "initializer." + op, Code: torch.ValueError, Msg: fmt.Sprintf(format, a...)})
}
