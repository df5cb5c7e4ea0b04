package nn

import "github.com/forgergan/forger/torch"

// ReLU is max(0, x).
type ReLU struct {
	InPlace bool // overwrite x
}

// Forward maps x of any shape, elementwise.
func (r ReLU) Forward(x *torch.Tensor) *torch.Tensor {
	if r.InPlace {
		return x.ReLUInPlace()
	}
	return x.ReLU()
}

// LeakyReLU is x where positive and Slope·x elsewhere.
type LeakyReLU struct {
	Slope   float64 // 0.01 if 0, PyTorch's default
	InPlace bool    // overwrite x
}

// Forward maps x of any shape, elementwise.
func (l LeakyReLU) Forward(x *torch.Tensor) *torch.Tensor {
	slope := l.Slope
	if slope == 0 {
		slope = 0.01
	}
	if l.InPlace {
		return x.LeakyReLUInPlace(torch.LeakyReLUInPlaceOptions{NegativeSlope: slope})
	}
	return x.LeakyReLU(torch.LeakyReLUOptions{NegativeSlope: slope})
}

// Tanh is the hyperbolic tangent, in (−1, 1).
type Tanh struct{}

// Forward maps x of any shape, elementwise.
func (Tanh) Forward(x *torch.Tensor) *torch.Tensor { return x.Tanh() }

// Sigmoid is 1 / (1 + e^−x), in (0, 1).
type Sigmoid struct{}

// Forward maps x of any shape, elementwise.
func (Sigmoid) Forward(x *torch.Tensor) *torch.Tensor { return x.Sigmoid() }

// Flatten joins all dimensions but the first.
type Flatten struct{}

// Forward maps (N, …) to (N, product of the rest).
func (Flatten) Forward(x *torch.Tensor) *torch.Tensor {
	return x.Flatten(torch.FlattenOptions{StartDim: 1})
}
