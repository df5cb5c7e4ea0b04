// Package initializer fills parameters with PyTorch's initialisers (torch.nn.init). Each draws from the
// default generator of the tensor's device, so that a seed gives Python's weights bit for bit.
package initializer

import (
	"math"

	"github.com/forgergan/forger/torch"
)

// Uniform fills t with uniform numbers in [low, high).
func Uniform(t *torch.Tensor, low, high float64) {
	torch.NoGrad(func() { t.UniformInPlace(torch.UniformInPlaceOptions{From: low, To: &high}) })
}

// Normal fills t with normal numbers.
func Normal(t *torch.Tensor, mean, std float64) {
	torch.NoGrad(func() { t.NormalInPlace(torch.NormalInPlaceOptions{Mean: mean, Std: &std}) })
}

// Constant fills t with v.
func Constant(t *torch.Tensor, v float64) {
	torch.NoGrad(func() { t.FillInPlace(v) })
}

// Fans is the number of inputs and outputs of each unit of a weight (out, in, kernel…).
func Fans(shape []int) (in, out int) {
	kernel := 1
	for _, n := range shape[2:] {
		kernel *= n
	}
	return shape[1] * kernel, shape[0] * kernel
}

// KaimingUniform is He's initialisation for a leaky ReLU of slope a, by inputs: uniform in ±√(6/((1+a²)·fan_in)).
// He et al. 2015, §2.2.
func KaimingUniform(t *torch.Tensor, a float64) {
	in, _ := Fans(t.Shape())
	// The order of the operations is PyTorch's: the last bit depends on it.
	std := math.Sqrt(2/(1+a*a)) / math.Sqrt(float64(in))
	bound := math.Sqrt(3) * std
	Uniform(t, -bound, bound)
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
