package snresnet

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// Discriminator maps pictures (N, Channels, Size, Size) in [−1, 1], and classes y (N) where there are some, to scores
// (N, 1), the higher the more real. All layers have a spectral norm. With the plan of 64 pixels:
//
//	32×32  first block        Channels → DWidth/16   block1
//	16×16  block that halves  → DWidth/8             block2
//	8×8    block that halves  → DWidth/4             block3
//	4×4    block that halves  → DWidth/2             block4
//	2×2    block that halves  → DWidth               block5
//	1×1    ReLU, sum, linear  → 1                    l6
//
// With classes the score is l6(h) + l_y(y)·h for the sums h, the projection of Miyato and Koyama 2018; or, with Concat, an
// embedding of the class, 128 wide, joins the maps of the third block. Miyato et al. 2018, table 4 b; official dis_models.
type Discriminator struct {
	Layers nn.ModuleDict `nn:""`

	blocks []nn.Layer
	score  *nn.Linear
	embed  *nn.Embedding // nil without classes
	concat bool
}

// Heads are what a Discriminator ends in.
type Heads struct {
	Concat bool           // the class joins the maps instead of being projected on
	Rule   gan.WeightRule // of the last layers; PyTorch's spectral norm, which the blocks have, if nil
}

// embedding is the length of a class's vector, and joined the block after which it joins the maps, where it does.
const embedding, joined = 128, 3

// NewDiscriminator makes the network with its initial weights.
func NewDiscriminator(o Options, heads Heads) *Discriminator {
	p := o.plan()
	norm := func(l nn.Weighted) { nn.SpectralNorm(l) }
	if heads.Rule == nil {
		heads.Rule = norm
	}
	d := &Discriminator{concat: heads.Concat}
	add := func(name string, module any) { d.Layers = append(d.Layers, nn.NamedModule{Name: name, Module: module}) }
	in, count := o.DWidth/p.Down[0], len(p.Down)+p.Keep
	for i := range count {
		block := gan.DBlockOptions{Downsample: i < len(p.Down), Rule: norm, RawShortcut: !o.Mimicry}
		out := o.DWidth
		if i < len(p.Down) {
			out = o.DWidth / p.Down[i]
		}
		var b nn.Layer
		if i == 0 {
			b = gan.NewDBlockOptimized(o.Channels, out, norm)
		} else {
			b = gan.NewDBlock(in, out, block)
		}
		add(fmt.Sprint("block", i+1), b)
		if in = out; d.concat && i+1 == joined {
			in += embedding
		}
		d.blocks = append(d.blocks, b)
	}
	d.score = nn.NewLinear(o.DWidth, 1, nn.LinearOptions{NoBias: p.NoBias && !o.Mimicry})
	initializer.XavierUniform(d.score.Weight, 1)
	heads.Rule(d.score)
	add(fmt.Sprint("l", count+1), d.score)
	if o.Classes > 0 {
		width := o.DWidth
		if d.concat {
			width = embedding
		}
		d.embed = nn.NewEmbedding(o.Classes, width)
		initializer.XavierUniform(d.embed.Weight, 1)
		heads.Rule(d.embed)
		add("l_y", d.embed)
	}
	if !o.Mimicry {
		zeroBiases(d)
	}
	return d
}

// Forward scores pictures. y is nil without classes.
func (d *Discriminator) Forward(x, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return d.Score(d.Features(x, y), y) })
}

// Features are what the last layer sees, (N, DWidth): the sums over the last map. y is looked at with Concat only.
func (d *Discriminator) Features(x, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		for i, b := range d.blocks {
			if x = b.Forward(x); d.concat && i+1 == joined {
				class := d.embed.Forward(y).View(-1, embedding, 1, 1).Expand([]int{x.Size(0), embedding, x.Size(2), x.Size(3)})
				x = torch.Cat([]*torch.Tensor{x, class}, torch.CatOptions{Dim: 1})
			}
		}
		return x.ReLU().SumDim([]int{2, 3})
	})
}

// Score makes scores (N, 1) of Features.
func (d *Discriminator) Score(features, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		score := d.score.Forward(features)
		if d.embed == nil || d.concat {
			return score
		}
		return score.Add(d.embed.Forward(y).Mul(features).SumDim([]int{1}, torch.SumDimOptions{Keepdim: true}))
	})
}
