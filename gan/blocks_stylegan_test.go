package gan_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// The modules EqualConv2d and EqualLinear of rosinality's StyleGAN hold a layer of this name.
type equalConv struct {
	Conv *nn.Conv2d `nn:"conv"`
}

func (e equalConv) Forward(x *torch.Tensor) *torch.Tensor { return e.Conv.Forward(x) }

type equalLinear struct {
	Linear *nn.Linear `nn:"linear"`
}

func (e equalLinear) Forward(x *torch.Tensor) *torch.Tensor { return e.Linear.Forward(x) }

// equal makes a convolution for weights of the case.
func equal(c *parity.Case, name string, padding int) equalConv {
	w := c.Weights[name+".conv.weight_orig"]
	return equalConv{gan.EqualLR(nn.NewConv2d(w.Size(1), w.Size(0), w.Size(2), nn.Conv{Padding: padding}))}
}

func equalTo(c *parity.Case, name string) equalLinear {
	w := c.Weights[name+".linear.weight_orig"]
	return equalLinear{gan.EqualLR(nn.NewLinear(w.Size(1), w.Size(0)))}
}

var leaky02 = nn.LeakyReLU{Slope: 0.2}

// blur121 is StyleGAN's filter (1, 2, 1) along both sides.
func blur121(x *torch.Tensor) *torch.Tensor {
	taps := torch.FromSlice([]float32{1, 2, 1}).ToDevice(x.Device())
	return gan.UpFirDn2d(x, taps.View(3, 1).Mul(taps).DivScalar(16), gan.UpFirDnOptions{Pad: [4]int{1, 1, 1, 1}})
}

type styledBlock struct {
	Input  *torch.Tensor       `nn:"conv1.input"`
	Conv1  any                 `nn:"conv1.1"` // nil in the first block
	Noise1 *gan.NoiseInjection `nn:"noise1"`
	AdaIN1 *gan.AdaIN          `nn:"adain1"`
	Conv2  equalConv           `nn:"conv2"`
	Noise2 *gan.NoiseInjection `nn:"noise2"`
	AdaIN2 *gan.AdaIN          `nn:"adain2"`
}

// styledGenerator has those of the official generator's layers that make 32×32 pictures.
type styledGenerator struct {
	Blocks  []styledBlock `nn:"generator.progression"`
	ToRGB   []equalConv   `nn:"generator.to_rgb"`
	Mapping []nn.Layer    `nn:"style"`
}

func styleGANG(t *testing.T, c *parity.Case) {
	step, alpha, features := c.Int("step", 0), setting(c, "alpha", 0.0), c.Int("code_dim", 0)
	g := &styledGenerator{Mapping: []nn.Layer{gan.PixelNorm{}}}
	for i := range c.Int("n_mlp", 8) {
		g.Mapping = append(g.Mapping, equalTo(c, fmt.Sprintf("style.%d", 2*i+1)), leaky02)
	}
	for i := range step + 1 {
		name := fmt.Sprintf("generator.progression.%d.", i)
		b := styledBlock{Conv2: equal(c, name+"conv2", 1)}
		channels := b.Conv2.Conv.Weight.Size(0)
		noise := gan.NoiseOptions{Channels: channels, EqualLR: true}
		b.Noise1, b.Noise2 = gan.NewNoiseInjection(noise), gan.NewNoiseInjection(noise)
		b.AdaIN1, b.AdaIN2 = gan.NewAdaIN(channels, features), gan.NewAdaIN(channels, features)
		if i == 0 {
			b.Input = torch.Randn([]int{1, channels, 4, 4}).SetRequiresGrad(true)
		} else {
			b.Conv1 = equal(c, name+"conv1.1", 1)
		}
		g.Blocks = append(g.Blocks, b)
		g.ToRGB = append(g.ToRGB, equal(c, fmt.Sprintf("generator.to_rgb.%d", i), 0))
	}
	loadPart(t, c, g)

	w := nn.NewSequential(g.Mapping...).Forward(input(c, "z"))
	var h, before *torch.Tensor
	for i, b := range g.Blocks {
		noise := c.Inputs[fmt.Sprintf("noise%d", i)]
		if before = h; i == 0 {
			h = b.Input.Repeat(w.Size(0), 1, 1, 1)
		} else {
			h = blur121(b.Conv1.(equalConv).Forward(nn.Interpolate(h, nn.Interpolation{Scale: 2})))
		}
		h = b.AdaIN1.Forward(leaky02.Forward(b.Noise1.Forward(h, noise)), w)
		h = b.AdaIN2.Forward(leaky02.Forward(b.Noise2.Forward(b.Conv2.Forward(h), noise)), w)
	}
	out := g.ToRGB[step].Forward(h)
	if step > 0 {
		old := nn.Interpolate(g.ToRGB[step-1].Forward(before), nn.Interpolation{Scale: 2})
		out = old.MulScalar(1 - alpha).Add(out.MulScalar(alpha))
	}
	c.Check("w", w)
	check(c, g, parity.State{"out": out})
}

// loadPart fills the part of a network that takes part in the case, in the mode train.
func loadPart(t *testing.T, c *parity.Case, module any) {
	nn.To(module, nn.ToOptions{Device: new(c.Device())})
	var state []nn.Entry
	for name, w := range c.Weights {
		state = append(state, nn.Entry{Name: name, Tensor: w})
	}
	own := nn.StateDict(module)
	for _, e := range own {
		require.NotNil(t, c.Weights[e.Name], e.Name)
	}
	require.NotEmpty(t, own)
	require.NoError(t, nn.LoadStateDict(module, state, false))
	require.Equal(t, "train", c.Meta.Mode)
}

type styleDBlock struct {
	Conv1 equalConv `nn:"conv1.0"`
	Conv2 equalConv `nn:"conv2.1"`
}

// styledDiscriminator has those of the official discriminator's layers that read 32×32 pictures.
type styledDiscriminator struct {
	B5     styleDBlock `nn:"progression.5"`
	B6     styleDBlock `nn:"progression.6"`
	B7     styleDBlock `nn:"progression.7"`
	Last1  equalConv   `nn:"progression.8.conv1.0"`
	Last2  equalConv   `nn:"progression.8.conv2.0"`
	RGB5   equalConv   `nn:"from_rgb.5.0"`
	RGB6   equalConv   `nn:"from_rgb.6.0"`
	Linear equalLinear `nn:"linear"`
}

func styleGAND(t *testing.T, c *parity.Case) {
	block := func(i int) styleDBlock {
		name := fmt.Sprintf("progression.%d.", i)
		return styleDBlock{equal(c, name+"conv1.0", 1), equal(c, name+"conv2.1", 1)}
	}
	d := &styledDiscriminator{
		B5: block(5), B6: block(6), B7: block(7),
		Last1: equal(c, "progression.8.conv1.0", 1), Last2: equal(c, "progression.8.conv2.0", 0),
		RGB5: equal(c, "from_rgb.5.0", 0), RGB6: equal(c, "from_rgb.6.0", 0), Linear: equalTo(c, "linear"),
	}
	loadPart(t, c, d)

	half := func(x *torch.Tensor) *torch.Tensor { return x.AvgPool2d([]int{2}) }
	down := func(b styleDBlock, h *torch.Tensor) *torch.Tensor {
		return leaky02.Forward(half(b.Conv2.Forward(blur121(leaky02.Forward(b.Conv1.Forward(h))))))
	}
	x, alpha := input(c, "x"), setting(c, "alpha", 0.0)
	h := down(d.B5, leaky02.Forward(d.RGB5.Forward(x)))
	h = leaky02.Forward(d.RGB6.Forward(half(x))).MulScalar(1 - alpha).Add(h.MulScalar(alpha))
	h = gan.MinibatchStddev{Group: gan.WholeBatch}.Forward(down(d.B7, down(d.B6, h)))
	h = leaky02.Forward(d.Last2.Forward(leaky02.Forward(d.Last1.Forward(h))))
	check(c, d, parity.State{"out": d.Linear.Forward(h.Flatten(torch.FlattenOptions{StartDim: 1}))})
}

// blur2 is StyleGAN2's filter before convolutions of stride 2.
type blur2 struct {
	Kernel *torch.Tensor `nn:"kernel,buffer"`
	pad    int
}

func newBlur2(pad int) *blur2 { return &blur2{torch.Zeros([]int{4, 4}), pad} }

func (b *blur2) Forward(x *torch.Tensor) *torch.Tensor {
	return gan.UpFirDn2d(x, b.Kernel, gan.UpFirDnOptions{Pad: [4]int{b.pad, b.pad, b.pad, b.pad}})
}

type style2Block struct {
	Conv1 *nn.Sequential `nn:"conv1"`
	Conv2 *nn.Sequential `nn:"conv2"`
	Skip  *nn.Sequential `nn:"skip"`
}

func (b *style2Block) Forward(x *torch.Tensor) *torch.Tensor {
	return b.Conv2.Forward(b.Conv1.Forward(x)).Add(b.Skip.Forward(x)).DivScalar(math.Sqrt2)
}

type style2Discriminator struct {
	Convs  *nn.Sequential `nn:"convs"`
	Conv   *nn.Sequential `nn:"final_conv"`
	Linear *nn.Sequential `nn:"final_linear"`
}

func styleGAN2D(t *testing.T, c *parity.Case) {
	const channels = 8 // at all sizes of the kit's small network
	plain := gan.EqualOptions{NoBias: true}
	block := func() nn.Layer {
		return &style2Block{
			Conv1: nn.NewSequential(gan.NewEqualConv2d(channels, channels, 3, 1, 1, plain), gan.NewBiasedLeakyReLU(channels)),
			Conv2: nn.NewSequential(
				newBlur2(2), gan.NewEqualConv2d(channels, channels, 3, 2, 0, plain), gan.NewBiasedLeakyReLU(channels)),
			Skip: nn.NewSequential(newBlur2(1), gan.NewEqualConv2d(channels, channels, 1, 2, 0, plain)),
		}
	}
	d := &style2Discriminator{
		Convs: nn.NewSequential(
			nn.NewSequential(gan.NewEqualConv2d(3, channels, 1, 1, 0, plain), gan.NewBiasedLeakyReLU(channels)),
			block(), block(), block()),
		Conv:   nn.NewSequential(gan.NewEqualConv2d(channels+1, channels, 3, 1, 1, plain), gan.NewBiasedLeakyReLU(channels)),
		Linear: nn.NewSequential(gan.NewEqualLinear(16*channels, channels), gan.NewEqualLinear(channels, 1)),
	}
	load(t, c, d)
	h := gan.MinibatchStddev{Group: c.Int("stddev_group", 4)}.Forward(d.Convs.Forward(input(c, "x")))
	h = d.Conv.Forward(h).Flatten(torch.FlattenOptions{StartDim: 1})
	h = (&gan.BiasedLeakyReLU{}).Forward(d.Linear.Layers[0].Forward(h)) // the official layer holds its activation
	check(c, d, parity.State{"out": d.Linear.Layers[1].Forward(h)})
}
