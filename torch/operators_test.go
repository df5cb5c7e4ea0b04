package torch_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// operands are the float64 inputs of the cases below.
type operands struct {
	a, b, p *torch.Tensor // (2, 3); p are probabilities
	x       *torch.Tensor // (1, 1, 4, 4)
	s       *torch.Tensor // (2, 2), symmetric
	v       *torch.Tensor // (3)
	n       *torch.Tensor // (1, 3): 1, NaN, infinity
	i, c    *torch.Tensor // int64 (2, 2) and (2)
}

func newOperands() operands {
	f := torch.FromSlice[float64]
	return operands{
		a: f([]float64{-1.5, 0.25, 2, 0.5, -0.75, 1}, 2, 3), b: f([]float64{2, 0.25, -1, 1, 3, -0.5}, 2, 3),
		p: f([]float64{.2, .5, .9, .1, .3, .6}, 2, 3), x: torch.Arange(0.0, 16.0, torch.ArangeOptions{TensorOptions: of(torch.Float64)}).DivScalar(2).View(1, 1, 4, 4),
		s: f([]float64{4, 1, 1, 3}, 2, 2), v: f([]float64{3, 1, 2}), n: f([]float64{1, math.NaN(), math.Inf(1)}, 1, 3),
		i: longs(0, 2, 1, 0).View(2, 2), c: longs(2, 0),
	}
}

// foreach applies f to copies of a and b.
func (o operands) foreach(f func(list []*torch.Tensor)) *torch.Tensor {
	list := []*torch.Tensor{o.a.Clone(), o.b.Clone()}
	f(list)
	return torch.Stack(list)
}

// fused makes one step of an optimiser on a with the gradient b.
func (o operands) fused(f func(p, g, m, v, step []*torch.Tensor)) *torch.Tensor {
	p, zero := o.a.Clone(), func() []*torch.Tensor { return []*torch.Tensor{o.a.ZerosLike()} }
	f([]*torch.Tensor{p}, []*torch.Tensor{o.b}, zero(), zero(), []*torch.Tensor{torch.Of(1.0)})
	return p
}

type adamStep func(self, grads, m, v, max, steps []*torch.Tensor, lr, beta1, beta2, weightDecay, eps float64, amsgrad, maximize bool)

func (o operands) adam(f adamStep) *torch.Tensor {
	return o.fused(func(p, g, m, v, step []*torch.Tensor) {
		f(p, g, m, v, nil, step, 0.1, 0.5, 0.9, 0.01, 1e-8, false, false)
	})
}

func first(x, _ *torch.Tensor) *torch.Tensor  { return x }
func second(_, x *torch.Tensor) *torch.Tensor { return x }

// operatorCases calls generated operators; testdata/operators.json has what PyTorch gives.
var operatorCases = map[string]func(o operands) *torch.Tensor{
	"Softplus":     func(o operands) *torch.Tensor { return o.a.Softplus() },
	"SoftplusBeta": func(o operands) *torch.Tensor { return o.a.Softplus(torch.SoftplusOptions{Beta: 2, Threshold: 1}) },
	"LogSigmoid":   func(o operands) *torch.Tensor { return o.a.LogSigmoid() },
	"ELU":          func(o operands) *torch.Tensor { return o.a.ELU() },
	"ELUAlpha":     func(o operands) *torch.Tensor { return o.a.ELU(torch.ELUOptions{Alpha: 0.5}) },
	"GELU":         func(o operands) *torch.Tensor { return o.a.GELU() },
	"GELUTanh":     func(o operands) *torch.Tensor { return o.a.GELU(torch.GELUOptions{Approximate: "tanh"}) },
	"SiLU":         func(o operands) *torch.Tensor { return o.a.SiLU() },
	"Softmax":      func(o operands) *torch.Tensor { return o.a.Softmax(1) },
	"LogSoftmax":   func(o operands) *torch.Tensor { return o.a.LogSoftmax(0) },

	"Eq":         func(o operands) *torch.Tensor { return o.a.Eq(o.b) },
	"EqScalar":   func(o operands) *torch.Tensor { return o.a.EqScalar(2) },
	"Ne":         func(o operands) *torch.Tensor { return o.a.Ne(o.b) },
	"Lt":         func(o operands) *torch.Tensor { return o.a.Lt(o.b) },
	"LtScalar":   func(o operands) *torch.Tensor { return o.a.LtScalar(0.25) },
	"LeScalar":   func(o operands) *torch.Tensor { return o.a.LeScalar(0.25) },
	"Gt":         func(o operands) *torch.Tensor { return o.a.Gt(o.b) },
	"GeScalar":   func(o operands) *torch.Tensor { return o.a.GeScalar(0.25) },
	"LogicalAnd": func(o operands) *torch.Tensor { return o.a.GtScalar(0).LogicalAnd(o.b.GtScalar(0)) },
	"LogicalNot": func(o operands) *torch.Tensor { return o.a.GtScalar(0).LogicalNot() },
	"IsNaN":      func(o operands) *torch.Tensor { return o.n.IsNaN() },
	"IsFinite":   func(o operands) *torch.Tensor { return o.n.IsFinite() },

	"Conv1d": func(o operands) *torch.Tensor {
		w := o.b.View(1, 2, 3).At(torch.All, torch.All, torch.Range{End: new(2)})
		return torch.Conv1d(o.a.At(torch.NewAxis), w, torch.Conv1dOptions{Stride: []int{2}, Padding: []int{1}})
	},
	"ConvTranspose2d": func(o operands) *torch.Tensor {
		return torch.ConvTranspose2d(o.x, o.s.View(1, 1, 2, 2), torch.ConvTranspose2dOptions{Bias: torch.FromSlice([]float64{1}),
			Stride: []int{2}, Padding: []int{1}, OutputPadding: []int{1}, Dilation: []int{2}})
	},
	"AvgPool2d": func(o operands) *torch.Tensor { return o.x.AvgPool2d([]int{2}) },
	"AvgPool2dAll": func(o operands) *torch.Tensor {
		return o.x.AvgPool2d([]int{3, 2}, torch.AvgPool2dOptions{Stride: []int{1, 2}, Padding: []int{1, 1}, CountIncludePad: new(false)})
	},
	"AdaptiveAvgPool2d":         func(o operands) *torch.Tensor { return o.x.AdaptiveAvgPool2d(3, 2) },
	"UpsampleNearest2d":         func(o operands) *torch.Tensor { return o.x.UpsampleNearest2d([]int{3, 5}) },
	"UpsampleBilinear2d":        func(o operands) *torch.Tensor { return o.x.UpsampleBilinear2d([]int{3, 5}, false) },
	"UpsampleBilinear2dCorners": func(o operands) *torch.Tensor { return o.x.UpsampleBilinear2d([]int{3, 5}, true) },
	"UpsampleBilinear2dScales": func(o operands) *torch.Tensor {
		return o.x.UpsampleBilinear2d([]int{3, 5}, false, torch.UpsampleBilinear2dOptions{ScalesH: new(0.7), ScalesW: new(1.3)})
	},
	"UpsampleBilinear2dAA": func(o operands) *torch.Tensor { return o.x.UpsampleBilinear2dAA([]int{2, 3}, false) },

	"ZerosLike": func(o operands) *torch.Tensor { return o.a.ZerosLike() },
	"OnesLike":  func(o operands) *torch.Tensor { return o.a.OnesLike() },
	"FullLike":  func(o operands) *torch.Tensor { return o.a.FullLike(2.5) },
	"Linspace":  func(o operands) *torch.Tensor { return torch.Linspace(0, 1, 5, of(torch.Float64)) },
	"Eye":       func(o operands) *torch.Tensor { return torch.Eye(2) },

	"ForeachAddScalar": func(o operands) *torch.Tensor {
		return o.foreach(func(l []*torch.Tensor) { torch.ForeachAddScalarInPlace(l, 1.5) })
	},
	"ForeachLerp": func(o operands) *torch.Tensor {
		return o.foreach(func(l []*torch.Tensor) { torch.ForeachLerpInPlace(l, []*torch.Tensor{o.b, o.a}, 0.25) })
	},
	"ForeachAddcmul": func(o operands) *torch.Tensor {
		return o.foreach(func(l []*torch.Tensor) {
			torch.ForeachAddcmulInPlace(l, []*torch.Tensor{o.b, o.a}, []*torch.Tensor{o.a, o.b}, torch.ForeachAddcmulInPlaceOptions{Value: 2})
		})
	},
	"ForeachZero": func(o operands) *torch.Tensor { return o.foreach(torch.ForeachZeroInPlace) },
	"ForeachNorm": func(o operands) *torch.Tensor {
		return torch.Stack(torch.ForeachNorm([]*torch.Tensor{o.a, o.b}, torch.ForeachNormOptions{Ord: 1}))
	},
	"FusedAdam": func(o operands) *torch.Tensor {
		return o.adam(func(p, g, m, v, max, s []*torch.Tensor, lr, b1, b2, wd, eps float64, ams, up bool) {
			torch.FusedAdamInPlace(p, g, m, v, max, s, lr, b1, b2, wd, eps, ams, up)
		})
	},
	"FusedAdamW": func(o operands) *torch.Tensor {
		return o.adam(func(p, g, m, v, max, s []*torch.Tensor, lr, b1, b2, wd, eps float64, ams, up bool) {
			torch.FusedAdamWInPlace(p, g, m, v, max, s, lr, b1, b2, wd, eps, ams, up)
		})
	},
	"FusedSGD": func(o operands) *torch.Tensor {
		return o.fused(func(p, g, m, _, _ []*torch.Tensor) {
			torch.FusedSGDInPlace(p, g, m, 0.01, 0.9, 0.1, 0, true, false, true)
		})
	},

	"MatMul": func(o operands) *torch.Tensor { return o.a.MatMul(o.v) },
	"BMM":    func(o operands) *torch.Tensor { return o.a.Unsqueeze(0).BMM(o.b.T().Unsqueeze(0)) },
	"AddMM": func(o operands) *torch.Tensor {
		return o.s.AddMM(o.a, o.b.T(), torch.AddMMOptions{Beta: 0.5, Alpha: 2})
	},
	"Outer":       func(o operands) *torch.Tensor { return o.v.Outer(o.v) },
	"Eigvalsh":    func(o operands) *torch.Tensor { return o.s.Eigvalsh() },
	"EighVectors": func(o operands) *torch.Tensor { return second(o.s.Eigh()).Abs() },
	"Trace":       func(o operands) *torch.Tensor { return o.s.Trace() },
	"Diag":        func(o operands) *torch.Tensor { return o.v.Diag() },
	"DiagAbove":   func(o operands) *torch.Tensor { return o.a.Diag(torch.DiagOptions{Diagonal: 1}) },
	"VectorNorm1": func(o operands) *torch.Tensor {
		return o.a.VectorNorm(torch.VectorNormOptions{Ord: 1, Dim: []int{1}, Keepdim: true})
	},

	"BCE": func(o operands) *torch.Tensor {
		return o.p.BinaryCrossEntropy(o.a.GtScalar(0).ToDType(torch.Float64), torch.BinaryCrossEntropyOptions{Weight: o.b.Abs(), Reduction: torch.Sum})
	},
	"BCELogits": func(o operands) *torch.Tensor {
		return o.a.BinaryCrossEntropyWithLogits(o.p, torch.BinaryCrossEntropyWithLogitsOptions{PosWeight: o.v})
	},
	"NLL": func(o operands) *torch.Tensor {
		return o.a.LogSoftmax(1).NLLLoss(o.c, torch.NLLLossOptions{Weight: o.v})
	},
	"CrossEntropy": func(o operands) *torch.Tensor {
		return o.a.CrossEntropyLoss(o.c, torch.CrossEntropyLossOptions{LabelSmoothing: 0.1, IgnoreIndex: new(0)})
	},
	"L1": func(o operands) *torch.Tensor {
		return o.a.L1Loss(o.b, torch.L1LossOptions{Reduction: torch.NoReduction})
	},

	"Sub":        func(o operands) *torch.Tensor { return o.a.Sub(o.b, torch.SubOptions{Alpha: 2}) },
	"SubScalar":  func(o operands) *torch.Tensor { return o.a.SubScalar(1.5) },
	"DivScalar":  func(o operands) *torch.Tensor { return o.a.DivScalar(4) },
	"Abs":        func(o operands) *torch.Tensor { return o.a.Abs() },
	"Sign":       func(o operands) *torch.Tensor { return o.a.Sign() },
	"Log":        func(o operands) *torch.Tensor { return o.p.Log() },
	"Rsqrt":      func(o operands) *torch.Tensor { return o.p.Rsqrt() },
	"Reciprocal": func(o operands) *torch.Tensor { return o.p.Reciprocal() },
	"PowTensor":  func(o operands) *torch.Tensor { return o.p.PowTensor(o.a) },
	"Cos":        func(o operands) *torch.Tensor { return o.a.Cos() },
	"Floor":      func(o operands) *torch.Tensor { return o.a.Floor() },
	"Round":      func(o operands) *torch.Tensor { return o.a.Round() },
	"Maximum":    func(o operands) *torch.Tensor { return o.a.Maximum(o.b) },
	"Minimum":    func(o operands) *torch.Tensor { return o.a.Minimum(o.b) },
	"Lerp":       func(o operands) *torch.Tensor { return o.a.Lerp(o.b, 0.25) },

	"MaxDim":    func(o operands) *torch.Tensor { return second(o.a.MaxDim(1)) },
	"MinDim":    func(o operands) *torch.Tensor { return first(o.a.MinDim(0, torch.MinDimOptions{Keepdim: true})) },
	"AMax":      func(o operands) *torch.Tensor { return o.a.AMax(torch.AMaxOptions{Dim: []int{1}}) },
	"AMin":      func(o operands) *torch.Tensor { return o.a.AMin() },
	"ArgMax":    func(o operands) *torch.Tensor { return o.a.ArgMax() },
	"ArgMaxDim": func(o operands) *torch.Tensor { return o.a.ArgMax(torch.ArgMaxOptions{Dim: new(0), Keepdim: true}) },
	"ArgMin":    func(o operands) *torch.Tensor { return o.a.ArgMin(torch.ArgMinOptions{Dim: new(1)}) },
	"All":       func(o operands) *torch.Tensor { return o.a.GtScalar(-9).All() },
	"Any":       func(o operands) *torch.Tensor { return o.a.GtScalar(9).Any() },
	"CumSum":    func(o operands) *torch.Tensor { return o.a.CumSum(1) },

	"Permute":     func(o operands) *torch.Tensor { return o.x.Permute(2, 3, 0, 1) },
	"Squeeze":     func(o operands) *torch.Tensor { return o.x.Squeeze() },
	"SqueezeDim":  func(o operands) *torch.Tensor { return o.x.SqueezeDim(1) },
	"Expand":      func(o operands) *torch.Tensor { return o.v.Expand([]int{2, -1}) },
	"Repeat":      func(o operands) *torch.Tensor { return o.v.Repeat(2, 2) },
	"IndexSelect": func(o operands) *torch.Tensor { return o.a.IndexSelect(1, o.c) },
	"Gather":      func(o operands) *torch.Tensor { return o.a.Gather(1, o.i) },
	"Scatter":     func(o operands) *torch.Tensor { return o.a.Clone().ScatterInPlace(1, o.i, 7.0) },
	"MaskedFill":  func(o operands) *torch.Tensor { return o.a.MaskedFill(o.a.GtScalar(0), 9.0) },
	"Where":       func(o operands) *torch.Tensor { return torch.Where(o.a.GtScalar(0), o.a, o.b) },
	"Split":       func(o operands) *torch.Tensor { return o.a.Split(2, torch.SplitOptions{Dim: 1})[1] },
	"Chunk":       func(o operands) *torch.Tensor { return o.a.Chunk(2, torch.ChunkOptions{Dim: 1})[0] },
	"Flip":        func(o operands) *torch.Tensor { return o.a.Flip(0, 1) },
	"Sort":        func(o operands) *torch.Tensor { return second(o.a.Sort()) },
	"SortDown": func(o operands) *torch.Tensor {
		return first(o.a.Sort(torch.SortOptions{Dim: new(0), Descending: true}))
	},
	"OneHot": func(o operands) *torch.Tensor { return o.c.OneHot(torch.OneHotOptions{NumClasses: new(4)}) },
	"Stack": func(o operands) *torch.Tensor {
		return torch.Stack([]*torch.Tensor{o.a, o.b}, torch.StackOptions{Dim: 1})
	},
	"Narrow": func(o operands) *torch.Tensor { return o.a.Narrow(1, 1, 2) },
}

func TestOperatorsGiveWhatPyTorchGives(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	text, err := os.ReadFile("testdata/operators.json")
	require.NoError(t, err)
	var want map[string]struct {
		Shape  []int
		Values []float64
	}
	require.NoError(t, json.Unmarshal(text, &want))
	require.Len(t, operatorCases, len(want))
	for name, call := range operatorCases {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				got := call(newOperands())
				require.Equal(t, want[name].Shape, append([]int{}, got.Shape()...))
				values := torch.Values[float64](got.ToDType(torch.Float64))
				for i, w := range want[name].Values {
					require.InDelta(t, w, values[i], 1e-12*max(1, math.Abs(w)), "element %d", i)
				}
			})
		})
	}
}
