package s3gan

import (
	"math"
	"strings"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

// A plan is what depends on the side of the pictures.
type plan struct {
	latent  int   // length of z
	g       []int // channels before each block of the generator, and after the last, in Widths
	d       []int // channels after each block of the discriminator
	attendG int   // the block of the generator that a self-attention follows, counted from 1; 0 for none
	attendD int
}

// plans are those of resnet_biggan.py; it names no place for the attention at 32 and 64 pixels, and no length of z there.
var plans = map[int]plan{
	32:  {latent: 128, g: []int{4, 4, 4, 4}, d: []int{2, 2, 2, 2}},
	64:  {latent: 100, g: []int{16, 16, 8, 4, 2}, d: []int{2, 4, 8, 16, 16}},
	128: {latent: 120, g: []int{16, 16, 8, 4, 2, 1}, d: []int{1, 2, 4, 8, 16, 16}, attendG: 4, attendD: 1},
	256: {latent: 140, g: []int{16, 16, 8, 8, 4, 2, 1}, d: []int{1, 2, 4, 8, 8, 16, 16}, attendG: 5, attendD: 2},
}

// embedding is the length of the generator's embedding of a class.
const embedding = 128

// Generator makes pictures of latents and classes. All layers but EmbedY have a spectral norm.
//
//	y           classes → 128, no bias
//	z           cut into as many pieces as there are blocks, and one
//	4×4         linear z₀ → 4·4·16·Width
//	8×8 …       GBlock each, with the condition (zₖ, y)
//	            self-attention at 64×64 of 128 and 256 pixels
//	Size×Size   BN, ReLU, 3×3 → Channels, (tanh + 1)/2
type Generator struct {
	EmbedY    *nn.Linear         `nn:"embed_y"`
	FCNoise   *nn.Linear         `nn:"fc_noise"`
	Blocks    []*GBlock          `nn:"blocks"`
	NonLocal  *gan.SelfAttention `nn:"non_local_block"` // nil at 32 and 64 pixels
	FinalNorm *Norm              `nn:"final_norm"`
	FinalConv *nn.Conv2d         `nn:"final_conv"`

	attend int
}

// NewGenerator makes the network of checked settings with PyTorch's initial values.
func NewGenerator(c Config) *Generator {
	p, w := plans[c.Size], c.Width
	piece := c.Latent / len(p.g)
	g := &Generator{EmbedY: nn.NewLinear(c.classes(), embedding, noBias), FCNoise: linear(piece, 4*4*p.g[0]*w), attend: p.attendG}
	for i, in := range p.g[:len(p.g)-1] {
		g.Blocks = append(g.Blocks, newGBlock(in*w, p.g[i+1]*w, piece+embedding))
	}
	if p.attendG > 0 {
		g.NonLocal = attention(p.g[p.attendG] * w)
	}
	last := p.g[len(p.g)-1] * w
	g.FinalNorm, g.FinalConv = newNorm(last), conv3(last, c.Channels)
	return g
}

// Forward maps latents z (N, Latent) and classes y (N, classes), one-hot, to pictures (N, Channels, Size, Size) in [0,
// 1].
func (g *Generator) Forward(z, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		y, pieces := g.EmbedY.Forward(y), z.Chunk(len(g.Blocks)+1, torch.ChunkOptions{Dim: 1})
		h := g.FCNoise.Forward(pieces[0]).View(z.Size(0), -1, 4, 4)
		for i, b := range g.Blocks {
			h = b.Forward(h, torch.Cat([]*torch.Tensor{pieces[i+1], y}, torch.CatOptions{Dim: 1}))
			if i+1 == g.attend {
				h = g.NonLocal.Forward(h)
			}
		}
		return g.FinalConv.Forward(g.FinalNorm.Forward(h).ReLU()).Tanh().AddScalar(1).DivScalar(2)
	})
}

// Discriminator judges pictures, and has heads that tell their turn and their class. All layers have a spectral norm.
//
//	Size/2 … 4×4   DBlock each, the last of which keeps the size
//	               self-attention at 64×64 of 128 and 256 pixels
//	h              ReLU, sum over pixels
//	score          linear h → 1, plus the product of h with the class's row of Projection
//	turns          linear h → 4
//	classes        linear h → classes
type Discriminator struct {
	Blocks     []*DBlock          `nn:"blocks"`
	NonLocal   *gan.SelfAttention `nn:"non_local_block"` // nil at 32 and 64 pixels
	FinalFC    *nn.Linear         `nn:"final_fc"`
	Rotation   *nn.Linear         `nn:"rotation"`   // nil without self-supervision
	Predictor  *nn.Linear         `nn:"predictor"`  // nil without co-training
	Projection *nn.Linear         `nn:"projection"` // classes → h, no bias; nil without

	attend int
	soft   bool // what is predicted is a distribution, not the likeliest class
}

// NewDiscriminator makes the network of checked settings with PyTorch's initial values.
func NewDiscriminator(c Config) *Discriminator {
	p := plans[c.Size]
	d, in := &Discriminator{attend: p.attendD, soft: c.SoftPred}, c.Channels
	for i, k := range p.d {
		d.Blocks = append(d.Blocks, newDBlock(in, k*c.Width, i < len(p.d)-1))
		in = k * c.Width
	}
	if p.attendD > 0 {
		d.NonLocal = attention(p.d[p.attendD-1] * c.Width)
	}
	d.FinalFC = linear(in, 1)
	if c.rotates() {
		d.Rotation = linear(in, 4)
	}
	if c.Predictor {
		d.Predictor = linear(in, c.classes())
	}
	if *c.ProjectY {
		d.Projection = linear(c.classes(), in, noBias)
	}
	return d
}

// Judgement is what the discriminator says of pictures.
type Judgement struct {
	Score   *torch.Tensor // (N, 1)
	Turns   *torch.Tensor // logits (N, 4) of quarter turns; nil without self-supervision
	Classes *torch.Tensor // logits (N, classes); nil without co-training
}

// part is the judgement of n pictures from the one numbered from on.
func (j Judgement) part(from, n int) Judgement {
	cut := func(t *torch.Tensor) *torch.Tensor {
		if t == nil {
			return nil
		}
		return t.Narrow(0, from, n)
	}
	return Judgement{cut(j.Score), cut(j.Turns), cut(j.Classes)}
}

// Forward judges pictures x (N, Channels, Size, Size) in [0, 1] with labels y (N, classes): probabilities, or zeros where
// there is no label. A missing label is that of the predictor, or, without one, leaves the score unconditional.
func (d *Discriminator) Forward(x, y *torch.Tensor) Judgement {
	h := torch.Tidy(func() *torch.Tensor {
		for i, b := range d.Blocks {
			x = b.Forward(x)
			if i+1 == d.attend {
				x = d.NonLocal.Forward(x)
			}
		}
		return x.ReLU().SumDim([]int{2, 3})
	})
	j := Judgement{Score: d.FinalFC.Forward(h)}
	if d.Rotation != nil {
		j.Turns = d.Rotation.Forward(h)
	}
	if d.Predictor != nil {
		j.Classes = d.Predictor.Forward(h)
		y = complete(y, j.Classes, d.soft)
	}
	if d.Projection != nil {
		j.Score = torch.Tidy(func() *torch.Tensor {
			return j.Score.Add(d.Projection.Forward(y).Mul(h).SumDim([]int{1}, torch.SumDimOptions{Keepdim: true}))
		})
	}
	return j
}

// complete puts what the logits (N, K) predict, all of it or the likeliest class, in place of the rows of y (N, K) that
// have no label. No gradient passes.
func complete(y, logits *torch.Tensor, soft bool) *torch.Tensor {
	return torch.Tidy(func() (out *torch.Tensor) {
		torch.NoGrad(func() {
			predicted := logits.Softmax(-1)
			if !soft {
				predicted = gan.OneHot(logits.ArgMax(torch.ArgMaxOptions{Dim: new(1)}), logits.Size(1)).ToDType(y.DType())
			}
			known := labelled(y)
			out = known.Mul(y).Add(known.Neg().AddScalar(1).Mul(predicted))
		})
		return out
	})
}

// labelled is 1 for each row of y (N, K) that holds a label, else 0, (N, 1).
func labelled(y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		return y.SumDim([]int{1}, torch.SumDimOptions{Keepdim: true}).GtScalar(0.5).ToDType(y.DType())
	})
}

// initialise draws all weights orthogonal, but the projection's as Glorot and Bengio 2010 do, in TensorFlow's truncated
// form, and sets biases to 0.
func initialise(networks ...any) {
	for _, network := range networks {
		for _, e := range nn.StateDict(network) {
			switch {
			case strings.HasSuffix(e.Name, ".bias"):
				initializer.Constant(e.Tensor, 0)
			case e.Name == "projection.weight":
				const cut = 0.87962566103423978 // deviation of a standard normal variable that is cut at ±2
				s := math.Sqrt(2/float64(e.Tensor.Size(0)+e.Tensor.Size(1))) / cut
				initializer.TruncNormal(e.Tensor, 0, s, -2*s, 2*s)
			case strings.HasSuffix(e.Name, ".weight"):
				initializer.Orthogonal(e.Tensor, 1)
			}
		}
	}
}
