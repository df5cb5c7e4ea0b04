package biggan

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// discriminatorStages are the stages of a discriminator, of which the first ones halve the size.
type discriminatorStages struct {
	stages
	halving int
}

// plainStages are BigGAN's, with 0 for the channels of pictures. At 32 pixels all stages count as 16×16, though the second one halves, too: the program has
// self-attention after each of them or after none.
var plainStages = map[int]discriminatorStages{
	32:  {stages{[]int{0, 4, 4, 4}, []int{4, 4, 4, 4}, []int{16, 16, 16, 16}}, 2},
	64:  {stages{[]int{0, 1, 2, 4, 8}, []int{1, 2, 4, 8, 16}, []int{32, 16, 8, 4, 4}}, 4},
	128: {stages{[]int{0, 1, 2, 4, 8, 16}, []int{1, 2, 4, 8, 16, 16}, []int{64, 32, 16, 8, 4, 4}}, 5},
	256: {stages{[]int{0, 1, 2, 4, 8, 8, 16}, []int{1, 2, 4, 8, 8, 16, 16}, []int{128, 64, 32, 16, 8, 4, 4}}, 6},
}

// deepStages are BigGAN-deep's, behind a 3×3 convolution of the pictures.
var deepStages = map[int]discriminatorStages{
	32:  {stages{[]int{4, 4, 4}, []int{4, 4, 4}, []int{16, 16, 16}}, 2},
	64:  {stages{[]int{1, 2, 4, 8}, []int{2, 4, 8, 16}, []int{32, 16, 8, 4}}, 4},
	128: {stages{[]int{1, 2, 4, 8, 16}, []int{2, 4, 8, 16, 16}, []int{64, 32, 16, 8, 4}}, 5},
	256: {stages{[]int{1, 2, 4, 8, 8, 16}, []int{2, 4, 8, 8, 16, 16}, []int{128, 64, 32, 16, 8, 4}}, 6},
}

// discriminator are the stages of the settings, empty for 512 pixels, of which the program has the generator alone.
func (c Config) discriminator() discriminatorStages {
	if c.Deep {
		return deepStages[c.Size]
	}
	return plainStages[c.Size]
}

// Discriminator maps pictures (N, Channels, Size, Size) in [−1, 1] and their classes y (N) to scores (N, 1), the higher the
// more real.
//
// Brock et al. 2019, appendix B; BigGAN.py and BigGANdeep.py, here for 128 pixels:
//
//	64×64  block, self-attention      Channels → DWidth
//	32×32  block                      → 2·DWidth
//	16×16  block                      → 4·DWidth
//	8×8    block                      → 8·DWidth
//	4×4    block                      → 16·DWidth
//	4×4    block                      16·DWidth
//	1×1    ReLU, sum                  16·DWidth
//	1×1    linear + embedding of y · features
//
// BigGAN-deep begins with a 3×3 convolution to DWidth, lacks the last block, and has Depth blocks for each line, the first
// of which halves the size.
type Discriminator struct {
	Input  *nn.Conv2d    `nn:"input_conv"` // nil but in BigGAN-deep
	Blocks [][]nn.Layer  `nn:"blocks"`
	Linear *nn.Linear    `nn:"linear"`
	Embed  *nn.Embedding `nn:"embed"`
}

// NewDiscriminator makes the network with its initial weights.
func NewDiscriminator(c Config) (*Discriminator, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	table := c.discriminator()
	if table.in == nil {
		return nil, fmt.Errorf("biggan: there is a generator for --size %d, but no discriminator; --size 256 is the largest with both", c.Size)
	}
	if err := table.attention(c, c.DWidth); err != nil {
		return nil, err
	}
	d := &Discriminator{}
	if c.Deep {
		d.Input = c.conv(c.Channels, table.in[0]*c.DWidth, 3)
	}
	for i := range table.in {
		in, out, halves := table.in[i]*c.DWidth, table.out[i]*c.DWidth, i < table.halving
		var stage []nn.Layer
		switch {
		case c.Deep:
			stage = append(stage, c.newDeepDBlock(in, out, halves))
			for range c.Depth - 1 {
				stage = append(stage, c.newDeepDBlock(out, out, false))
			}
		case i == 0:
			stage = append(stage, gan.NewBigGANDBlock(c.Channels, out, gan.BigGANDBlockOptions{First: true, Downsample: halves, Rule: c.norm}))
		default:
			stage = append(stage, gan.NewBigGANDBlock(in, out, gan.BigGANDBlockOptions{Downsample: halves, Rule: c.norm}))
		}
		if table.resolutions[i] == c.Attention {
			stage = append(stage, gan.NewSelfAttention(out, c.norm))
		}
		d.Blocks = append(d.Blocks, stage)
	}
	features := table.out[len(table.out)-1] * c.DWidth
	d.Linear, d.Embed = c.linear(features, 1), c.embedding(c.Classes, features)
	c.initialise(d)
	return d, nil
}

// Forward scores pictures.
func (d *Discriminator) Forward(x, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := x
		if d.Input != nil {
			h = d.Input.Forward(h)
		}
		for _, stage := range d.Blocks {
			for _, l := range stage {
				h = l.Forward(h)
			}
		}
		return gan.Project(h.ReLU().SumDim([]int{2, 3}), y, d.Linear, d.Embed)
	})
}
