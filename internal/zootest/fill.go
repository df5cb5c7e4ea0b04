package zootest

import (
	"math"
	"strings"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Fill brings a module to float64 and gives element j of entry n of its state a number that follows from
// s = sin(0.37·j + 1.3·n), as was done to official networks whose outputs tests compare with.
func Fill(module any) {
	nn.To(module, nn.ToOptions{DType: torch.Float64})
	for n, e := range nn.StateDict(module) {
		if !e.Tensor.DType().IsFloat() {
			continue
		}
		size := e.Tensor.Numel()
		numbers := numbers(size, func(j float64) float64 {
			s := math.Sin(0.37*j + 1.3*float64(n))
			switch {
			case strings.HasSuffix(e.Name, "var"):
				return 1 + 0.5*s*s
			case e.Tensor.Dim() >= 2:
				return s * math.Sqrt(2*float64(e.Tensor.Size(0))/float64(size))
			}
			return 0.5 + 0.1*s
		})
		torch.NoGrad(func() { e.Tensor.CopyInPlace(torch.FromSlice(numbers, e.Tensor.Shape()...)) })
	}
}

// Wave is amplitude·sin(rate·j + phase) over the elements j of a float64 tensor.
func Wave(amplitude, rate, phase float64, shape ...int) *torch.Tensor {
	size := 1
	for _, d := range shape {
		size *= d
	}
	return torch.FromSlice(numbers(size, func(j float64) float64 { return amplitude * math.Sin(rate*j+phase) }), shape...)
}

func numbers(n int, f func(j float64) float64) []float64 {
	out := make([]float64, n)
	for j := range out {
		out[j] = f(float64(j))
	}
	return out
}
