package torch_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// Each of these calls crashes LibTorch 2.11 or writes beyond its memory.
func TestArgumentsThatWouldCrashLibTorchAreRefused(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		zeros := func(shape ...int) *torch.Tensor { return torch.Zeros(shape) }
		one, x := []*torch.Tensor{torch.Of(float32(1))}, []*torch.Tensor{zeros(2, 3)}
		for says, call := range map[string]func(){
			"a step of 0.75 is 0 in int64":               func() { torch.Arange(0, 1, torch.ArangeOptions{TensorOptions: of(torch.Int64), Step: 0.75}) },
			"9 is no memory format":                      func() { zeros(2).Clone(torch.CloneOptions{MemoryFormat: 9}) },
			"v is (0,) of float32, g is (0,) of float32": func() { torch.WeightNorm(zeros(0), zeros(0)) },
			"g is (1,): it needs a number for each of 2": func() { torch.WeightNorm(zeros(2, 3), zeros(1)) },
			"a window of 9223372036854775807 elements":   func() { zeros(3, 3).MaxPool1d([]int{math.MaxInt64}) },
			"an operand has no elements":                 func() { torch.ScaledDotProductAttention(zeros(0, 0, 3, 0), zeros(0, 0, 3, 0), zeros(0, 0, 3, 0)) },
			"the matrix has infinite elements or NaN":    func() { torch.Full([]int{4, 4}, math.NaN()).Eigvals() },
			"target 0 is class 5 of 3":                   func() { torch.CTCLoss(zeros(4, 1, 3), longs(1, 5).View(1, 2), []int{4}, []int{2}) },
			"target 0 has 3 classes, targets is (1, 2)":  func() { torch.CTCLoss(zeros(4, 1, 3), longs(1, 2).View(1, 2), []int{4}, []int{3}) },
			"lengths are (1, 1) of int64":                func() { torch.CTCLossTensor(zeros(4, 1, 3), longs(1, 2).View(1, 2), longs(4).View(1, 1), longs(2)) },
			"batchSizes are not positive and falling":    func() { torch.PadPackedSequence(zeros(4, 2), longs(1, 3), true, 0, 2) },
			"batchSizes are for 3 rows, data is (4, 2)":  func() { torch.PadPackedSequence(zeros(4, 2), longs(2, 1), true, 0, 2) },
			"1 parameters, and a list of 0":              func() { torch.FusedSGDInPlace(x, nil, nil, 0, 0, 0.1, 0, false, false, true) },
			"parameter 0 is (2, 3) of float32, beside it is (3,) of float32": func() {
				torch.FusedAdamInPlace(x, x, x, []*torch.Tensor{zeros(3)}, nil, one, 0.1, 0.5, 0.9, 0, 1e-8, false, false)
			},
			"step 0 is not one number": func() { torch.FusedAdagradInPlace(x, x, x, x, 0.1, 0, 0, 1e-8, false) },
		} {
			var e *torch.Error
			require.ErrorAs(t, torch.Try(call), &e, says)
			require.Contains(t, e.Error(), says)
		}
	})
}
