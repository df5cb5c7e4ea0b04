package torch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

type operator struct {
	name   string
	shapes [][]int // of the inputs
	f      func(in tensors) *torch.Tensor
}

func shapes(s ...[]int) [][]int { return s }

// onMap is an operator of a feature map (2, 2, 4, 4).
func onMap(name string, f func(x *torch.Tensor) *torch.Tensor) operator {
	return operator{name, shapes([]int{2, 2, 4, 4}), func(in tensors) *torch.Tensor { return f(in[0]) }}
}

// elementwise is an operator of six numbers.
func elementwise(name string, f func(x *torch.Tensor) *torch.Tensor) operator {
	return operator{name, shapes([]int{2, 3}), func(in tensors) *torch.Tensor { return f(in[0]) }}
}

func positive(f func(x *torch.Tensor) *torch.Tensor) func(x *torch.Tensor) *torch.Tensor {
	return func(x *torch.Tensor) *torch.Tensor { return f(x.Square().AddScalar(0.5)) }
}

// penalised are the operators that networks under a gradient penalty use.
var penalised = []operator{
	{"Conv1d", shapes([]int{2, 2, 6}, []int{4, 1, 3}, []int{4}), func(in tensors) *torch.Tensor {
		return torch.Conv1d(in[0], in[1], torch.Conv1dOptions{Bias: in[2], Padding: []int{1}, Groups: new(2)})
	}},
	{"Conv2d", shapes([]int{2, 2, 4, 4}, []int{3, 2, 3, 3}, []int{3}), func(in tensors) *torch.Tensor {
		return torch.Conv2d(in[0], in[1], torch.Conv2dOptions{Bias: in[2], Stride: []int{2}, Padding: []int{1}})
	}},
	{"Conv2d dilated", shapes([]int{1, 1, 5, 5}, []int{2, 1, 2, 2}), func(in tensors) *torch.Tensor {
		return torch.Conv2d(in[0], in[1], torch.Conv2dOptions{Dilation: []int{2}})
	}},
	{"Conv3d", shapes([]int{1, 2, 3, 3, 3}, []int{2, 2, 2, 2, 2}, []int{2}), func(in tensors) *torch.Tensor {
		return torch.Conv3d(in[0], in[1], torch.Conv3dOptions{Bias: in[2]})
	}},
	{"ConvTranspose1d", shapes([]int{2, 2, 3}, []int{2, 2, 4}, []int{2}), func(in tensors) *torch.Tensor {
		return torch.ConvTranspose1d(in[0], in[1], torch.ConvTranspose1dOptions{Bias: in[2], Stride: []int{2}, Padding: []int{1}})
	}},
	{"ConvTranspose2d", shapes([]int{1, 2, 2, 2}, []int{2, 2, 3, 3}, []int{2}), func(in tensors) *torch.Tensor {
		return torch.ConvTranspose2d(in[0], in[1], torch.ConvTranspose2dOptions{Bias: in[2], Stride: []int{2}, OutputPadding: []int{1}})
	}},
	{"ConvTranspose3d", shapes([]int{1, 1, 2, 2, 2}, []int{1, 2, 2, 2, 2}, []int{2}), func(in tensors) *torch.Tensor {
		return torch.ConvTranspose3d(in[0], in[1], torch.ConvTranspose3dOptions{Bias: in[2]})
	}},
	{"Linear", shapes([]int{3, 4}, []int{2, 4}, []int{2}), func(in tensors) *torch.Tensor {
		return torch.Linear(in[0], in[1], torch.LinearOptions{Bias: in[2]})
	}},
	{"MatMul", shapes([]int{2, 3, 4}, []int{4, 2}), func(in tensors) *torch.Tensor { return in[0].MatMul(in[1]) }},
	{"MM", shapes([]int{3, 4}, []int{4, 2}), func(in tensors) *torch.Tensor { return in[0].MM(in[1]) }},
	{"BMM", shapes([]int{2, 2, 3}, []int{2, 3, 2}), func(in tensors) *torch.Tensor { return in[0].BMM(in[1]) }},
	{"BAddBMM", shapes([]int{2, 2, 2}, []int{2, 2, 3}, []int{2, 3, 2}), func(in tensors) *torch.Tensor { return in[0].BAddBMM(in[1], in[2]) }},
	{"AddMM", shapes([]int{2}, []int{3, 4}, []int{4, 2}), func(in tensors) *torch.Tensor { return in[0].AddMM(in[1], in[2]) }},
	{"Einsum", shapes([]int{2, 3}, []int{3, 4}), func(in tensors) *torch.Tensor { return torch.Einsum("ij,jk->ki", in) }},
	{"ScaledDotProductAttention", shapes([]int{1, 2, 3}, []int{1, 4, 3}, []int{1, 4, 2}), func(in tensors) *torch.Tensor {
		return torch.ScaledDotProductAttention(in[0], in[1], in[2])
	}},

	{"BatchNorm in training", shapes([]int{3, 2, 2, 2}, []int{2}, []int{2}), func(in tensors) *torch.Tensor {
		return torch.BatchNorm(in[0], in[1], in[2], nil, nil, true, 0.1, 1e-5, false)
	}},
	{"InstanceNorm", shapes([]int{2, 2, 2, 3}, []int{2}, []int{2}), func(in tensors) *torch.Tensor {
		return torch.InstanceNorm(in[0], in[1], in[2], nil, nil, true, 0.1, 1e-5, false)
	}},
	{"LayerNorm", shapes([]int{2, 5}, []int{5}, []int{5}), func(in tensors) *torch.Tensor {
		return torch.LayerNorm(in[0], []int{5}, torch.LayerNormOptions{Weight: in[1], Bias: in[2]})
	}},
	{"GroupNorm", shapes([]int{2, 4, 3}, []int{4}, []int{4}), func(in tensors) *torch.Tensor {
		return torch.GroupNorm(in[0], 2, torch.GroupNormOptions{Weight: in[1], Bias: in[2]})
	}},
	{"RMSNorm", shapes([]int{2, 4}, []int{4}), func(in tensors) *torch.Tensor {
		return torch.RMSNorm(in[0], []int{4}, torch.RMSNormOptions{Weight: in[1]})
	}},

	elementwise("ReLU", (*torch.Tensor).ReLU),
	elementwise("LeakyReLU", leaky),
	elementwise("Tanh", (*torch.Tensor).Tanh),
	elementwise("Sigmoid", (*torch.Tensor).Sigmoid),
	elementwise("Softplus", func(x *torch.Tensor) *torch.Tensor { return x.Softplus() }),
	elementwise("SiLU", (*torch.Tensor).SiLU),
	elementwise("GELU", func(x *torch.Tensor) *torch.Tensor { return x.GELU() }),
	elementwise("GELU by tanh", func(x *torch.Tensor) *torch.Tensor { return x.GELU(torch.GELUOptions{Approximate: "tanh"}) }),
	elementwise("ELU", func(x *torch.Tensor) *torch.Tensor { return x.ELU() }),
	elementwise("SELU", (*torch.Tensor).SELU),
	elementwise("Mish", (*torch.Tensor).Mish),
	elementwise("LogSigmoid", (*torch.Tensor).LogSigmoid),
	elementwise("Hardtanh", func(x *torch.Tensor) *torch.Tensor { return x.Hardtanh() }),
	elementwise("GLU", func(x *torch.Tensor) *torch.Tensor { return x.GLU(torch.GLUOptions{Dim: new(0)}) }),
	{"PReLU", shapes([]int{2, 3}, []int{3}), func(in tensors) *torch.Tensor { return in[0].PReLU(in[1]) }},
	elementwise("Softmax", func(x *torch.Tensor) *torch.Tensor { return x.Softmax(-1) }),
	elementwise("LogSoftmax", func(x *torch.Tensor) *torch.Tensor { return x.LogSoftmax(-1) }),

	onMap("AvgPool2d", func(x *torch.Tensor) *torch.Tensor { return x.AvgPool2d([]int{2}).Square() }),
	onMap("MaxPool2d", func(x *torch.Tensor) *torch.Tensor { return x.MaxPool2d([]int{2}).Square() }),
	onMap("AdaptiveAvgPool2d", func(x *torch.Tensor) *torch.Tensor { return x.AdaptiveAvgPool2d(3, 1).Square() }),
	{"AvgPool1d", shapes([]int{1, 2, 4}), func(in tensors) *torch.Tensor { return in[0].AvgPool1d([]int{2}).Square() }},
	{"AvgPool3d", shapes([]int{1, 1, 2, 4, 2}), func(in tensors) *torch.Tensor { return in[0].AvgPool3d([]int{2}).Square() }},
	{"MaxPool1d", shapes([]int{1, 2, 4}), func(in tensors) *torch.Tensor { return in[0].MaxPool1d([]int{2}).Square() }},
	onMap("UpsampleNearest2d", func(x *torch.Tensor) *torch.Tensor {
		return x.At(0, torch.Range{}, torch.Range{End: new(2)}, torch.Range{End: new(2)}).Unsqueeze(0).UpsampleNearest2d([]int{4, 4}).Square()
	}),
	onMap("UpsampleBilinear2d", func(x *torch.Tensor) *torch.Tensor { return x.UpsampleBilinear2d([]int{3, 5}, false).Square() }),
	onMap("UpsampleBilinear2d with aligned corners", func(x *torch.Tensor) *torch.Tensor {
		return x.UpsampleBilinear2d([]int{3, 5}, true).Square()
	}),
	onMap("UpsampleBilinear2dAA", func(x *torch.Tensor) *torch.Tensor { return x.UpsampleBilinear2dAA([]int{2, 3}, false).Square() }),
	{"UpsampleBicubic2d", shapes([]int{1, 1, 3, 3}), func(in tensors) *torch.Tensor { return in[0].UpsampleBicubic2d([]int{4, 4}, false).Square() }},
	{"PixelShuffle", shapes([]int{1, 4, 2, 2}), func(in tensors) *torch.Tensor { return in[0].PixelShuffle(2).Square() }},
	onMap("PixelUnshuffle", func(x *torch.Tensor) *torch.Tensor { return x.PixelUnshuffle(2).Square() }),
	onMap("Pad reflect", func(x *torch.Tensor) *torch.Tensor {
		return x.Pad([]int{1, 0, 0, 2}, torch.PadOptions{Mode: "reflect"}).Square()
	}),
	onMap("Pad replicate", func(x *torch.Tensor) *torch.Tensor {
		return x.Pad([]int{1, 0, 0, 2}, torch.PadOptions{Mode: "replicate"}).Square()
	}),
	onMap("Pad constant", func(x *torch.Tensor) *torch.Tensor { return x.Pad([]int{1, -1, 0, 1}).Square() }),
	onMap("Pad circular", func(x *torch.Tensor) *torch.Tensor {
		return x.Pad([]int{1, 0, 0, 1}, torch.PadOptions{Mode: "circular"}).Square()
	}),

	elementwise("VectorNorm", func(x *torch.Tensor) *torch.Tensor { return x.VectorNorm() }),
	elementwise("VectorNorm of rows", func(x *torch.Tensor) *torch.Tensor { return x.VectorNorm(torch.VectorNormOptions{Dim: []int{1}}) }),
	elementwise("VectorNorm 1", func(x *torch.Tensor) *torch.Tensor { return x.VectorNorm(torch.VectorNormOptions{Ord: 1}).Square() }),
	elementwise("VectorNorm 3", func(x *torch.Tensor) *torch.Tensor { return x.VectorNorm(torch.VectorNormOptions{Ord: 3}) }),
	elementwise("Sqrt", positive((*torch.Tensor).Sqrt)),
	elementwise("Rsqrt", positive((*torch.Tensor).Rsqrt)),
	elementwise("Log", positive((*torch.Tensor).Log)),
	elementwise("Log1p", positive((*torch.Tensor).Log1p)),
	elementwise("Pow", positive(func(x *torch.Tensor) *torch.Tensor { return x.Pow(2.5) })),
	elementwise("Exp", (*torch.Tensor).Exp),
	elementwise("Square", (*torch.Tensor).Square),
	elementwise("Sin", (*torch.Tensor).Sin),
	elementwise("Abs", func(x *torch.Tensor) *torch.Tensor { return x.Abs().Square() }),
	elementwise("Clamp", func(x *torch.Tensor) *torch.Tensor { return x.ClampMin(0).Square() }),
	{"Mul and Div", shapes([]int{2, 3}, []int{3}), func(in tensors) *torch.Tensor { return in[0].Mul(in[1]).Div(in[1].Square().AddScalar(1)) }},
	{"Maximum", shapes([]int{2, 3}, []int{2, 3}), func(in tensors) *torch.Tensor { return in[0].Maximum(in[1]).Square() }},
	{"Lerp", shapes([]int{2, 3}, []int{2, 3}, []int{2, 1}), func(in tensors) *torch.Tensor { return in[0].LerpTensor(in[1], in[2]).Square() }},

	elementwise("Mean", func(x *torch.Tensor) *torch.Tensor { return x.Square().Mean() }),
	elementwise("MeanDim", func(x *torch.Tensor) *torch.Tensor { return x.MeanDim([]int{0}).Square() }),
	elementwise("SumDim", func(x *torch.Tensor) *torch.Tensor {
		return x.SumDim([]int{1}, torch.SumDimOptions{Keepdim: true}).Square()
	}),
	elementwise("Var", func(x *torch.Tensor) *torch.Tensor { return x.Var(torch.VarOptions{Dim: []int{1}}) }),
	elementwise("Std", func(x *torch.Tensor) *torch.Tensor { return x.Std() }),
	elementwise("LogSumExp", func(x *torch.Tensor) *torch.Tensor { return x.LogSumExp([]int{1}) }),
	elementwise("AMax", func(x *torch.Tensor) *torch.Tensor { return x.AMax(torch.AMaxOptions{Dim: []int{1}}).Square() }),
	elementwise("CumSum", func(x *torch.Tensor) *torch.Tensor { return x.CumSum(1).Square() }),
	elementwise("Prod", func(x *torch.Tensor) *torch.Tensor { return x.Prod() }),

	{"Cat", shapes([]int{2, 2}, []int{2, 1}), func(in tensors) *torch.Tensor { return torch.Cat(in, torch.CatOptions{Dim: 1}).Square() }},
	{"Stack", shapes([]int{2, 2}, []int{2, 2}), func(in tensors) *torch.Tensor { return torch.Stack(in).Square() }},
	elementwise("Index", func(x *torch.Tensor) *torch.Tensor { return x.At(torch.FromSlice([]int64{1, 0, 1})).Square() }),
	elementwise("Slice", func(x *torch.Tensor) *torch.Tensor { return x.At(torch.All, torch.Range{Start: 1}).Square() }),
	elementwise("View", func(x *torch.Tensor) *torch.Tensor { return x.View(3, 2).Square() }),
	elementwise("Permute", func(x *torch.Tensor) *torch.Tensor { return x.Permute(1, 0).Square() }),
	elementwise("Flip", func(x *torch.Tensor) *torch.Tensor { return x.Flip(1).Square() }),
	elementwise("Repeat", func(x *torch.Tensor) *torch.Tensor { return x.Repeat(2, 1).Square() }),
	elementwise("Expand", func(x *torch.Tensor) *torch.Tensor { return x.Unsqueeze(0).Expand([]int{2, 2, 3}).Square() }),
	elementwise("Gather", func(x *torch.Tensor) *torch.Tensor {
		return x.Gather(1, torch.FromSlice([]int64{2, 0, 1, 1}, 2, 2)).Square()
	}),
	elementwise("Where", func(x *torch.Tensor) *torch.Tensor { return torch.Where(x.GtScalar(0), x.Square(), x.Exp()) }),

	elementwise("BinaryCrossEntropy", func(x *torch.Tensor) *torch.Tensor {
		return x.Sigmoid().BinaryCrossEntropy(torch.Full([]int{2, 3}, 0.3, torch.TensorOptions{DType: torch.Float64}))
	}),
	{"BinaryCrossEntropyWithLogits", shapes([]int{2, 3}), func(in tensors) *torch.Tensor {
		return in[0].BinaryCrossEntropyWithLogits(torch.Full([]int{2, 3}, 0.3, torch.TensorOptions{DType: torch.Float64}))
	}},
	{"MSELoss", shapes([]int{2, 3}, []int{2, 3}), func(in tensors) *torch.Tensor { return in[0].MSELoss(in[1]) }},
	elementwise("CrossEntropyLoss", func(x *torch.Tensor) *torch.Tensor { return x.CrossEntropyLoss(torch.FromSlice([]int64{2, 0})) }),
	{"Embedding", shapes([]int{4, 2}), func(in tensors) *torch.Tensor {
		return torch.Embedding(in[0], torch.FromSlice([]int64{1, 3, 1})).Square()
	}},
}

func TestOperatorsUnderAPenaltyHaveRightDerivativesToTheSecondOrder(t *testing.T) {
	torchtest.Native(t)
	threads := torch.Threads()
	torch.SetThreads(1)
	t.Cleanup(func() { torch.SetThreads(threads) })
	for _, o := range penalised {
		t.Run(o.name, func(t *testing.T) {
			torchtest.NoLeaks(t)
			torch.Scope(func() {
				g := torch.NewGenerator(torch.Device{}).ManualSeed(5)
				var in tensors
				for _, shape := range o.shapes {
					x := torch.Randn(shape, torch.RandnOptions{Generator: g, TensorOptions: torch.TensorOptions{DType: torch.Float64}})
					in = append(in, x.SetRequiresGrad(true))
				}
				require.NoError(t, torchtest.GradCheck(o.f, in...))
				require.NoError(t, torchtest.GradGradCheck(o.f, in...))
			})
		})
	}
}

// LibTorch 2.11 takes ‖v‖ for a constant in the derivative of WeightNorm's gradient, as Python's gradgradcheck finds,
// too. Penalties on gradients by an input need only the first derivative of a weight and are right.
func TestWeightNormIsRightToTheFirstOrderOnly(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		f := func(in tensors) *torch.Tensor { return torch.WeightNorm(in[0], in[1]) }
		v, g := leaf(1, 2, 3, 4, 5, 7).View(2, 3).Detach().SetRequiresGrad(true), leaf(2, 3).View(2, 1).Detach().SetRequiresGrad(true)
		require.NoError(t, torchtest.GradCheck(f, v, g))
		require.ErrorContains(t, torchtest.GradGradCheck(f, v, g), "the derivative of output element 0 by element 0 of input 0")
	})
}

func TestGradCheckNamesTheDerivativeThatIsWrong(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	// Its first derivative forgets the inner one for the second input, its second derivative is that of a constant.
	wrong := func(back func(c *torch.Context, g tensors) tensors) func(in tensors) *torch.Tensor {
		f := torch.Function{Backward: back, Forward: func(c *torch.Context, in tensors) tensors {
			c.SaveForBackward(in...)
			return tensors{in[0].Mul(in[1].MulScalar(3))}
		}}
		return func(in tensors) *torch.Tensor { return f.Apply(in...)[0] }
	}
	torch.Scope(func() {
		x, y := leaf(1, 2), leaf(4, 5)
		err := torchtest.GradCheck(wrong(func(c *torch.Context, g tensors) tensors {
			return tensors{g[0].Mul(c.Saved()[1]).MulScalar(3), g[0].Mul(c.Saved()[0])}
		}), x, y)
		require.EqualError(t, err, "the derivative of output element 0 by element 0 of input 1 is 1, numerically 3")
		require.Equal(t, []float64{4, 5}, torch.Values[float64](y.Detach()), "the inputs are as before")

		constant := wrong(func(c *torch.Context, g tensors) tensors {
			return tensors{g[0].Mul(c.Saved()[1].Detach()).MulScalar(3), g[0].Mul(c.Saved()[0]).MulScalar(3)}
		})
		require.NoError(t, torchtest.GradCheck(constant, x, y))
		require.ErrorContains(t, torchtest.GradGradCheck(constant, x, y), "of the gradients, with their weights as input 2: the derivative of output element 0 by element 0 of input 1 is 0, numerically")

		require.EqualError(t, torchtest.GradCheck(func(in tensors) *torch.Tensor { return in[0] }, one()), "none of the 1 inputs requires gradients")
		single := torch.Ones([]int{1}).SetRequiresGrad(true)
		require.ErrorContains(t, torchtest.GradGradCheck(func(in tensors) *torch.Tensor { return in[0] }, single), "input 0 is float32")
	})
}
