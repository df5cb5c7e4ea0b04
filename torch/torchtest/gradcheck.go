package torchtest

import (
	"fmt"
	"math"

	"github.com/forgergan/forger/torch"
)

// The settings of PyTorch's gradcheck.
const (
	step              = 1e-6
	absoluteTolerance = 1e-5
	relativeTolerance = 1e-3
)

// GradCheck compares the derivatives of f, from backward passes, with central differences, element by element, as
// torch.autograd.gradcheck. Inputs that require gradients must be float64; they are changed meanwhile and put back.
// The error names the first element that differs. f must be a function of its inputs: no random numbers, no state.
func GradCheck(f func(in []*torch.Tensor) *torch.Tensor, inputs ...*torch.Tensor) (err error) {
	torch.Scope(func() {
		wanted, places, e := differentiable(inputs)
		if e != nil {
			err = e
			return
		}
		analytic := jacobian(f(inputs), wanted)
		for i, x := range wanted {
			numeric := differences(func() []float64 { return doubles(f(inputs)) }, x)
			for out := range analytic {
				for in, n := range numeric[out] {
					if a := analytic[out][i][in]; !(math.Abs(a-n) <= absoluteTolerance+relativeTolerance*math.Abs(n)) {
						err = fmt.Errorf("the derivative of output element %d by element %d of input %d is %.9g, numerically %.9g",
							out, in, places[i], a, n)
						return
					}
				}
			}
		}
	})
	return err
}

// GradGradCheck is GradCheck for the gradients of f, as torch.autograd.gradgradcheck: they are weighted with numbers
// that become inputs as well, and laid end to end.
func GradGradCheck(f func(in []*torch.Tensor) *torch.Tensor, inputs ...*torch.Tensor) (err error) {
	torch.Scope(func() {
		y := f(inputs)
		g := torch.NewGenerator(torch.Device{}).ManualSeed(1)
		weights := torch.Randn(y.Shape(), torch.RandnOptions{Generator: g, TensorOptions: torch.TensorOptions{DType: y.DType()}})
		first := func(in []*torch.Tensor) *torch.Tensor {
			wanted, _, _ := differentiable(in[:len(inputs)])
			grads := torch.Grad([]*torch.Tensor{f(in[:len(inputs)])}, wanted, torch.GradOptions{
				GradOutputs: in[len(inputs):], CreateGraph: true, AllowUnused: true})
			var flat []*torch.Tensor
			for i, x := range grads {
				if x == nil {
					x = wanted[i].ZerosLike()
				}
				flat = append(flat, x.Flatten())
			}
			return torch.Cat(flat)
		}
		if _, _, err = differentiable(inputs); err != nil {
			return
		}
		if err = GradCheck(first, append(append([]*torch.Tensor{}, inputs...), weights.SetRequiresGrad(true))...); err != nil {
			err = fmt.Errorf("of the gradients, with their weights as input %d: %w", len(inputs), err)
		}
	})
	return err
}

// differentiable picks the inputs that require gradients, and says which they are.
func differentiable(inputs []*torch.Tensor) (wanted []*torch.Tensor, places []int, err error) {
	for i, x := range inputs {
		if !x.RequiresGrad() {
			continue
		}
		if x.DType() != torch.Float64 || !x.IsContiguous() {
			return nil, nil, fmt.Errorf("input %d is %s, or not contiguous; differences need contiguous float64", i, x.DType())
		}
		wanted, places = append(wanted, x), append(places, i)
	}
	if wanted == nil {
		return nil, nil, fmt.Errorf("none of the %d inputs requires gradients", len(inputs))
	}
	return wanted, places, nil
}

// jacobian is, for each element of y and each input, the derivatives by that input's elements.
func jacobian(y *torch.Tensor, inputs []*torch.Tensor) [][][]float64 {
	out := make([][][]float64, y.Numel())
	for i := range out {
		out[i] = make([][]float64, len(inputs))
		torch.Scope(func() {
			one := y.Detach().NewZeros(y.Shape())
			one.View(-1).SetAt(1, i)
			var grads []*torch.Tensor
			if y.RequiresGrad() {
				grads = torch.Grad([]*torch.Tensor{y}, inputs, torch.GradOptions{
					GradOutputs: []*torch.Tensor{one}, RetainGraph: true, AllowUnused: true})
			}
			for k, x := range inputs {
				out[i][k] = make([]float64, x.Numel())
				if grads != nil && grads[k] != nil {
					out[i][k] = doubles(grads[k])
				}
			}
		})
	}
	return out
}

// differences is, for each element of f, its central differences by the elements of x.
func differences(f func() []float64, x *torch.Tensor) (out [][]float64) {
	values := doubles(x)
	at := func(i int, v float64) (y []float64) {
		torch.Scope(func() {
			x.Detach().View(-1).SetAt(v, i)
			y = f()
		})
		return y
	}
	for i, v := range values {
		above, below := at(i, v+step), at(i, v-step)
		at(i, v)
		if out == nil {
			out = make([][]float64, len(above))
		}
		for k := range above {
			out[k] = append(out[k], (above[k]-below[k])/(2*step))
		}
	}
	return out
}

func doubles(x *torch.Tensor) []float64 {
	return torch.Values[float64](x.Detach().ToDType(torch.Float64))
}
