package spade

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// spectral is the rule of the convolutions of all three networks.
func spectral(l nn.Weighted) { nn.SpectralNorm(l) }

var same = nn.Conv{Padding: 1} // a 3×3 convolution that keeps the size

// Generator is SPADE's: residual blocks whose norms take their scales and shifts from the label map, so that the map has a
// say at every size. NVlabs/SPADE models/networks/generator.py.
//
//	fc                      3×3 on the label map, or with a style a linear layer   → 16·Width
//	head_0                  block             16·Width → 16·Width
//	up, G_middle_0          block             16·Width → 16·Width
//	(up,) G_middle_1        block             16·Width → 16·Width      doubled before with more and most
//	up, up_0                block             16·Width → 8·Width
//	up, up_1                block             8·Width → 4·Width
//	up, up_2                block             4·Width → 2·Width
//	up, up_3                block             2·Width → Width
//	(up, up_4)              block             Width → Width/2          with most
//	conv_img                LeakyReLU 0.2, 3×3 → Channels, tanh
type Generator struct {
	FC      nn.Layer        `nn:"fc"` // *nn.Conv2d, or *nn.Linear with a style
	Head0   *gan.SPADEBlock `nn:"head_0"`
	Middle0 *gan.SPADEBlock `nn:"G_middle_0"`
	Middle1 *gan.SPADEBlock `nn:"G_middle_1"`
	Up0     *gan.SPADEBlock `nn:"up_0"`
	Up1     *gan.SPADEBlock `nn:"up_1"`
	Up2     *gan.SPADEBlock `nn:"up_2"`
	Up3     *gan.SPADEBlock `nn:"up_3"`
	Up4     *gan.SPADEBlock `nn:"up_4"` // nil but with most
	ConvImg *nn.Conv2d      `nn:"conv_img"`

	stages        [][]*gan.SPADEBlock // between which the size doubles
	height, width int                 // of the first map of a generator with a style
}

// NewGenerator makes the generator of settings that are complete.
func NewGenerator(c Config) *Generator {
	w, maps := c.Width, c.maps()
	block := func(in, out int) *gan.SPADEBlock {
		return gan.NewSPADEBlock(in, out, maps, spectral, gan.SPADEOptions{Instance: c.Norm == "instance", Hidden: c.Hidden})
	}
	g := &Generator{height: c.Height / c.multiple(), width: c.Size / c.multiple()}
	if c.VAE {
		g.FC = nn.NewLinear(c.Latent, 16*w*g.height*g.width)
	} else {
		g.FC = nn.NewConv2d(maps, 16*w, 3, same)
	}
	g.Head0, g.Middle0, g.Middle1 = block(16*w, 16*w), block(16*w, 16*w), block(16*w, 16*w)
	g.Up0, g.Up1, g.Up2, g.Up3 = block(16*w, 8*w), block(8*w, 4*w), block(4*w, 2*w), block(2*w, w)
	g.stages = [][]*gan.SPADEBlock{{g.Head0}, {g.Middle0, g.Middle1}, {g.Up0}, {g.Up1}, {g.Up2}, {g.Up3}}
	if c.Upsampling != "normal" {
		g.stages = [][]*gan.SPADEBlock{{g.Head0}, {g.Middle0}, {g.Middle1}, {g.Up0}, {g.Up1}, {g.Up2}, {g.Up3}}
	}
	if c.Upsampling == "most" {
		g.Up4 = block(w, w/2)
		g.stages = append(g.stages, []*gan.SPADEBlock{g.Up4})
		w /= 2
	}
	g.ConvImg = nn.NewConv2d(w, c.Channels, 3, same)
	return g
}

// Forward maps a label map (N, maps, H, W), one-hot, and a style z (N, Latent), nil without, to pictures (N, Channels, H,
// W) in [−1, 1]. Sides are multiples of 32, 64 with more, 128 with most; with a style they are those of the settings.
func (g *Generator) Forward(labels, z *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		x := g.start(labels, z)
		for i, blocks := range g.stages {
			if i > 0 {
				x = nn.Interpolate(x, nn.Interpolation{Scale: 2})
			}
			resized := gan.LabelsLike(labels, x) // once for all norms of a size
			for _, b := range blocks {
				x = b.Forward(x, resized)
			}
		}
		return g.ConvImg.Forward(leaky.Forward(x)).Tanh()
	})
}

// start is the smallest map.
func (g *Generator) start(labels, z *torch.Tensor) *torch.Tensor {
	if z != nil {
		return g.FC.Forward(z).View(z.Size(0), -1, g.height, g.width)
	}
	by := 1 << (len(g.stages) - 1)
	return g.FC.Forward(nn.Interpolate(labels, nn.Interpolation{Size: []int{labels.Size(2) / by, labels.Size(3) / by}}))
}
