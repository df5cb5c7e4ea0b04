package stackgan

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

var (
	same  = nn.Conv{Padding: 1, NoBias: true} // 3×3
	point = nn.Conv{NoBias: true}             // 1×1
	halve = nn.Conv{Stride: 2, Padding: 1, NoBias: true}
	whole = nn.Conv{Stride: 4, NoBias: true} // 4×4 over a map of that size
	twice = nn.Upsample{Scale: 2}
	relu  = nn.ReLU{InPlace: true}
	leaky = nn.LeakyReLU{Slope: 0.2, InPlace: true}
)

// Noise is what a generator draws for N pictures: z (N, Latent), and the ε (N, Condition) of each stage's condition, which
// it draws itself where they are nil.
type Noise struct{ Z, First, Second *torch.Tensor }

// Output is what a generator makes.
type Output struct {
	Image      *torch.Tensor // (N, 3, Size, Size) in [−1, 1]
	Sketch     *torch.Tensor // Stage I's, (N, 3, 64, 64); nil from Stage I itself
	Mu, LogVar *torch.Tensor // of the last stage's condition, (N, Condition)
}

// A Generator makes pictures of embeddings (N, Text).
type Generator interface {
	Generate(text *torch.Tensor, noise Noise) Output
}

// Stage1 makes sketches. Zhang et al. 2017, §3.3; the programs' tables, with Width w and BN everywhere but at the end:
//
//	       tf                                                    pt
//	4×4    linear [c, z] → 8w, + bottleneck block, ReLU          linear [z, c] → 8w    ReLU
//	8×8    nearest, 3×3 → 4w, + bottleneck block, ReLU           nearest, 3×3 → 4w     ReLU
//	16×16  nearest, 3×3 → 2w                        ReLU         nearest, 3×3 → 2w     ReLU
//	32×32  nearest, 3×3 → w                         ReLU         nearest, 3×3 → w      ReLU
//	64×64  nearest, 3×3 → 3                         tanh         nearest, 3×3 → w/2    ReLU; 3×3 → 3  tanh
type Stage1 struct {
	CA   *gan.ConditioningAugmentation `nn:"ca_net"`
	FC   *nn.Sequential                `nn:"fc"`
	Body nn.ModuleDict                 `nn:""`
	Img  *nn.Sequential                `nn:"img"`

	codeFirst bool
}

// NewStage1 makes the network.
func NewStage1(c Config) *Stage1 {
	w, in := c.Width, c.Condition+c.Latent
	if c.Flavour == "pt" {
		return &Stage1{
			CA:   gan.NewConditioningAugmentation(c.Text, c.Condition),
			FC:   nn.NewSequential(nn.NewLinear(in, 16*8*w, nn.LinearOptions{NoBias: true}), nn.NewBatchNorm1d(16*8*w), relu),
			Body: doublings(8*w, 4),
			Img:  nn.NewSequential(nn.NewConv2d(w/2, 3, 3, same), nn.Tanh{}),
		}
	}
	return &Stage1{
		CA: gan.NewConditioningAugmentation(c.Text, c.Condition, gan.ConditioningOptions{Leaky: true}),
		FC: nn.NewSequential(nn.NewLinear(in, 16*8*w), nn.NewBatchNorm1d(16*8*w)),
		Body: nn.ModuleDict{
			{Name: "residual1", Module: newBottleneck(8*w, relu)},
			{Name: "upsample1", Module: nn.NewSequential(twice, nn.NewConv2d(8*w, 4*w, 3, same), nn.NewBatchNorm2d(4*w))},
			{Name: "residual2", Module: newBottleneck(4*w, relu)},
			{Name: "upsample2", Module: newDoubling(4*w, 2*w)},
			{Name: "upsample3", Module: newDoubling(2*w, w)},
		},
		Img:       nn.NewSequential(twice, nn.NewConv2d(w, 3, 3, same), nn.Tanh{}),
		codeFirst: true,
	}
}

// Generate implements [Generator]. Second is not used.
func (g *Stage1) Generate(text *torch.Tensor, noise Noise) Output {
	out := torch.TidyAll(func() []*torch.Tensor {
		code, mu, logVar := g.CA.Forward(text, noise.First)
		in := []*torch.Tensor{noise.Z, code}
		if g.codeFirst {
			in = []*torch.Tensor{code, noise.Z}
		}
		h := g.FC.Forward(torch.Cat(in, torch.CatOptions{Dim: 1})).View(text.Size(0), -1, 4, 4)
		return []*torch.Tensor{g.Img.Forward(through(g.Body, h)), mu, logVar}
	})
	return Output{Image: out[0], Mu: out[1], LogVar: out[2]}
}

// Stage2 makes pictures of the sketches of a Stage1 that it holds and that does not learn, though the running statistics of
// its batch norms move. Zhang et al. 2017, §3.4; the programs' tables, with Width w:
//
//	64×64          3×3           3 → w          ReLU
//	32×32          4×4 stride 2  → 2w           BN, ReLU
//	16×16          4×4 stride 2  → 4w           BN, ReLU
//	               3×3 of [h, c] → 4w           BN, ReLU
//	               Blocks × [3×3, BN, ReLU, 3×3, BN, + input, ReLU]
//	32, 64, 128    nearest, 3×3  → 2w, w, w/2   BN, ReLU
//	256, if Size   nearest, 3×3  → w/4          BN, ReLU
//	               3×3           → 3            tanh
type Stage2 struct {
	Stage1   *Stage1                       `nn:"STAGE1_G"`
	CA       *gan.ConditioningAugmentation `nn:"ca_net"`
	Encoder  *nn.Sequential                `nn:"encoder"`
	Joint    *nn.Sequential                `nn:"hr_joint"`
	Residual *nn.Sequential                `nn:"residual"`
	Body     nn.ModuleDict                 `nn:""`
	Img      *nn.Sequential                `nn:"img"`
}

// NewStage2 makes the network, with a frozen Stage1.
func NewStage2(c Config) *Stage2 {
	w, ups := c.Width, 3
	if c.Size == 256 {
		ups = 4
	}
	g := &Stage2{
		Stage1: NewStage1(c),
		CA:     gan.NewConditioningAugmentation(c.Text, c.Condition, gan.ConditioningOptions{Leaky: c.Flavour == "tf"}),
		Encoder: nn.NewSequential(
			nn.NewConv2d(3, w, 3, same), relu,
			nn.NewConv2d(w, 2*w, 4, halve), nn.NewBatchNorm2d(2*w), relu,
			nn.NewConv2d(2*w, 4*w, 4, halve), nn.NewBatchNorm2d(4*w), relu,
		),
		Joint:    nn.NewSequential(nn.NewConv2d(4*w+c.Condition, 4*w, 3, same), nn.NewBatchNorm2d(4*w), relu),
		Residual: nn.NewSequential(),
		Body:     doublings(4*w, ups),
		Img:      nn.NewSequential(nn.NewConv2d(4*w>>ups, 3, 3, same), nn.Tanh{}),
	}
	for range c.Blocks {
		g.Residual.Layers = append(g.Residual.Layers, &residual{nn.NewSequential(
			nn.NewConv2d(4*w, 4*w, 3, same), nn.NewBatchNorm2d(4*w), relu,
			nn.NewConv2d(4*w, 4*w, 3, same), nn.NewBatchNorm2d(4*w),
		), relu})
	}
	nn.Freeze(g.Stage1)
	return g
}

// Generate implements [Generator].
func (g *Stage2) Generate(text *torch.Tensor, noise Noise) Output {
	out := torch.TidyAll(func() []*torch.Tensor {
		var sketch *torch.Tensor
		torch.NoGrad(func() { sketch = g.Stage1.Generate(text, noise).Image })
		code, mu, logVar := g.CA.Forward(text, noise.Second)
		h := g.Joint.Forward(beside(g.Encoder.Forward(sketch), code))
		return []*torch.Tensor{g.Img.Forward(through(g.Body, g.Residual.Forward(h))), sketch, mu, logVar}
	})
	return Output{out[0], out[1], out[2], out[3]}
}

// residual is x + Block(x), activated.
type residual struct {
	Block *nn.Sequential `nn:"block"`
	act   nn.Layer
}

// Forward keeps the shape.
func (r *residual) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return r.act.Forward(r.Block.Forward(x).Add(x)) })
}

// newBottleneck is the block of tf's Stage I and discriminators, a quarter as wide inside.
func newBottleneck(w int, act nn.Layer) *residual {
	return &residual{nn.NewSequential(
		nn.NewConv2d(w, w/4, 1, point), nn.NewBatchNorm2d(w/4), act,
		nn.NewConv2d(w/4, w/4, 3, same), nn.NewBatchNorm2d(w/4), act,
		nn.NewConv2d(w/4, w, 3, same), nn.NewBatchNorm2d(w),
	), act}
}

// newDoubling doubles the side.
func newDoubling(in, out int) *nn.Sequential {
	return nn.NewSequential(twice, nn.NewConv2d(in, out, 3, same), nn.NewBatchNorm2d(out), relu)
}

// doublings are n of them, each half as wide as the one before.
func doublings(in, n int) (all nn.ModuleDict) {
	for i := range n {
		all = append(all, nn.NamedModule{Name: fmt.Sprint("upsample", i+1), Module: newDoubling(in>>i, in>>(i+1))})
	}
	return all
}

// through passes x through layers in their order.
func through(layers nn.ModuleDict, x *torch.Tensor) *torch.Tensor {
	for _, l := range layers {
		x = l.Module.(nn.Layer).Forward(x)
	}
	return x
}

// beside puts vectors (N, C), the same at each pixel, behind the channels of a map h (N, K, H, W).
func beside(h, vectors *torch.Tensor) *torch.Tensor {
	tiled := vectors.View(vectors.Size(0), -1, 1, 1).Expand([]int{-1, -1, h.Size(2), h.Size(3)})
	return torch.Cat([]*torch.Tensor{h, tiled}, torch.CatOptions{Dim: 1})
}
