package gan_test

import (
	"strings"
	"testing"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// generator32 is mimicry's generator of 32×32 pictures.
type generator32 struct {
	L1     nn.Layer           `nn:"l1"`
	Block2 *gan.GBlock        `nn:"block2"`
	Block3 *gan.GBlock        `nn:"block3"`
	Block4 *gan.GBlock        `nn:"block4"`
	B5     *nn.BatchNorm2d    `nn:"b5"`
	C5     nn.Layer           `nn:"c5"`
	Attn   *gan.SelfAttention `nn:"attn_block"`

	width int
}

func mimicryG(t *testing.T, c *parity.Case) {
	var rule gan.WeightRule
	if strings.HasPrefix(c.Meta.Class, "SAGAN") {
		rule = sn
	}
	nz, ngf := c.Int("nz", 128), c.Int("ngf", 256)
	o := gan.GBlockOptions{Upsample: true, Classes: c.Int("num_classes", 0), Rule: rule}
	g := &generator32{
		L1: ruled(rule, nn.NewLinear(nz, 16*ngf)), width: ngf,
		Block2: gan.NewGBlock(ngf, ngf, o), Block3: gan.NewGBlock(ngf, ngf, o), Block4: gan.NewGBlock(ngf, ngf, o),
		B5: nn.NewBatchNorm2d(ngf), C5: ruled(rule, nn.NewConv2d(ngf, 3, 3, nn.Conv{Padding: 1})),
	}
	if rule != nil {
		g.Attn = gan.NewSelfAttention(ngf, rule)
	}
	load(t, c, g)
	z := "x"
	if c.Inputs[z] == nil {
		z = "z"
	}
	check(c, g, parity.State{"out": g.forward(input(c, z), c.Inputs["y"])})
}

func (g *generator32) forward(z, y *torch.Tensor) *torch.Tensor {
	h := g.L1.Forward(z).View(-1, g.width, 4, 4)
	h = g.Block3.Forward(g.Block2.Forward(h, y), y)
	if g.Attn != nil {
		h = g.Attn.Forward(h)
	}
	h = g.Block4.Forward(h, y)
	return g.C5.Forward(g.B5.Forward(h).ReLU()).Tanh()
}

// discriminator32 is mimicry's discriminator of 32×32 pictures.
type discriminator32 struct {
	Block1 *gan.DBlockOptimized `nn:"block1"`
	Block2 *gan.DBlock          `nn:"block2"`
	Block3 *gan.DBlock          `nn:"block3"`
	Block4 *gan.DBlock          `nn:"block4"`
	L5     nn.Layer             `nn:"l5"`
	LY     nn.Layer             `nn:"l_y"`
}

func mimicryD(t *testing.T, c *parity.Case) {
	rule, last := gan.WeightRule(sn), gan.WeightRule(sn)
	ndf := c.Int("ndf", 128)
	d := &discriminator32{}
	switch c.Meta.Class {
	case "WGANGPDiscriminator32":
		rule, last = nil, nil
	case "CGANPDDiscriminator32":
		last = func(l nn.Weighted) { gan.SpectralNormMimicry(l) }
		d.LY = ruled(last, nn.NewEmbedding(c.Int("num_classes", 0), ndf))
	case "SSGANDiscriminator32":
		last = func(l nn.Weighted) { gan.SpectralNormMimicry(l) }
		d.LY = ruled(last, nn.NewLinear(ndf, 4))
	}
	d.L5 = ruled(last, nn.NewLinear(ndf, 1))
	d.Block1 = gan.NewDBlockOptimized(3, ndf, rule)
	d.Block2 = gan.NewDBlock(ndf, ndf, gan.DBlockOptions{Downsample: true, Rule: rule})
	d.Block3 = gan.NewDBlock(ndf, ndf, gan.DBlockOptions{Rule: rule})
	d.Block4 = gan.NewDBlock(ndf, ndf, gan.DBlockOptions{Rule: rule})
	load(t, c, d)

	h := d.Block4.Forward(d.Block3.Forward(d.Block2.Forward(d.Block1.Forward(input(c, "x")))))
	h = h.ReLU()
	if c.Meta.Class == "WGANGPDiscriminator32" {
		check(c, d, parity.State{"out": d.L5.Forward(h.MeanDim([]int{2, 3}))})
		return
	}
	h = h.SumDim([]int{2, 3})
	switch c.Meta.Class {
	case "CGANPDDiscriminator32":
		check(c, d, parity.State{"out": gan.Project(h, c.Inputs["y"], d.L5, d.LY)})
	case "SSGANDiscriminator32":
		check(c, d, parity.State{"out": d.L5.Forward(h), "classes": d.LY.Forward(h)})
	default:
		check(c, d, parity.State{"out": d.L5.Forward(h)})
	}
}
