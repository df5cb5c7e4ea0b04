package torch_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestErrorsNameTheOperationTheCauseAndTheShapes(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		a := torch.Ones([]int{2, 3})
		nan := torch.Full([]int{6, 6}, math.NaN())
		for _, c := range []struct {
			name  string
			wrong func()
			code  torch.Code
			says  string // the whole message, or a part of it after …
		}{
			{"shapes", func() { a.MM(a) }, torch.Failed,
				"torch.MM: mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3) [shapes (2, 3) (2, 3)]"},
			{"broadcast", func() { a.Add(torch.Ones([]int{4})) }, torch.Failed,
				"torch.Add: The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1 [shapes (2, 3) (4,)]"},
			{"index", func() { a.Select(0, 2) }, torch.IndexError,
				"torch.Select: select(): index 2 out of range for tensor of size [2, 3] at dimension 0 [shapes (2, 3)]"},
			{"dimension", func() { a.SumDim([]int{5}) }, torch.IndexError, "…Dimension out of range"},
			{"size of a dimension", func() { a.Size(2) }, torch.IndexError, "torch.Size: no such dimension [shapes (2, 3)]"},
			{"no kernel", func() { torch.FromSlice([]int64{1}).Poisson() }, torch.NotImplemented, "…not implemented for 'Long'"},
			{"no decomposition", func() { nan.Eigh() }, torch.LinAlgError, "…linalg.eigh"},
			{"no single value", func() { a.Item() }, torch.ValueError,
				"torch.Item: a tensor with 6 elements has no single value [shapes (2, 3)]"},
			{"complex value", func() { torch.Of(2i).Item() }, torch.TypeError, "torch.Item: a complex value is not a real number [shapes ()]"},
			{"negative scale", func() { a.NormalInPlace(torch.NormalInPlaceOptions{Std: new(-1.0)}) }, torch.Failed, "…normal expects std >= 0.0"},
			{"no number", func() { a.AddScalar("1") }, torch.ValueError, "torch.AddScalar: 1 (string) is not a number"},
			{"no type", func() { torch.FromBytes(torch.DType(99), nil, 0) }, torch.ValueError, "torch.FromBytes: dtype(99) is no element type"},
			{"default type", func() { torch.FromBytes(torch.DefaultDType, nil, 0) }, torch.ValueError, "torch.FromBytes: default is no element type"},
			{"two options structs", func() { a.Sum(torch.SumOptions{}, torch.SumOptions{}) }, torch.ValueError, "…more than one options struct"},
			{"gradient of another shape", func() { a.SetGrad(torch.Ones([]int{3})) }, torch.ValueError,
				"torch.SetGrad: the gradient's shape or device is not the tensor's [shapes (2, 3) (3,)]"},
			{"a leaf in place", func() { torch.Ones([]int{1}).SetRequiresGrad(true).AddScalarInPlace(1) }, torch.Failed,
				"…a leaf Variable that requires grad is being used in an in-place operation"},
			{"another device", func() { a.ToDevice(torch.Device{Type: torch.CUDA, Index: 99}) }, -1, "…torch.To"},
		} {
			err := torch.Try(c.wrong)
			var e *torch.Error
			require.ErrorAs(t, err, &e, c.name)
			require.NotContains(t, e.Error(), "\n", c.name)
			if c.code >= 0 {
				require.Equal(t, c.code, e.Code, "%s: %v", c.name, e)
			}
			if part, ok := strings.CutPrefix(c.says, "…"); ok {
				require.Contains(t, strings.ToLower(e.Error()), strings.ToLower(part), c.name)
			} else {
				require.Equal(t, c.says, e.Error(), c.name)
			}
		}
	})
}

func TestAnAbsurdSizeIsOutOfMemoryAndLeavesNothingBehind(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	err := torch.Try(func() { torch.Empty([]int{1 << 46}) })
	var e *torch.OutOfMemory
	require.ErrorAs(t, err, &e)
	require.Equal(t, "Empty", e.Op)
	require.Regexp(t, `^torch\.Empty: out of memory with \d+ tensors alive: DefaultCPUAllocator: can't allocate memory: you tried to allocate 281474976710656 bytes.*; a smaller batch or model needs less$`, e.Error())

	require.Error(t, torch.Try(func() { torch.Empty([]int{1 << 61, 8}) }), "a size that no integer holds")
	require.Error(t, torch.Try(func() { torch.Empty([]int{-1}) }))
}

func TestDebugKeepsTheWholeMessageOfLibTorch(t *testing.T) {
	torchtest.Native(t)
	wrong := func() { torch.Scope(func() { one().Add(torch.Ones([]int{3})) }) }
	torch.SetDebug(true)
	err := torch.Try(wrong)
	torch.SetDebug(false)
	require.ErrorContains(t, err, "\nException raised from ")
	require.NotContains(t, torch.Try(wrong).Error(), "\n")
}
