package initializer

import (
	"math"

	"github.com/forgergan/forger/torch"
)

// Nonlinearity names what follows a layer, for the gain of its weights.
type Nonlinearity string

// The nonlinearities, under PyTorch's names.
const (
	Linear    Nonlinearity = "linear" // and convolutions
	Sigmoid   Nonlinearity = "sigmoid"
	Tanh      Nonlinearity = "tanh"
	ReLU      Nonlinearity = "relu"
	LeakyReLU Nonlinearity = "leaky_relu"
	SELU      Nonlinearity = "selu"
)

// Gain is the factor that keeps the variance of a layer's output through a nonlinearity, as
// torch.nn.init.calculate_gain. Param is the slope of LeakyReLU (PyTorch's default is 0.01); the others ignore it.
// It panics with an *Error on another name.
func Gain(after Nonlinearity, param float64) float64 {
	switch after {
	case Linear, Sigmoid:
		return 1
	case Tanh:
		return 5.0 / 3
	case ReLU:
		return math.Sqrt(2)
	case LeakyReLU:
		return math.Sqrt(2 / (1 + param*param))
	case SELU:
		return 3.0 / 4
	}
	refuse("Gain", "the nonlinearity %q is unknown: linear, sigmoid, tanh, relu, leaky_relu or selu", after)
	return 0
}

// FanMode says whose variance a Kaiming initialiser keeps.
type FanMode int

// The modes.
const (
	FanIn  FanMode = iota // of the activations in the forward pass
	FanOut                // of the gradients in the backward pass
)

func (m FanMode) of(shape []int) float64 {
	in, out := Fans(shape)
	if m == FanOut {
		return float64(out)
	}
	return float64(in)
}

// In this file the order of the floating-point operations is PyTorch's: the last bit depends on it.

// KaimingUniform is He's initialisation for a leaky ReLU of slope a, by inputs: uniform in ±√(6/((1+a²)·fan_in)).
// He et al. 2015, §2.2.
func KaimingUniform(t *torch.Tensor, a float64) {
	if t.Numel() == 0 {
		return
	}
	std := Gain(LeakyReLU, a) / math.Sqrt(FanIn.of(t.Shape()))
	bound := math.Sqrt(3) * std
	Uniform(t, -bound, bound)
}

// KaimingNormal is He's initialisation with normal numbers of deviation Gain(after, a)/√fan. He et al. 2015, §2.2.
func KaimingNormal(t *torch.Tensor, a float64, mode FanMode, after Nonlinearity) {
	if t.Numel() == 0 {
		return
	}
	Normal(t, 0, Gain(after, a)/math.Sqrt(mode.of(t.Shape())))
}

// XavierUniform is Glorot's initialisation: uniform in ±gain·√(6/(fan_in+fan_out)). Glorot & Bengio 2010, (16).
func XavierUniform(t *torch.Tensor, gain float64) {
	bound := math.Sqrt(3) * xavierStd(t, gain)
	Uniform(t, -bound, bound)
}

// XavierNormal is Glorot's initialisation with normal numbers of deviation gain·√(2/(fan_in+fan_out)).
func XavierNormal(t *torch.Tensor, gain float64) {
	Normal(t, 0, xavierStd(t, gain))
}

func xavierStd(t *torch.Tensor, gain float64) float64 {
	in, out := Fans(t.Shape())
	return gain * math.Sqrt(2/float64(in+out))
}

// TruncNormal fills t with normal numbers limited to [low, high], by the inverse of their distribution function.
// PyTorch's default limits are −2 and 2, whatever the deviation.
func TruncNormal(t *torch.Tensor, mean, std, low, high float64) {
	below := func(x float64) float64 { return (1 + math.Erf((x-mean)/std/math.Sqrt(2))) / 2 }
	l, u := below(low), below(high)
	Uniform(t, 2*l-1, 2*u-1)
	fill(func() {
		t.ErfinvInPlace()
		t.MulScalarInPlace(std * math.Sqrt(2))
		t.AddScalarInPlace(mean)
		t.ClampInPlace(torch.ClampInPlaceOptions{Min: low, Max: high})
	})
}

// Orthogonal fills t, as a matrix (first dimension, all others), with orthonormal rows or columns, whichever are
// fewer, times gain. Saxe et al. 2013. The last bits depend on the machine's LAPACK.
func Orthogonal(t *torch.Tensor, gain float64) {
	shape := t.Shape()
	if len(shape) < 2 {
		refuse("Orthogonal", "a weight needs at least two dimensions, not the shape %v", shape)
	}
	if t.Numel() == 0 {
		return
	}
	torch.Scope(func() {
		fill(func() {
			rows, cols := shape[0], t.Numel()/shape[0]
			flat := torch.Empty([]int{rows, cols}, torch.EmptyOptions{TensorOptions: torch.TensorOptions{DType: t.DType(), Device: t.Device()}})
			flat.NormalInPlace()
			if rows < cols {
				flat = flat.T()
			}
			q, r := torch.QR(flat)
			q.MulInPlace(r.Diag().Sign()) // makes q uniformly distributed: Mezzadri 2006
			if rows < cols {
				q = q.T()
			}
			t.CopyInPlace(q.Reshape(shape...)).MulScalarInPlace(gain)
		})
	})
}

// Sparse fills a matrix with normal numbers of deviation std and sets the fraction sparsity of each column to 0.
// Martens 2010. It draws the columns from the CPU's default generator.
func Sparse(t *torch.Tensor, sparsity, std float64) {
	shape := t.Shape()
	if len(shape) != 2 {
		refuse("Sparse", "a matrix is needed, not the shape %v", shape)
	}
	zeros := int(math.Ceil(sparsity * float64(shape[0])))
	Normal(t, 0, std)
	torch.Scope(func() {
		fill(func() {
			for col := range shape[1] {
				rows := torch.RandPerm(shape[0]).At(torch.Range{End: &zeros}).ToDevice(t.Device())
				t.SetAt(0, rows, col)
			}
		})
	})
}
