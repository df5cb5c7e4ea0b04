package zootest

import (
	"math"
	"strings"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Fill makes a network float64 and gives its state numbers that follow from their place alone, so that two programs can be
// compared without a file: with s = sin(0.37·j + 1.3·n) for element j of entry n, 1 + s²/2 for a variance, s·√(2·dim0/numel)
// for a matrix or kernel, 0.5 + 0.1·s for any other. Counts of batches stay.
func Fill(module any) {
	nn.To(module, nn.ToOptions{DType: torch.Float64})
	for n, e := range nn.StateDict(module) {
		if !e.Tensor.DType().IsFloat() {
			continue
		}
		numbers := make([]float64, e.Tensor.Numel())
		for j := range numbers {
			s := math.Sin(0.37*float64(j) + 1.3*float64(n))
			switch {
			case strings.HasSuffix(e.Name, "var"):
				numbers[j] = 1 + 0.5*s*s
			case e.Tensor.Dim() >= 2:
				numbers[j] = s * math.Sqrt(2*float64(e.Tensor.Size(0))/float64(len(numbers)))
			default:
				numbers[j] = 0.5 + 0.1*s
			}
		}
		torch.NoGrad(func() {
			torch.Scope(func() { e.Tensor.CopyInPlace(torch.FromSlice(numbers, e.Tensor.Shape()...)) })
		})
	}
}

// Wave is amplitude·sin(rate·j + phase) for the elements j of a float64 tensor.
func Wave(amplitude, rate, phase float64, shape ...int) *torch.Tensor {
	n := 1
	for _, d := range shape {
		n *= d
	}
	numbers := make([]float64, n)
	for j := range numbers {
		numbers[j] = amplitude * math.Sin(rate*float64(j)+phase)
	}
	return torch.FromSlice(numbers, shape...)
}
