package gan_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

func bigGANSN(c *parity.Case) gan.WeightRule {
	eps := setting(c, "SN_eps", 1e-12)
	return func(l nn.Weighted) { gan.SpectralNormBigGAN(l, gan.SpectralNormBigGANOptions{Eps: eps}) }
}

// bigGANStage is a block of BigGAN and what follows it.
type bigGANStage []any

type bigGenerator struct {
	Shared *nn.Embedding  `nn:"shared"`
	Linear nn.Layer       `nn:"linear"`
	Blocks []bigGANStage  `nn:"blocks"`
	Output *nn.Sequential `nn:"output_layer"`
}

func bigGANG(t *testing.T, c *parity.Case) {
	rule, ch, shared := bigGANSN(c), c.Int("G_ch", 64), c.Int("shared_dim", 128)
	widths := map[int][]int{32: {4, 4, 4, 4}, 64: {16, 16, 8, 4, 2}}[c.Int("resolution", 0)]
	for i := range widths {
		widths[i] *= ch
	}
	chunk := c.Int("dim_z", 0) / len(widths)
	attention, _ := strconv.Atoi(setting(c, "G_attn", "0"))
	own := setting(c, "mybn", false)
	norm := func(channels int) gan.ConditionalNorm {
		linear := func() nn.Layer {
			return ruled(rule, nn.NewLinear(shared+chunk, channels, nn.LinearOptions{NoBias: true}))
		}
		return gan.NewCCBN(channels, linear(), linear(), gan.CCBNOptions{Own: own})
	}
	g := &bigGenerator{
		Shared: nn.NewEmbedding(c.Int("n_classes", 0), shared),
		Linear: ruled(rule, nn.NewLinear(chunk, 16*widths[0])),
	}
	for i, out := range widths[1:] {
		stage := bigGANStage{gan.NewBigGANGBlock(widths[i], out, true, rule, norm)}
		if 8<<i == attention {
			stage = append(stage, gan.NewSelfAttention(out, rule))
		}
		g.Blocks = append(g.Blocks, stage)
	}
	last := widths[len(widths)-1]
	var outer nn.Layer = gan.NewBigGANBatchNorm2d(last)
	if own {
		outer = gan.NewBigGANOwnNorm(last)
	}
	g.Output = nn.NewSequential(
		outer, nn.ReLU{}, ruled(rule, nn.NewConv2d(last, 3, 3, nn.Conv{Padding: 1})),
	)
	load(t, c, g)

	z := input(c, "z").Split(chunk, torch.SplitOptions{Dim: 1})
	y := g.Shared.Forward(c.Inputs["y"])
	h := g.Linear.Forward(z[0]).View(-1, widths[0], 4, 4)
	for i, stage := range g.Blocks {
		h = stage[0].(*gan.BigGANGBlock).Forward(h, torch.Cat([]*torch.Tensor{y, z[i+1]}, torch.CatOptions{Dim: 1}))
		if len(stage) > 1 {
			h = stage[1].(*gan.SelfAttention).Forward(h)
		}
	}
	check(c, g, parity.State{"out": g.Output.Forward(h).Tanh()})
}

type bigDiscriminator struct {
	Blocks []bigGANStage `nn:"blocks"`
	Linear nn.Layer      `nn:"linear"`
	Embed  nn.Layer      `nn:"embed"`
}

func bigGAND(t *testing.T, c *parity.Case) {
	rule, ch := bigGANSN(c), 4*c.Int("D_ch", 64)
	attention := setting(c, "D_attn", "0")
	d := &bigDiscriminator{
		Linear: ruled(rule, nn.NewLinear(ch, 1)), Embed: ruled(rule, nn.NewEmbedding(c.Int("n_classes", 0), ch)),
	}
	in := 3
	for i := range 4 { // of 32×32 pictures
		stage := bigGANStage{gan.NewBigGANDBlock(in, ch, gan.BigGANDBlockOptions{
			First: i == 0, Downsample: i < 2, Thin: !setting(c, "D_wide", true), Rule: rule,
		})}
		if attention == "16" { // which the official table says of all four blocks
			stage = append(stage, gan.NewSelfAttention(ch, rule))
		}
		d.Blocks, in = append(d.Blocks, stage), ch
	}
	load(t, c, d)

	h := input(c, "x")
	for _, stage := range slices.Concat(d.Blocks...) {
		h = stage.(nn.Layer).Forward(h)
	}
	h = h.ReLU().SumDim([]int{2, 3})
	check(c, d, parity.State{"out": gan.Project(h, c.Inputs["y"], d.Linear, d.Embed)})
}
