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
	if slices.Min(g.kernel) < 1 {
		panic(refusal("a kernel of %v", kernel))
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

// Convolution holds the tensors of a convolution.
type Convolution struct {
	Weight *torch.Tensor `nn:"weight"` // (out, in/groups, kernel…), or (in, out/groups, kernel…) of a transposed one
	Bias   *torch.Tensor `nn:"bias"`   // (out), nil without one

	parametrized
	geometry geometry
}

// newConvolution makes a convolution over n dimensions with PyTorch's initialisation.
func newConvolution(in, out, n int, kernel Dims, c Conv) *Convolution {
	if c.OutputPadding != nil {
		panic(refusal("output padding belongs to transposed convolutions"))
	}
	g := newGeometry(in, out, n, kernel, c)
	return fill(&Convolution{Weight: newParameter(append([]int{out, in / g.groups}, g.kernel...)...), geometry: g}, out, c)
}

// newTransposed makes the transpose of a convolution over n dimensions with PyTorch's initialisation.
func newTransposed(in, out, n int, kernel Dims, c Conv) *Convolution {
	g := newGeometry(in, out, n, kernel, c)
	if _, named := c.Padding.(string); named || g.mode != "constant" {
		panic(refusal("a transposed convolution takes a number as padding, and no padding mode"))
	}
	l := &Convolution{Weight: newParameter(append([]int{in, out / g.groups}, g.kernel...)...), geometry: g}
	l.outputs = 1
	return fill(l, out, c)
}

func fill(l *Convolution, out int, c Conv) *Convolution {
	if !c.NoBias {
		l.Bias = newParameter(out)
	}
	initializer.LinearDefaults(l.Weight, l.Bias)
	return l
}

// arguments are the input, the weight and the options for torch's convolutions, whose options all have the same fields.
func (l *Convolution) arguments(x *torch.Tensor) (padded, weight *torch.Tensor, o torch.Conv2dOptions) {
	g := &l.geometry
	return g.pad(x), l.effective(l.Weight), torch.Conv2dOptions{
		Bias: l.Bias, Stride: g.stride, Padding: g.padding, Dilation: g.dilation, Groups: &g.groups,
	}
}

// transposed are the weight and the options for torch's transposed convolutions.
func (l *Convolution) transposed(outputPadding []int) (weight *torch.Tensor, o torch.ConvTranspose2dOptions) {
	g := &l.geometry
	return l.effective(l.Weight), torch.ConvTranspose2dOptions{
		Bias: l.Bias, Stride: g.stride, Padding: g.padding, OutputPadding: outputPadding,
		Groups: &g.groups, Dilation: g.dilation,
	}
}

// reaching is the output padding of a transposed convolution that gives outputs of size.
func (g *geometry) reaching(x *torch.Tensor, size []int) []int {
	n := len(g.kernel)
	shape := x.Shape()
	if len(shape) <= n {
		panic(refusal("an input %v without channels before its %d dimensions", shape, n))
	}
	from := shape[len(shape)-n:]
	end := make([]int, n)
	for i, want := range along("size", size, n, 0) {
		least := (from[i]-1)*g.stride[i] - 2*g.padding[i] + g.dilation[i]*(g.kernel[i]-1) + 1
		end[i] = want - least
		if end[i] < 0 || end[i] >= g.stride[i] {
			panic(refusal("an output of %v needs from %d to %d along dimension %d", size, least, least+g.stride[i]-1, i))
		}
	}
	return end
}

// Conv1d is a 1-D convolution (cross-correlation, as everywhere in the field).
type Conv1d Convolution

// NewConv1d makes a layer from in to out channels with PyTorch's initialisation:
//
//	nn.NewConv1d(80, 512, 7, nn.Conv{Padding: 3})
func NewConv1d(in, out int, kernel Dims, o ...Conv) *Conv1d {
	return (*Conv1d)(newConvolution(in, out, 1, kernel, only(o)))
}

// Forward maps (N, in, L) to (N, out, L'), L' = (L + 2·padding − dilation·(kernel−1) − 1)/stride + 1, rounded down.
func (l *Conv1d) Forward(x *torch.Tensor) *torch.Tensor {
	x, weight, o := (*Convolution)(l).arguments(x)
	return observe(l, torch.Conv1d(x, weight, torch.Conv1dOptions(o)))
}

// Conv2d is a 2-D convolution (cross-correlation, as everywhere in the field).
type Conv2d Convolution

// NewConv2d makes a layer from in to out channels with PyTorch's initialisation:
//
//	nn.NewConv2d(64, 128, 4, nn.Conv{Stride: 2, Padding: 1, NoBias: true})
//	nn.NewConv2d(1, 8, []int{3, 9}, nn.Conv{Padding: []int{1, 4}})
func NewConv2d(in, out int, kernel Dims, o ...Conv) *Conv2d {
	return (*Conv2d)(newConvolution(in, out, 2, kernel, only(o)))
}

// Forward maps (N, in, H, W) to (N, out, H', W'), H' = (H + 2·padding − dilation·(kernel−1) − 1)/stride + 1, rounded
// down, and W' likewise.
func (l *Conv2d) Forward(x *torch.Tensor) *torch.Tensor {
	x, weight, o := (*Convolution)(l).arguments(x)
	return observe(l, torch.Conv2d(x, weight, o))
}

// Conv3d is a 3-D convolution (cross-correlation, as everywhere in the field).
type Conv3d Convolution

// NewConv3d makes a layer from in to out channels with PyTorch's initialisation.
func NewConv3d(in, out int, kernel Dims, o ...Conv) *Conv3d {
	return (*Conv3d)(newConvolution(in, out, 3, kernel, only(o)))
}

// Forward maps (N, in, D, H, W) to (N, out, D', H', W'), D' = (D + 2·padding − dilation·(kernel−1) − 1)/stride + 1,
// rounded down, and H' and W' likewise.
func (l *Conv3d) Forward(x *torch.Tensor) *torch.Tensor {
	x, weight, o := (*Convolution)(l).arguments(x)
	return observe(l, torch.Conv3d(x, weight, torch.Conv3dOptions(o)))
}
