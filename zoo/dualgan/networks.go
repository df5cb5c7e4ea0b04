package dualgan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
	"github.com/forgergan/forger/zoo/internal/samepad"
)

var (
	leaky = nn.LeakyReLU{Slope: 0.2}
	relu  = nn.ReLU{}
)

// Generator maps pictures (N, Channels, H, W) in [−1, 1] to pictures of the same size; H and W are multiples of 2^Levels.
//
// Yi et al. 2017, §3.2; official model.py. IN is an instance norm with scale and shift; what a layer makes before its ReLU
// is joined, behind the decoder's, to what the decoder makes of that size. With 8 levels:
//
//	1/2    5×5 stride 2                   Channels → Width
//	1/4    LeakyReLU 0.2, 3×3 stride 2    → 2·Width            IN
//	1/8    LeakyReLU 0.2, 3×3 stride 2    → 4·Width            IN
//	1/16   LeakyReLU 0.2, 3×3 stride 2    → 8·Width            IN
//	1/32…  LeakyReLU 0.2, 3×3 stride 2    8·Width              IN            four times
//	1/128  ReLU, transposed 3×3 stride 2  8·Width              IN, dropout
//	1/64…  ReLU, transposed 3×3 stride 2  16·Width → 8·Width   IN, dropout   twice
//	1/16   ReLU, transposed 3×3 stride 2  16·Width → 8·Width   IN
//	1/8    ReLU, transposed 3×3 stride 2  16·Width → 4·Width   IN
//	1/4    ReLU, transposed 3×3 stride 2  8·Width → 2·Width    IN
//	1/2    ReLU, transposed 3×3 stride 2  4·Width → Width      IN
//	1      ReLU, transposed 5×5 stride 2  2·Width → Channels   tanh
//
// Where the last halving leads to 1×1, its norm leaves nothing but its shift: what is learnt there is a constant.
type Generator struct {
	Encoder []*Layer `nn:"encoder"`
	Decoder []*Layer `nn:"decoder"`
}

// NewGenerator makes the network with the author's weights.
func NewGenerator(c Config) *Generator {
	g := &Generator{}
	width := func(level int) int { return c.Width << min(level, 3) }
	in := c.Channels
	for level := range c.Levels {
		out := width(level)
		l := &Layer{Conv: samepad.NewHalving(in, out, 3), Norm: NewNorm(out)}
		if level == 0 {
			l = &Layer{Conv: samepad.NewHalving(in, out, 5)}
		}
		g.Encoder, in = append(g.Encoder, l), out
	}
	for level := c.Levels - 2; level >= 0; level-- {
		out := width(level)
		l := &Layer{Conv: samepad.NewDoubling(in, out, 3), Norm: NewNorm(out)}
		if dropped := c.Levels - 2 - level; c.Dropout > 0 && dropped < 3 {
			l.Dropout = nn.NewDropout(c.Dropout)
		}
		g.Decoder, in = append(g.Decoder, l), 2*out
	}
	g.Decoder = append(g.Decoder, &Layer{Conv: samepad.NewDoubling(in, c.Channels, 5)})
	samepad.Initialise(g)
	return g
}

// Forward translates pictures.
func (g *Generator) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		var skips []*torch.Tensor
		for level, l := range g.Encoder {
			if level > 0 {
				x = leaky.Forward(x)
			}
			x = l.Forward(x)
			skips = append(skips, x)
		}
		last := len(g.Decoder) - 1
		for i, l := range g.Decoder {
			x = l.Forward(relu.Forward(x))
			if i < last {
				x = torch.Cat([]*torch.Tensor{x, skips[last-1-i]}, torch.CatOptions{Dim: 1})
			}
		}
		return x.Tanh()
	})
}

// Critic maps pictures (N, Channels, Size, Size) in [−1, 1] to scores (N, 1), or with Head "patch" (N, 1, H/64, W/64), the
// higher the more real. With the cross entropy they are logits.
//
// Official model.py:
//
//	1/2   5×5 stride 2   Channels → Width   LeakyReLU 0.2
//	1/4   3×3 stride 2   → 2·Width          IN, LeakyReLU 0.2
//	1/8   3×3 stride 2   → 4·Width          IN, LeakyReLU 0.2
//	1/16  3×3 stride 2   → 8·Width          IN, LeakyReLU 0.2
//	1/32  3×3 stride 2   8·Width            IN, LeakyReLU 0.2
//	1×1   linear         → 1, or 1/64 3×3 stride 2 → 1
type Critic struct {
	Layers []*Layer   `nn:"layers"`
	Linear *nn.Linear `nn:"linear"` // nil with patches
	Patch  nn.Layer   `nn:"patch"`  // nil with the linear layer
}

// NewCritic makes the network with the author's weights.
func NewCritic(c Config) *Critic {
	w := c.Width
	d := &Critic{Layers: []*Layer{{Conv: samepad.NewHalving(c.Channels, w, 5)}}}
	in := w
	for _, out := range []int{2 * w, 4 * w, 8 * w, 8 * w} {
		d.Layers = append(d.Layers, &Layer{Conv: samepad.NewHalving(in, out, 3), Norm: NewNorm(out)})
		in = out
	}
	if c.Head == "patch" {
		d.Patch = samepad.NewHalving(in, 1, 3)
	} else {
		side := c.Size / 32
		d.Linear = nn.NewLinear(in*side*side, 1)
	}
	samepad.Initialise(d)
	return d
}

// Forward judges pictures.
func (d *Critic) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		for _, l := range d.Layers {
			x = leaky.Forward(l.Forward(x))
		}
		if d.Patch != nil {
			return d.Patch.Forward(x)
		}
		return d.Linear.Forward(x.Flatten(torch.FlattenOptions{StartDim: 1}))
	})
}

// Layer is a convolution with what follows it.
type Layer struct {
	Conv    nn.Layer `nn:"conv"`
	Norm    *Norm    `nn:"norm"`    // nil for none
	Dropout nn.Layer `nn:"dropout"` // nil for none
}

// Forward maps (N, in, H, W) to half or twice the size.
func (l *Layer) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		x := l.Conv.Forward(x)
		if l.Norm != nil {
			x = l.Norm.Forward(x)
		}
		if l.Dropout != nil {
			x = l.Dropout.Forward(x)
		}
		return x
	})
}

// Norm is an instance norm with scale and shift for maps of any size: one of a single pixel becomes the shift, where
// nn.InstanceNorm2d, as PyTorch's, refuses to normalise. The author's program calls it batch_norm.
type Norm struct {
	Scale *torch.Tensor `nn:"scale"`  // (C)
	Shift *torch.Tensor `nn:"center"` // (C)
}

// NewNorm makes a layer for the given number of channels, with scales from N(1, 0.02).
func NewNorm(channels int) *Norm {
	n := &Norm{Scale: torch.Empty([]int{channels}).Own().SetRequiresGrad(true), Shift: torch.Zeros([]int{channels}).Own().SetRequiresGrad(true)}
	initializer.Normal(n.Scale, 1, 0.02)
	return n
}

// Forward maps (N, C, H, W) to the same shape.
func (n *Norm) Forward(x *torch.Tensor) *torch.Tensor {
	const momentum, eps, cuDNN = 0, 1e-6, true
	return torch.InstanceNorm(x, n.Scale, n.Shift, nil, nil, true, momentum, eps, cuDNN)
}
