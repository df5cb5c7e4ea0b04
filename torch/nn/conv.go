package nn

import (
	"slices"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// Conv are the settings of a convolution beside its channels and kernel; the zero value is PyTorch's default.
type Conv struct {
	Stride        Dims   // 1 if nil
	Padding       Dims   // 0 if nil; "same" keeps the size at stride 1, "valid" is 0
	OutputPadding Dims   // of transposed convolutions only, 0 if nil: what the output is larger at its end
	Dilation      Dims   // 1 if nil
	Groups        int    // 1 if 0
	PaddingMode   string // "zeros" if empty; "reflect", "replicate" or "circular", not in transposed convolutions
	NoBias        bool
}

// A geometry is a Conv written out for each dimension.
type geometry struct {
	kernel, stride, padding, outputPadding, dilation []int

	groups int
	around []int  // what padding by Pad adds in place of padding, last dimension first; nil if padding does it all
	mode   string // of that
}

func newGeometry(in, out, n int, kernel Dims, c Conv) geometry {
	g := geometry{
		kernel: along("kernel", kernel, n, 0), stride: along("stride", c.Stride, n, 1),
		outputPadding: along("output padding", c.OutputPadding, n, 0), dilation: along("dilation", c.Dilation, n, 1),
		groups: max(c.Groups, 1),
	}
	if in%g.groups != 0 || out%g.groups != 0 {
		panic(refusal("%d groups do not divide %d and %d channels", g.groups, in, out))
	}
	before := make([]int, n)
	after := before
	switch c.Padding {
	case "valid":
	case "same":
		// An odd sum puts the larger half at the end, as in PyTorch.
		after = make([]int, n)
		for i := range n {
			if g.stride[i] != 1 {
				panic(refusal("padding \"same\" needs stride 1, not %v", c.Stride))
			}
			total := g.dilation[i] * (g.kernel[i] - 1)
			before[i], after[i] = total/2, total-total/2
		}
	default:
		before = along("padding", c.Padding, n, 0)
		after = before
	}
	switch c.PaddingMode {
	case "", "zeros":
		g.mode = "constant"
	case "reflect", "replicate", "circular":
		g.mode = c.PaddingMode
	default:
		panic(refusal("padding mode %q is not zeros, reflect, replicate or circular", c.PaddingMode))
	}
	g.padding = before
	if g.mode != "constant" || !slices.Equal(before, after) {
		g.padding = make([]int, n)
		for i := n - 1; i >= 0; i-- {
			g.around = append(g.around, before[i], after[i])
		}
	}
	return g
}

// pad adds to x what the convolution itself cannot.
func (g *geometry) pad(x *torch.Tensor) *torch.Tensor {
	if g.around == nil {
		return x
	}
	return x.Pad(g.around, torch.PadOptions{Mode: g.mode})
}

// Conv2d is a 2-D convolution (cross-correlation, as everywhere in the field).
type Conv2d struct {
	Weight *torch.Tensor `nn:"weight"` // (out, in/groups, kernel height, kernel width)
	Bias   *torch.Tensor `nn:"bias"`   // (out), nil without one

	geometry geometry
}

// NewConv2d makes a layer from in to out channels with PyTorch's initialisation:
//
//	nn.NewConv2d(64, 128, 4, nn.Conv{Stride: 2, Padding: 1, NoBias: true})
//	nn.NewConv2d(1, 8, []int{3, 9}, nn.Conv{Padding: []int{1, 4}})
func NewConv2d(in, out int, kernel Dims, o ...Conv) *Conv2d {
	c := only(o)
	g := newGeometry(in, out, 2, kernel, c)
	l := &Conv2d{Weight: newParameter(out, in/g.groups, g.kernel[0], g.kernel[1]), geometry: g}
	if !c.NoBias {
		l.Bias = newParameter(out)
	}
	initializer.LinearDefaults(l.Weight, l.Bias)
	return l
}

// Forward maps (N, in, H, W) to (N, out, H', W'), H' = (H + 2·padding − dilation·(kernel−1) − 1)/stride + 1,
// rounded down, and W' likewise.
func (l *Conv2d) Forward(x *torch.Tensor) *torch.Tensor {
	g := &l.geometry
	return torch.Conv2d(g.pad(x), l.Weight, torch.Conv2dOptions{
		Bias: l.Bias, Stride: g.stride, Padding: g.padding, Dilation: g.dilation, Groups: &g.groups,
	})
}

// ConvTranspose2d is a transposed 2-D convolution: the gradient of a convolution with respect to its input.
type ConvTranspose2d struct {
	Weight *torch.Tensor `nn:"weight"` // (in, out/groups, kernel height, kernel width)
	Bias   *torch.Tensor `nn:"bias"`   // (out), nil without one

	geometry geometry
}

// NewConvTranspose2d makes a layer from in to out channels with PyTorch's initialisation.
func NewConvTranspose2d(in, out int, kernel Dims, o ...Conv) *ConvTranspose2d {
	c := only(o)
	g := newGeometry(in, out, 2, kernel, c)
	if _, named := c.Padding.(string); named || g.mode != "constant" {
		panic(refusal("a transposed convolution takes a number as padding, and no padding mode"))
	}
	l := &ConvTranspose2d{Weight: newParameter(in, out/g.groups, g.kernel[0], g.kernel[1]), geometry: g}
	if !c.NoBias {
		l.Bias = newParameter(out)
	}
	initializer.LinearDefaults(l.Weight, l.Bias)
	return l
}

// Forward maps (N, in, H, W) to (N, out, H', W'), H' = (H−1)·stride − 2·padding + dilation·(kernel−1) + output padding
// + 1, and W' likewise.
func (l *ConvTranspose2d) Forward(x *torch.Tensor) *torch.Tensor {
	return l.forward(x, l.geometry.outputPadding)
}

// ForwardSize is Forward with the output padding that gives maps of size [H', W'], PyTorch's output_size. It panics with
// a *torch.Error if none below the stride does.
func (l *ConvTranspose2d) ForwardSize(x *torch.Tensor, size []int) *torch.Tensor {
	g := &l.geometry
	shape := x.Shape()
	from := shape[len(shape)-2:]
	end := make([]int, 2)
	for i, want := range along("size", size, 2, 0) {
		least := (from[i]-1)*g.stride[i] - 2*g.padding[i] + g.dilation[i]*(g.kernel[i]-1) + 1
		end[i] = want - least
		if end[i] < 0 || end[i] >= g.stride[i] {
			panic(refusal("an output of %v needs from %d to %d along dimension %d", size, least, least+g.stride[i]-1, i))
		}
	}
	return l.forward(x, end)
}

func (l *ConvTranspose2d) forward(x *torch.Tensor, outputPadding []int) *torch.Tensor {
	g := &l.geometry
	return torch.ConvTranspose2d(x, l.Weight, torch.ConvTranspose2dOptions{
		Bias: l.Bias, Stride: g.stride, Padding: g.padding, OutputPadding: outputPadding,
		Groups: &g.groups, Dilation: g.dilation,
	})
}
