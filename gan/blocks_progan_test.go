package gan_test

import (
	"fmt"
	"testing"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

type proGANBlock struct {
	Conv *nn.Sequential `nn:"conv"`
}

type proGenerator struct {
	Labels *nn.Embedding `nn:"label_embed"`
	Blocks []proGANBlock `nn:"progression"`
	ToRGB  []*nn.Conv2d  `nn:"to_rgb"`
}

func proGANG(t *testing.T, c *parity.Case) {
	labels := c.Int("n_label", 10)
	g := &proGenerator{Labels: nn.NewEmbedding(labels, labels)}
	for i := range 6 {
		name, padding := fmt.Sprintf("progression.%d.conv.", i), 1
		if i == 0 {
			padding = 3
		}
		first, second := equal(c, name+"0", padding), equal(c, name+"3", 1)
		g.Blocks = append(g.Blocks, proGANBlock{
			nn.NewSequential(first, gan.PixelNorm{}, leaky02, second, gan.PixelNorm{}, leaky02),
		})
		g.ToRGB = append(g.ToRGB, nn.NewConv2d(second.Conv.Weight.Size(0), 3, 1))
	}
	load(t, c, g)

	step, alpha := c.Int("step", 0), setting(c, "alpha", 0.0)
	code := gan.PixelNorm{}.Forward(input(c, "z"))
	h := torch.Cat([]*torch.Tensor{code, g.Labels.Forward(c.Inputs["label"])}, torch.CatOptions{Dim: 1}).Unsqueeze(2).Unsqueeze(3)
	before := h
	for i := range step + 1 {
		if i > 0 {
			h = nn.Interpolate(h, nn.Interpolation{Scale: 2})
		}
		before, h = h, g.Blocks[i].Conv.Forward(h)
	}
	out := g.ToRGB[step].Forward(h)
	if step > 0 {
		out = g.ToRGB[step-1].Forward(before).MulScalar(1 - alpha).Add(out.MulScalar(alpha))
	}
	check(c, g, parity.State{"out": out})
}

type proDiscriminator struct {
	Blocks  []proGANBlock `nn:"progression"`
	FromRGB []*nn.Conv2d  `nn:"from_rgb"`
	Linear  *nn.Linear    `nn:"linear"`
}

// The statistic of the batch is this program's own: of the pictures, with the unbiased variance.
func proGAND(t *testing.T, c *parity.Case) {
	d := &proDiscriminator{}
	for i := range 6 {
		name, padding := fmt.Sprintf("progression.%d.conv.", i), 1
		if i == 5 {
			padding = 0
		}
		first, second := equal(c, name+"0", 1), equal(c, name+"2", padding)
		d.Blocks = append(d.Blocks, proGANBlock{nn.NewSequential(first, leaky02, second, leaky02)})
		w := c.Weights[fmt.Sprintf("from_rgb.%d.weight", i)]
		d.FromRGB = append(d.FromRGB, nn.NewConv2d(3, w.Size(0), 1))
	}
	d.Linear = nn.NewLinear(c.Weights["linear.weight"].Size(1), 1+c.Int("n_label", 10))
	load(t, c, d)

	x, step, alpha := input(c, "x"), c.Int("step", 0), setting(c, "alpha", 0.0)
	h := d.FromRGB[5-step].Forward(x)
	for i := step; i > 0; i-- {
		h = d.Blocks[5-i].Conv.Forward(h).AvgPool2d([]int{2})
		if i == step {
			skip := d.FromRGB[6-i].Forward(x.AvgPool2d([]int{2}))
			h = skip.MulScalar(1 - alpha).Add(h.MulScalar(alpha))
		}
	}
	spread := x.Std(torch.StdOptions{Dim: []int{0}}).Mean().Expand([]int{x.Size(0), 1, 4, 4})
	h = d.Blocks[5].Conv.Forward(torch.Cat([]*torch.Tensor{h, spread}, torch.CatOptions{Dim: 1}))
	out := d.Linear.Forward(h.Flatten(torch.FlattenOptions{StartDim: 1}))
	c.Inputs["proj.out"], c.Inputs["proj.classes"] = c.Inputs["p0"], c.Inputs["p1"]
	check(c, d, parity.State{"out": out.Select(1, 0), "classes": out.Narrow(1, 1, out.Size(1)-1)})
}
