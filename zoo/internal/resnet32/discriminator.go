package resnet32

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Discriminator judges pictures: a Body makes a map of them, and a Head scores what Pool leaves of it.
type Discriminator struct {
	Body nn.Layer `nn:""` // pictures to a map (N, Width, H, W)
	Head Head     `nn:""`

	Pool Pool
}

// Pool is how the last map becomes vectors.
type Pool string

const (
	Mean Pool = "mean" // averaged
	Sum  Pool = "sum"  // added up for the score, as SNGAN does; features are averaged
	Flat Pool = "flat" // as it is: each place of the map has weights of its own
)

// Head scores pooled maps and features, both (N, F), where F is the width of the map or, if Flat, its elements. y are
// labels (N).
type Head interface {
	Judge(pooled, features, y *torch.Tensor) Output
}

// Output is what a Discriminator says of pictures.
type Output struct {
	Score    *torch.Tensor // (N), the higher the more real
	Classes  *torch.Tensor // logits (N, Classes); nil from a ProjectionHead
	Features *torch.Tensor // (N, F), the last map averaged or flat
}

// DiscriminatorOptions are the dimensions of a Discriminator, all of which must be given, and what else differs.
type DiscriminatorOptions struct {
	Classes  int
	Width    int // feature maps
	Channels int // of pictures
	Size     int // of pictures, where Pool is Flat

	Projection   bool // judge pairs of a picture and a label, rather than classify pictures
	Pool         Pool // Mean or Sum; Flat for package dcgan32
	Dropout      bool // behind blocks 2, 3 and 4, whatever the mode
	SpectralNorm bool // of all layers but those for classes

	// Xavier begins layers with a spectral norm as those without. The official program means to, and does on the CPU; its
	// published runs, on GPUs, began with PyTorch's defaults.
	Xavier bool
}

// NewDiscriminator makes a residual discriminator with its initial weights: Xavier's uniform distribution, with gain √2 in
// 3×3 convolutions; biases 0.
func NewDiscriminator(o DiscriminatorOptions) *Discriminator {
	return &Discriminator{newBody(o), NewHead(o), o.Pool}
}

// NewHead makes a head for maps of o.Width features.
func NewHead(o DiscriminatorOptions) Head {
	l := layers{o.SpectralNorm, o.Xavier}
	if o.Projection {
		return &ProjectionHead{l.linear(o.Width, 1, nn.LinearOptions{NoBias: true}), l.embedding(o.Classes, o.Width)}
	}
	return &ClassHead{l.linear(o.Width, 1), layers{}.linear(o.Width, o.Classes)}
}

// Forward judges pictures x (N, Channels, H, W) in [−1, 1] with labels y (N), int64, which a ClassHead does not look at.
func (d *Discriminator) Forward(x, y *torch.Tensor) Output {
	out := torch.TidyAll(func() []*torch.Tensor {
		h := d.Body.Forward(x)
		if d.Pool == Flat {
			h = h.Reshape(h.Size(0), -1, 1, 1)
		}
		features := h.MeanDim([]int{2, 3})
		pooled := features
		if d.Pool == Sum {
			pooled = h.SumDim([]int{2, 3})
		}
		o := d.Head.Judge(pooled, features, y)
		return []*torch.Tensor{o.Score, o.Classes, o.Features}
	})
	return Output{out[0], out[1], out[2]}
}

// ClassHead is AC-GAN's: a score beside logits of classes. The logits see features even where the score sees sums.
type ClassHead struct {
	Dis *nn.Linear `nn:"linear5dis.linear"`
	Cls *nn.Linear `nn:"linear5cls.linear"`
}

// Judge scores and classifies.
func (h *ClassHead) Judge(pooled, features, _ *torch.Tensor) Output {
	return Output{h.Dis.Forward(pooled).SqueezeDim(1), h.Cls.Forward(features), features}
}

// ProjectionHead scores a picture with a label: w·h + e_y·h. Miyato and Koyama 2018, equation 13.
type ProjectionHead struct {
	Linear *nn.Linear    `nn:"linear5.linear"`
	Embed  *nn.Embedding `nn:"embed5.embed"`
}

// Judge scores.
func (h *ProjectionHead) Judge(pooled, features, y *torch.Tensor) Output {
	match := h.Embed.Forward(y).Mul(pooled).SumDim([]int{1})
	return Output{Score: h.Linear.Forward(pooled).SqueezeDim(1).Add(match), Features: features}
}

// Body maps pictures (N, Channels, H, W) to a map (N, Width, H/4, W/4).
//
//	16×16  first block        Channels → Width
//	8×8    block that halves  Width
//	8×8    block, block       Width
//	8×8    ReLU
type Body struct {
	Block1 *FirstBlock `nn:"block1"`
	Block2 *DownBlock  `nn:"block2"`
	Block3 *Block      `nn:"block3"`
	Block4 *Block      `nn:"block4"`

	// Dropout sets elements of a map to 0 with probability p and divides the others by 1 − p. It follows blocks 2, 3 and 4,
	// with p = 0.2, 0.5 and 0.5, in evaluation mode too; nil for none.
	Dropout func(h *torch.Tensor, p float64) *torch.Tensor
}

func newBody(o DiscriminatorOptions) *Body {
	l, w := layers{o.SpectralNorm, o.Xavier}, o.Width
	b := &Body{Block1: newFirstBlock(l, o.Channels, w), Block2: newDownBlock(l, w), Block3: newBlock(l, w), Block4: newBlock(l, w)}
	if o.Dropout {
		b.Dropout = func(h *torch.Tensor, p float64) *torch.Tensor { return torch.Dropout(h, p, true) }
	}
	return b
}

// Forward maps pictures.
func (b *Body) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := b.drop(b.Block2.Forward(b.Block1.Forward(x)), 0.2)
		h = b.drop(b.Block3.Forward(h), 0.5)
		return b.drop(b.Block4.Forward(h), 0.5).ReLU()
	})
}

func (b *Body) drop(h *torch.Tensor, p float64) *torch.Tensor {
	if b.Dropout == nil {
		return h
	}
	return b.Dropout(h, p)
}

var halve = nn.AvgPool2d{Size: 2}

// FirstBlock halves the size of pictures: 3×3, ReLU, 3×3, mean, and beside it mean, 1×1.
type FirstBlock struct {
	Conv1    *nn.Conv2d `nn:"conv1.conv"`
	Conv2    *nn.Conv2d `nn:"conv2.conv.conv"`
	Shortcut *nn.Conv2d `nn:"conv_shortcut.conv.conv"`
}

func newFirstBlock(l layers, in, out int) *FirstBlock {
	return &FirstBlock{l.main(in, out), l.main(out, out), l.shortcut(in, out)}
}

// Forward maps (N, in, H, W) to (N, out, H/2, W/2).
func (b *FirstBlock) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := halve.Forward(b.Conv2.Forward(b.Conv1.Forward(x).ReLU()))
		return b.Shortcut.Forward(halve.Forward(x)).Add(h)
	})
}

// DownBlock halves the size: ReLU, 3×3, ReLU, 3×3, mean, and beside it 1×1, mean.
type DownBlock struct {
	Shortcut *nn.Conv2d `nn:"conv_shortcut.conv.conv"`
	Conv1    *nn.Conv2d `nn:"conv1.conv"`
	Conv2    *nn.Conv2d `nn:"conv2.conv.conv"`
}

func newDownBlock(l layers, width int) *DownBlock {
	return &DownBlock{l.shortcut(width, width), l.main(width, width), l.main(width, width)}
}

// Forward maps (N, width, H, W) to (N, width, H/2, W/2).
func (b *DownBlock) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := halve.Forward(b.Conv2.Forward(b.Conv1.Forward(x.ReLU()).ReLU()))
		return halve.Forward(b.Shortcut.Forward(x)).Add(h)
	})
}

// Block keeps the size: ReLU, 3×3, ReLU, 3×3, and beside it x itself.
type Block struct {
	Conv1 *nn.Conv2d `nn:"conv1.conv"`
	Conv2 *nn.Conv2d `nn:"conv2.conv"`
}

func newBlock(l layers, width int) *Block { return &Block{l.main(width, width), l.main(width, width)} }

// Forward maps (N, width, H, W) to the same shape.
func (b *Block) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		return b.Conv2.Forward(b.Conv1.Forward(x.ReLU()).ReLU()).Add(x)
	})
}
