package torch_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// A printCase is a tensor and what PyTorch prints for it.
type printCase struct {
	Name   string   `json:"name"`
	DType  string   `json:"dtype"`
	Shape  []int    `json:"shape"`
	Values []string `json:"values"` // real and imaginary part for each complex element
	Arange bool     `json:"arange"` // the values are 0, 1, 2, …
	Grad   bool     `json:"grad"`   // requires a gradient
	Op     string   `json:"op"`     // is then applied
	Want   string   `json:"want"`
}

// build makes the tensor of a case.
func (c printCase) build(t *testing.T) *torch.Tensor {
	n := 1
	for _, s := range c.Shape {
		n *= s
	}
	if c.Arange {
		c.Values = nil
		for i := range n {
			c.Values = append(c.Values, fmt.Sprint(i))
		}
	}
	reals := make([]float64, len(c.Values))
	ints := make([]int64, len(c.Values))
	for i, s := range c.Values {
		var err error
		if ints[i], err = strconv.ParseInt(s, 10, 64); err != nil {
			reals[i], err = strconv.ParseFloat(s, 64)
		} else {
			reals[i] = float64(ints[i])
		}
		require.NoError(t, err)
	}
	var x *torch.Tensor
	d := dtypeNamed(t, c.DType)
	switch d {
	case torch.Complex64, torch.Complex128:
		z := make([]complex128, n)
		for i := range z {
			z[i] = complex(reals[2*i], reals[2*i+1])
		}
		x = torch.FromSlice(z)
	case torch.Float16, torch.BFloat16, torch.Float32, torch.Float64:
		x = torch.FromSlice(reals)
	default:
		x = torch.FromSlice(ints)
	}
	x = x.ToDType(d).Reshape(c.Shape...)
	if c.Grad {
		x.SetRequiresGrad(true)
	}
	switch c.Op {
	case "":
		return x
	case "add":
		return x.Add(torch.Of(float32(1)))
	case "sum":
		return x.Sum()
	case "view":
		return x.View(-1)
	case "transpose":
		return x.Transpose(0, 1)
	case "clone":
		return x.Clone()
	case "conv":
		return torch.Conv2d(x, torch.Ones([]int{1, 1, 1, 1}))
	case "select":
		return x.At(0)
	}
	t.Fatalf("no operation %s", c.Op)
	return nil
}

func dtypeNamed(t *testing.T, name string) torch.DType {
	for d := torch.Uint8; d <= torch.Bool; d++ {
		if d.String() == name {
			return d
		}
	}
	t.Fatalf("no element type %s", name)
	return 0
}

func TestPrintingEqualsPyTorch(t *testing.T) {
	torchtest.Native(t)
	text, err := os.ReadFile("testdata/print.json")
	require.NoError(t, err)
	var cases []printCase
	require.NoError(t, json.Unmarshal(text, &cases))
	require.Greater(t, len(cases), 40)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			torchtest.NoLeaks(t)
			torch.Scope(func() { require.Equal(t, c.Want, c.build(t).String()) })
		})
	}
}

func TestPrintingLeavesNothingAliveOutsideAScope(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	x := torch.Randn([]int{40, 40}).SetRequiresGrad(true)
	defer x.Free()
	before := torch.Live()
	_ = x.String()
	require.Equal(t, before, torch.Live())
}

func TestPrintingAViewChangedWithoutRecordingNamesNoFunction(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.FromSlice([]float64{math.Pi, 2}).SetRequiresGrad(true).Clone()
		var v *torch.Tensor
		torch.NoGrad(func() {
			v = x.View(2)
			v.MulScalarInPlace(2)
		})
		require.Equal(t, "tensor([6.2832, 4.0000], dtype=torch.float64, grad_fn=<Invalid>)", v.String())
	})
}

func TestRareTypesPrintTheirValues(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		require.Equal(t, "tensor([18446744073709551615,                    0], dtype=torch.uint64)", torch.FromSlice([]uint64{math.MaxUint64, 0}).String())
		require.Equal(t, "tensor([    1, 65535], dtype=torch.uint16)", torch.FromSlice([]uint16{1, 65535}).String())
		require.Equal(t, "tensor([ 1.0000, -0.5000], dtype=torch.float8_e4m3fn)", torch.FromBytes(torch.Float8E4M3FN, []byte{0x38, 0xb0}, 2).String())
		require.Equal(t, "tensor([1.+2.j], dtype=torch.complex32)", torch.FromBytes(torch.Complex32, []byte{0, 0x3c, 0, 0x40}, 1).String())
	})
}
