package biggan

import (
	"fmt"
	"slices"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// stages are the channels that go into and come out of a network's stages, in units of its width, and the resolution of
// what comes out.
type stages struct{ in, out, resolutions []int }

// attention checks that a network of such stages and width can have the self-attention that the settings ask for.
func (s stages) attention(c Config, width int) error {
	if c.Attention == 0 {
		return nil
	}
	i := slices.Index(s.resolutions, c.Attention)
	if i < 0 {
		return fmt.Errorf("biggan: --attention %d is not one of the resolutions %v", c.Attention, s.resolutions)
	}
	if maps := s.out[i] * width; maps < 8 {
		return fmt.Errorf("biggan: --attention %d takes at least 8 feature maps, and there are %d with a width of %d", c.Attention, maps, width)
	}
	return nil
}

// generatorStages are those of the generators of pictures of a size. Each doubles the size, from 4×4.
var generatorStages = map[int]stages{
	32:  {[]int{4, 4, 4}, []int{4, 4, 4}, []int{8, 16, 32}},
	64:  {[]int{16, 16, 8, 4}, []int{16, 8, 4, 2}, []int{8, 16, 32, 64}},
	128: {[]int{16, 16, 8, 4, 2}, []int{16, 8, 4, 2, 1}, []int{8, 16, 32, 64, 128}},
	256: {[]int{16, 16, 8, 8, 4, 2}, []int{16, 8, 8, 4, 2, 1}, []int{8, 16, 32, 64, 128, 256}},
	512: {[]int{16, 16, 8, 8, 4, 2, 1}, []int{16, 8, 8, 4, 2, 1, 1}, []int{8, 16, 32, 64, 128, 256, 512}},
}

// Generator maps latents z (N, Latent) and classes y (N) to pictures (N, Channels, Size, Size) in [−1, 1].
//
// Brock et al. 2019, appendix B; BigGAN.py and BigGANdeep.py, here for 128 pixels:
//
//	4×4      linear                    of z → 16·Width
//	8×8      block                     16·Width
//	16×16    block                     → 8·Width
//	32×32    block                     → 4·Width
//	64×64    block, self-attention     → 2·Width
//	128×128  block                     → Width
//	128×128  BN, ReLU, 3×3, tanh       → Channels
//
// The norms of a block see the class: by a table of their own, by the embedding that all share, or by that and the
// block's piece of z, the first of which is the linear layer's. In BigGAN-deep there are Depth blocks for each line, the
// last of which doubles the size, and all of them and the linear layer see the embedding and the whole of z.
type Generator struct {
	Shared *nn.Embedding    `nn:"shared"` // nil without a shared embedding
	Linear *nn.Linear       `nn:"linear"`
	Blocks []generatorStage `nn:"blocks"`
	Output *nn.Sequential   `nn:"output_layer"`

	config Config
}

// generatorStage is a block and what follows it.
type generatorStage struct {
	Block     generatorBlock     `nn:"0"`
	Attention *gan.SelfAttention `nn:"1"` // nil elsewhere
}

// generatorBlock is a *gan.BigGANGBlock or a *DeepGBlock.
type generatorBlock interface {
	Forward(x, y *torch.Tensor) *torch.Tensor
}

// NewGenerator makes the network with its initial weights. Size may also be 512, for which there is no discriminator.
func NewGenerator(c Config) (*Generator, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	w := generatorStages[c.Size]
	if err := w.attention(c, c.Width); err != nil {
		return nil, err
	}
	g := &Generator{config: c}
	if c.Shared > 0 {
		g.Shared = nn.NewEmbedding(c.Classes, c.Shared)
	}
	first, seen := c.Latent/c.pieces(), c.Shared
	switch {
	case c.Deep:
		first += c.Shared
		seen = first
	case c.Hierarchical:
		seen += first
	}
	g.Linear = c.linear(first, 16*w.in[0]*c.Width)
	norm := c.conditional(seen)
	for i := range w.in {
		in, out := w.in[i]*c.Width, w.out[i]*c.Width
		if c.Deep {
			for range c.Depth - 1 {
				g.Blocks = append(g.Blocks, generatorStage{Block: c.newDeepGBlock(in, in, false, norm)})
			}
			g.Blocks = append(g.Blocks, generatorStage{Block: c.newDeepGBlock(in, out, true, norm)})
		} else {
			g.Blocks = append(g.Blocks, generatorStage{Block: gan.NewBigGANGBlock(in, out, true, c.norm, norm)})
		}
		if w.resolutions[i] == c.Attention {
			g.Blocks[len(g.Blocks)-1].Attention = gan.NewSelfAttention(out, c.norm)
		}
	}
	last := w.out[len(w.out)-1] * c.Width
	var bn nn.Layer = gan.NewBigGANBatchNorm2d(last)
	if c.OwnBN {
		bn = gan.NewBigGANOwnNorm(last)
	}
	g.Output = nn.NewSequential(bn, nn.ReLU{}, c.conv(last, c.Channels, 3))
	c.initialise(g)
	return g, nil
}

// Forward generates pictures.
func (g *Generator) Forward(z, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		if g.Shared != nil {
			y = g.Shared.Forward(y)
		}
		pieces := []*torch.Tensor{z}
		if g.config.Hierarchical {
			pieces = z.Chunk(g.config.pieces(), torch.ChunkOptions{Dim: 1})
		}
		if g.config.Deep {
			y = besides(y, z)
			pieces[0] = y
		}
		h := g.Linear.Forward(pieces[0]).View(z.Size(0), -1, 4, 4)
		for i, stage := range g.Blocks {
			seen := y
			if g.config.Hierarchical {
				seen = besides(y, pieces[1+i])
			}
			h = stage.Block.Forward(h, seen)
			if stage.Attention != nil {
				h = stage.Attention.Forward(h)
			}
		}
		return g.Output.Forward(h).Tanh()
	})
}

// besides joins vectors (N, a) and (N, b) to (N, a+b).
func besides(a, b *torch.Tensor) *torch.Tensor {
	return torch.Cat([]*torch.Tensor{a, b}, torch.CatOptions{Dim: 1})
}
