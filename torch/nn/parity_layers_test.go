package nn_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// checkLayer runs the layer of a case, or the function of one, and compares all that the case recorded. It is false
// where the class of the case is neither.
func checkLayer(t *testing.T, c *parity.Case) bool {
	build, isLayer := layers[c.Meta.Class]
	compute, isFunction := functions[c.Meta.Class]
	if !isLayer && !isFunction {
		return false
	}
	a := layerArguments{t: t}
	all, err := json.Marshal(c.Meta.Constructor)
	require.NoError(t, err)
	d := json.NewDecoder(bytes.NewReader(all))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&a))
	if isFunction {
		c.CheckNetwork(nn.NewSequential(), parity.State{"out": compute(c, a)})
		return true
	}
	layer := build(c, a)
	c.Load(layer, "")
	require.Equal(t, c.Meta.KeyOrder, append([]string{}, names(nn.StateDict(layer))...))
	forward := layer.Forward
	if a.OutputSize != nil {
		forward = func(x *torch.Tensor) *torch.Tensor {
			return layer.(*nn.ConvTranspose2d).ForwardSize(x, a.OutputSize)
		}
	}
	channelsLast := slices.Contains(c.Meta.Notes, "input and weight in channels_last")
	if channelsLast {
		nn.To(layer, nn.ToOptions{MemoryFormat: torch.ChannelsLast})
		plain := forward
		forward = func(x *torch.Tensor) *torch.Tensor {
			return plain(x.To(torch.ToOptions{MemoryFormat: torch.ChannelsLast}))
		}
	}
	if c.Outputs["out"] != nil {
		out := forward(first(c.Inputs, "x", "ids", "a"))
		require.Equal(t, channelsLast, out.IsContiguous(torch.ChannelsLast) && !out.IsContiguous())
		c.CheckNetwork(layer, parity.State{"out": out})
		return true
	}
	// Three passes one after another.
	out := parity.State{}
	for i := range 3 {
		out[fmt.Sprintf("out.%d", i)] = forward(first(c.Inputs, fmt.Sprintf("x%d", i+1), "x"))
	}
	c.CheckNetwork(layer, out)
	return true
}

// first is the first input of a layer that a case has.
func first(inputs parity.State, names ...string) *torch.Tensor {
	for _, name := range names {
		if x := inputs[name]; x != nil {
			return x
		}
	}
	return nil
}

// layerArguments are those of PyTorch's layers.
type layerArguments struct {
	arguments
	t *testing.T

	Eps                  float64
	Alpha, Beta, K, P    float64
	Dim                  json.RawMessage
	MinVal               float64 `json:"min_val"`
	MaxVal               float64 `json:"max_val"`
	Approximate          string
	CountIncludePad      *bool `json:"count_include_pad"`
	DivisorOverride      *int  `json:"divisor_override"`
	ElementwiseAffine    *bool `json:"elementwise_affine"`
	Size                 json.RawMessage
	ScaleFactor          *float64 `json:"scale_factor"`
	Mode                 string
	AlignCorners         bool `json:"align_corners"`
	RecomputeScaleFactor bool `json:"recompute_scale_factor"`
	Antialias            bool
	PaddingIdx           *int    `json:"padding_idx"`
	MaxNorm              float64 `json:"max_norm"`
	Layer                string
	NPowerIterations     int `json:"n_power_iterations"`
	Kernel               int
}

// count is the i-th argument without a name, a whole number.
func (a layerArguments) count(i int) int { return int(a.number(a.t, i)) }

// at is the i-th argument without a name, nil where there is none.
func (a layerArguments) at(i int) nn.Dims {
	if i >= len(a.Args) {
		return nil
	}
	return dims(a.t, a.Args[i])
}

// shape is the i-th argument, a whole number or several.
func (a layerArguments) shape(i int) []int {
	if n, ok := a.at(i).(int); ok {
		return []int{n}
	}
	return a.at(i).([]int)
}

// dim is the argument dim, or other where there is none.
func (a layerArguments) dim(other int) int {
	if a.Dim != nil {
		require.NoError(a.t, json.Unmarshal(a.Dim, &other))
	}
	return other
}

func (a layerArguments) batchNorm() (int, nn.BatchNorm) {
	o := nn.BatchNorm{Eps: a.Eps, NoAffine: no(a.Affine), NoTracking: no(a.TrackRunningStats)}
	if a.Momentum != nil {
		o.Cumulative = string(a.Momentum) == "null"
		require.NoError(a.t, json.Unmarshal(a.Momentum, &o.Momentum))
	}
	if len(a.Args) > 1 {
		o.Eps = a.number(a.t, 1)
	}
	return a.count(0), o
}

func (a layerArguments) instanceNorm() (int, nn.InstanceNorm) {
	channels, o := a.batchNorm()
	yes := func(flag *bool) bool { return flag != nil && *flag }
	return channels, nn.InstanceNorm{
		Eps: o.Eps, Momentum: o.Momentum, Affine: yes(a.Affine), Tracking: yes(a.TrackRunningStats),
	}
}

func (a layerArguments) maxPool() nn.MaxPool {
	return nn.MaxPool{Size: a.at(0), Stride: dims(a.t, a.Stride), Padding: dims(a.t, a.Padding), Dilation: dims(a.t, a.Dilation)}
}

func (a layerArguments) avgPool() nn.AvgPool {
	return nn.AvgPool{
		Size: a.at(0), Stride: dims(a.t, a.Stride), Padding: dims(a.t, a.Padding), ExcludePad: no(a.CountIncludePad),
		DivisorOverride: a.DivisorOverride,
	}
}

func (a layerArguments) interpolation() nn.Interpolation {
	o := nn.Interpolation{
		Size: dims(a.t, a.Size), Mode: a.Mode, AlignCorners: a.AlignCorners,
		RecomputeScale: a.RecomputeScaleFactor, Antialias: a.Antialias,
	}
	if a.ScaleFactor != nil {
		o.Scale = *a.ScaleFactor
	}
	return o
}

// A builder makes the layer of a case.
type builder = func(c *parity.Case, a layerArguments) nn.Layer

// of gives a constructor of convolutions its arguments.
func of[L nn.Layer](make func(in, out int, kernel nn.Dims, o ...nn.Conv) L) builder {
	return func(_ *parity.Case, a layerArguments) nn.Layer {
		in, out, kernel, c := a.conv(a.t)
		return make(in, out, kernel, c)
	}
}

// plain is a layer without arguments.
func plain(l nn.Layer) builder {
	return func(*parity.Case, layerArguments) nn.Layer { return l }
}

// causal pads at the start only.
type causal struct {
	Conv *nn.Conv1d `nn:""`
}

func (c causal) Forward(x *torch.Tensor) *torch.Tensor {
	return c.Conv.Forward(nn.ZeroPad1d{Padding: []int{4, 0}}.Forward(x))
}

// bilinear has the input b.
type bilinear struct {
	Layer *nn.Bilinear `nn:""`
	b     *torch.Tensor
}

func (l bilinear) Forward(x *torch.Tensor) *torch.Tensor { return l.Layer.Forward(x, l.b) }

// shortened is the kit's own max_norm, through which gradients pass.
type shortened struct{ most float64 }

func (s shortened) Weight(w *torch.Tensor, _ bool) *torch.Tensor {
	norm := w.VectorNorm(torch.VectorNormOptions{Dim: []int{1}, Keepdim: true})
	scale := norm.AddScalar(1e-7).Reciprocal().MulScalar(s.most).ClampMax(1)
	return torch.Where(norm.GtScalar(s.most), w.Mul(scale), w)
}

func (shortened) State(own []nn.Entry) []nn.Entry { return own }

func spectralNormed(parametrization bool) builder {
	return func(_ *parity.Case, a layerArguments) nn.Layer {
		o := nn.SpectralNormOptions{Iterations: a.NPowerIterations, Eps: a.Eps, Parametrization: parametrization}
		switch a.Layer {
		case "conv2d":
			return nn.SpectralNorm(nn.NewConv2d(3, 4, 3, nn.Conv{Padding: 1}), o)
		case "convtranspose2d":
			return nn.SpectralNorm(nn.NewConvTranspose2d(3, 4, 4, nn.Conv{Stride: 2, Padding: 1}), o)
		case "linear":
			return nn.SpectralNorm(nn.NewLinear(5, 4), o)
		case "embedding":
			return nn.SpectralNorm(nn.NewEmbedding(6, 4), o)
		}
		return nn.SpectralNorm(nn.NewConv2d(3, 4, 3), o)
	}
}

func weightNormed(parametrization bool) builder {
	return func(c *parity.Case, a layerArguments) nn.Layer {
		o := nn.WeightNormOptions{Dim: -1, Parametrization: parametrization}
		if string(a.Dim) != "null" {
			o.Dim = a.dim(0)
		}
		if strings.HasSuffix(c.Name, "linear") {
			return nn.WeightNorm(nn.NewLinear(5, 4), o)
		}
		return nn.WeightNorm(nn.NewConv2d(3, 4, 3), o)
	}
}

var layers = map[string]builder{
	"torch.nn.Linear": func(_ *parity.Case, a layerArguments) nn.Layer {
		return nn.NewLinear(a.count(0), a.count(1), nn.LinearOptions{NoBias: no(a.Bias)})
	},
	"torch.nn.Bilinear": func(c *parity.Case, a layerArguments) nn.Layer {
		return bilinear{nn.NewBilinear(a.count(0), a.count(1), a.count(2)), c.Inputs["b"]}
	},
	"torch.nn.Embedding": func(_ *parity.Case, a layerArguments) nn.Layer {
		l := nn.NewEmbedding(a.count(0), a.count(1), nn.EmbeddingOptions{PaddingIdx: a.PaddingIdx})
		if a.MaxNorm > 0 {
			return nn.Parametrize(l, func(*torch.Tensor, int) nn.Parametrization { return shortened{a.MaxNorm} })
		}
		return l
	},
	"torch.nn.Conv1d": func(c *parity.Case, a layerArguments) nn.Layer {
		in, out, kernel, o := a.conv(a.t)
		if c.Name == "conv1d_causal_manual" {
			return causal{nn.NewConv1d(in, out, kernel, o)}
		}
		return nn.NewConv1d(in, out, kernel, o)
	},
	"torch.nn.Conv2d":          of(nn.NewConv2d),
	"torch.nn.Conv3d":          of(nn.NewConv3d),
	"torch.nn.ConvTranspose1d": of(nn.NewConvTranspose1d),
	"torch.nn.ConvTranspose2d": of(nn.NewConvTranspose2d),
	"torch.nn.ConvTranspose3d": of(nn.NewConvTranspose3d),

	"torch.nn.utils.spectral_norm":                  spectralNormed(false),
	"torch.nn.utils.parametrizations.spectral_norm": spectralNormed(true),
	"weight_norm (old)":                             weightNormed(false),
	"weight_norm (new)":                             weightNormed(true),

	"torch.nn.BatchNorm1d": func(_ *parity.Case, a layerArguments) nn.Layer {
		channels, o := a.batchNorm()
		return nn.NewBatchNorm1d(channels, o)
	},
	"torch.nn.BatchNorm2d": func(_ *parity.Case, a layerArguments) nn.Layer {
		channels, o := a.batchNorm()
		return nn.NewBatchNorm2d(channels, o)
	},
	"torch.nn.BatchNorm3d": func(_ *parity.Case, a layerArguments) nn.Layer {
		channels, o := a.batchNorm()
		return nn.NewBatchNorm3d(channels, o)
	},
	"torch.nn.InstanceNorm1d": func(_ *parity.Case, a layerArguments) nn.Layer {
		channels, o := a.instanceNorm()
		return nn.NewInstanceNorm1d(channels, o)
	},
	"torch.nn.InstanceNorm2d": func(_ *parity.Case, a layerArguments) nn.Layer {
		channels, o := a.instanceNorm()
		return nn.NewInstanceNorm2d(channels, o)
	},
	"torch.nn.InstanceNorm3d": func(_ *parity.Case, a layerArguments) nn.Layer {
		channels, o := a.instanceNorm()
		return nn.NewInstanceNorm3d(channels, o)
	},
	"torch.nn.LayerNorm": func(_ *parity.Case, a layerArguments) nn.Layer {
		return nn.NewLayerNorm(a.shape(0), nn.LayerNormOptions{Eps: a.Eps, NoAffine: no(a.ElementwiseAffine), NoBias: no(a.Bias)})
	},
	"torch.nn.GroupNorm": func(_ *parity.Case, a layerArguments) nn.Layer {
		return nn.NewGroupNorm(a.count(0), a.count(1), nn.GroupNormOptions{Eps: a.Eps, NoAffine: no(a.Affine)})
	},
	"torch.nn.RMSNorm": func(_ *parity.Case, a layerArguments) nn.Layer {
		return nn.NewRMSNorm(a.shape(0), nn.RMSNormOptions{Eps: a.Eps})
	},
	"torch.nn.LocalResponseNorm": func(_ *parity.Case, a layerArguments) nn.Layer {
		return nn.LocalResponseNorm{Size: a.count(0), Alpha: a.Alpha, Beta: a.Beta, K: a.K}
	},

	"torch.nn.MaxPool1d": func(_ *parity.Case, a layerArguments) nn.Layer { return nn.MaxPool1d(a.maxPool()) },
	"torch.nn.MaxPool2d": func(_ *parity.Case, a layerArguments) nn.Layer { return nn.MaxPool2d(a.maxPool()) },
	"torch.nn.MaxPool3d": func(_ *parity.Case, a layerArguments) nn.Layer { return nn.MaxPool3d(a.maxPool()) },
	"torch.nn.AvgPool1d": func(_ *parity.Case, a layerArguments) nn.Layer { return nn.AvgPool1d(a.avgPool()) },
	"torch.nn.AvgPool2d": func(_ *parity.Case, a layerArguments) nn.Layer { return nn.AvgPool2d(a.avgPool()) },
	"torch.nn.AdaptiveAvgPool2d": func(_ *parity.Case, a layerArguments) nn.Layer {
		return nn.AdaptiveAvgPool2d{Size: a.at(0)}
	},
	"torch.nn.AdaptiveAvgPool3d": func(_ *parity.Case, a layerArguments) nn.Layer {
		return nn.AdaptiveAvgPool3d{Size: a.at(0)}
	},
	"torch.nn.LPPool2d": func(_ *parity.Case, a layerArguments) nn.Layer {
		return nn.LPPool2d{P: a.number(a.t, 0), Size: a.at(1)}
	},

	"torch.nn.ZeroPad2d": func(_ *parity.Case, a layerArguments) nn.Layer { return nn.ZeroPad2d{Padding: a.at(0)} },
	"torch.nn.ConstantPad2d": func(_ *parity.Case, a layerArguments) nn.Layer {
		return nn.ConstantPad2d{Padding: a.at(0), Value: a.number(a.t, 1)}
	},
	"torch.nn.ReflectionPad1d":  func(_ *parity.Case, a layerArguments) nn.Layer { return nn.ReflectionPad1d{Padding: a.at(0)} },
	"torch.nn.ReflectionPad2d":  func(_ *parity.Case, a layerArguments) nn.Layer { return nn.ReflectionPad2d{Padding: a.at(0)} },
	"torch.nn.ReflectionPad3d":  func(_ *parity.Case, a layerArguments) nn.Layer { return nn.ReflectionPad3d{Padding: a.at(0)} },
	"torch.nn.ReplicationPad1d": func(_ *parity.Case, a layerArguments) nn.Layer { return nn.ReplicationPad1d{Padding: a.at(0)} },
	"torch.nn.ReplicationPad3d": func(_ *parity.Case, a layerArguments) nn.Layer { return nn.ReplicationPad3d{Padding: a.at(0)} },
	"torch.nn.CircularPad2d":    func(_ *parity.Case, a layerArguments) nn.Layer { return nn.CircularPad2d{Padding: a.at(0)} },

	"torch.nn.ReLU":    plain(nn.ReLU{}),
	"torch.nn.Tanh":    plain(nn.Tanh{}),
	"torch.nn.Sigmoid": plain(nn.Sigmoid{}),
	"torch.nn.LeakyReLU": func(_ *parity.Case, a layerArguments) nn.Layer {
		if len(a.Args) == 0 {
			return nn.LeakyReLU{}
		}
		return nn.LeakyReLU{Slope: a.number(a.t, 0)}
	},
	"torch.nn.ELU":        func(_ *parity.Case, a layerArguments) nn.Layer { return nn.ELU{Alpha: a.Alpha} },
	"torch.nn.GELU":       func(_ *parity.Case, a layerArguments) nn.Layer { return nn.GELU{Approximate: a.Approximate} },
	"torch.nn.SELU":       plain(nn.SELU{}),
	"torch.nn.SiLU":       plain(nn.SiLU{}),
	"torch.nn.Mish":       plain(nn.Mish{}),
	"torch.nn.Hardshrink": plain(nn.Hardshrink{}),
	"torch.nn.Hardtanh":   func(_ *parity.Case, a layerArguments) nn.Layer { return nn.Hardtanh{Min: a.MinVal, Max: a.MaxVal} },
	"torch.nn.Softplus":   plain(nn.Softplus{}),
	"torch.nn.Softshrink": plain(nn.Softshrink{}),
	"torch.nn.Softsign":   plain(nn.Softsign{}),
	"torch.nn.LogSigmoid": plain(nn.LogSigmoid{}),
	"torch.nn.Threshold": func(_ *parity.Case, a layerArguments) nn.Layer {
		return nn.Threshold{Threshold: a.number(a.t, 0), Value: a.number(a.t, 1)}
	},
	"torch.nn.Softmax":    func(_ *parity.Case, a layerArguments) nn.Layer { return nn.Softmax{Dim: a.dim(0)} },
	"torch.nn.Softmin":    func(_ *parity.Case, a layerArguments) nn.Layer { return nn.Softmin{Dim: a.dim(0)} },
	"torch.nn.LogSoftmax": func(_ *parity.Case, a layerArguments) nn.Layer { return nn.LogSoftmax{Dim: a.dim(0)} },
	"torch.nn.GLU": func(_ *parity.Case, a layerArguments) nn.Layer {
		if a.Dim == nil {
			return nn.GLU{}
		}
		return nn.GLU{Dim: new(a.dim(0))}
	},
	"torch.nn.PReLU": func(_ *parity.Case, a layerArguments) nn.Layer { return nn.NewPReLU(a.count(0)) },
	"torch.nn.RReLU": func(*parity.Case, layerArguments) nn.Layer { return &nn.RReLU{} },

	"torch.nn.Dropout":             func(_ *parity.Case, a layerArguments) nn.Layer { return nn.NewDropout(a.P) },
	"torch.nn.AlphaDropout":        func(_ *parity.Case, a layerArguments) nn.Layer { return nn.NewAlphaDropout(a.P) },
	"torch.nn.FeatureAlphaDropout": func(_ *parity.Case, a layerArguments) nn.Layer { return nn.NewFeatureAlphaDropout(a.P) },

	"torch.nn.Flatten":        plain(nn.Flatten{}),
	"torch.nn.PixelShuffle":   func(_ *parity.Case, a layerArguments) nn.Layer { return nn.PixelShuffle{Factor: a.count(0)} },
	"torch.nn.PixelUnshuffle": func(_ *parity.Case, a layerArguments) nn.Layer { return nn.PixelUnshuffle{Factor: a.count(0)} },
	"torch.nn.ChannelShuffle": func(_ *parity.Case, a layerArguments) nn.Layer { return nn.ChannelShuffle{Groups: a.count(0)} },
	"torch.nn.Fold": func(_ *parity.Case, a layerArguments) nn.Layer {
		return nn.Fold{OutputSize: a.at(0), Window: nn.Window{Size: a.at(1), Stride: dims(a.t, a.Stride)}}
	},
	"torch.nn.Upsample": func(_ *parity.Case, a layerArguments) nn.Layer { return nn.Upsample(a.interpolation()) },
}

var functions = map[string]func(c *parity.Case, a layerArguments) *torch.Tensor{
	"torch.nn.functional.affine_grid": func(c *parity.Case, a layerArguments) *torch.Tensor {
		return torch.AffineGrid(c.Inputs["theta"], dims(a.t, a.Size).([]int), a.AlignCorners)
	},
	"torch.nn.functional.grid_sample": func(c *parity.Case, a layerArguments) *torch.Tensor {
		return torch.GridSample(c.Inputs["x"], c.Inputs["grid"],
			torch.GridSampleOptions{Mode: a.Mode, PaddingMode: a.PaddingMode, AlignCorners: a.AlignCorners})
	},
	"torch.nn.functional.interpolate": func(c *parity.Case, a layerArguments) *torch.Tensor {
		return nn.Interpolate(c.Inputs["x"], a.interpolation())
	},
	"torch.nn.functional.normalize": func(c *parity.Case, a layerArguments) *torch.Tensor {
		return nn.Normalize(c.Inputs["x"], nn.NormalizeOptions{P: a.P, Dim: new(a.dim(1)), Eps: a.Eps})
	},
	"max_pool2d with indices, then max_unpool2d": func(c *parity.Case, a layerArguments) *torch.Tensor {
		out, indices := nn.MaxPool2d{Size: a.Kernel}.ForwardIndices(c.Inputs["x"])
		return nn.MaxUnpool2d{Size: a.Kernel}.Forward(out, indices)
	},
}
