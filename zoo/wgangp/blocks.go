package wgangp

import (
	"math"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
)

var (
	same    = nn.Conv{Padding: 1} // a 3×3 convolution that keeps the size
	relu    = nn.ReLU{}
	halve   = nn.AvgPool2d{Size: 2}
	nearest = nn.Upsample{Scale: 2}
	smooth  = nn.Upsample{Scale: 2, Mode: "bilinear"}
)

// UpBlock doubles the size: BN, ReLU, twice, 3×3, BN, ReLU, 3×3, and beside it twice, 1×1.
type UpBlock struct {
	C1  *nn.Conv2d      `nn:"c1"`
	C2  *nn.Conv2d      `nn:"c2"`
	B1  *nn.BatchNorm2d `nn:"b1"`
	B2  *nn.BatchNorm2d `nn:"b2"`
	CSC *nn.Conv2d      `nn:"c_sc"`

	twice nn.Upsample
}

func newUpBlock(in, out int, twice nn.Upsample, first nn.Conv) *UpBlock {
	return &UpBlock{
		C1: nn.NewConv2d(in, out, 3, first), C2: nn.NewConv2d(out, out, 3, same),
		B1: nn.NewBatchNorm2d(in), B2: nn.NewBatchNorm2d(out), CSC: nn.NewConv2d(in, out, 1), twice: twice,
	}
}

// Forward maps (N, in, H, W) to (N, out, 2H, 2W).
func (b *UpBlock) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := b.C1.Forward(b.twice.Forward(relu.Forward(b.B1.Forward(x))))
		h = b.C2.Forward(relu.Forward(b.B2.Forward(h)))
		return h.Add(b.CSC.Forward(b.twice.Forward(x)))
	})
}

// FirstBlock halves the size of pictures: 3×3, ReLU, 3×3, mean, and beside it mean, 1×1.
type FirstBlock struct {
	C1  *nn.Conv2d `nn:"c1"`
	C2  *nn.Conv2d `nn:"c2"`
	CSC *nn.Conv2d `nn:"c_sc"`
}

func newFirstBlock(in, out int) *FirstBlock {
	return &FirstBlock{nn.NewConv2d(in, out, 3, same), nn.NewConv2d(out, out, 3, same), nn.NewConv2d(in, out, 1)}
}

// Forward maps (N, in, H, W) to (N, out, H/2, W/2).
func (b *FirstBlock) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := halve.Forward(b.C2.Forward(relu.Forward(b.C1.Forward(x))))
		return h.Add(b.CSC.Forward(halve.Forward(x)))
	})
}

// Block keeps or halves the size: ReLU, 3×3, ReLU, 3×3 and, where it halves, mean. Beside it x itself or, where it
// halves, 1×1, mean. In mimicry what passes beside is ReLU(x): the first ReLU there works in place.
type Block struct {
	C1  *nn.Conv2d `nn:"c1"`
	C2  *nn.Conv2d `nn:"c2"`
	CSC *nn.Conv2d `nn:"c_sc"` // nil where the size stays

	inPlace bool
}

func newBlock(width int, down, inPlace bool) *Block {
	b := &Block{C1: nn.NewConv2d(width, width, 3, same), C2: nn.NewConv2d(width, width, 3, same), inPlace: inPlace}
	if down {
		b.CSC = nn.NewConv2d(width, width, 1)
	}
	return b
}

// Forward maps (N, width, H, W) to the same or half the size.
func (b *Block) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := relu.Forward(x)
		if b.inPlace {
			x = h
		}
		h = b.C2.Forward(relu.Forward(b.C1.Forward(h)))
		if b.CSC == nil {
			return h.Add(x)
		}
		return halve.Forward(h).Add(halve.Forward(b.CSC.Forward(x)))
	})
}

// NormBlock halves the size: LN, ReLU, 3×3, LN, ReLU, 3×3, mean, and beside it mean, 1×1. The layer norm is over a
// picture's whole map with a scale and a shift for each channel.
type NormBlock struct {
	N1  *nn.GroupNorm `nn:"n1"`
	C1  *nn.Conv2d    `nn:"c1"`
	N2  *nn.GroupNorm `nn:"n2"`
	C2  *nn.Conv2d    `nn:"c2"`
	CSC *nn.Conv2d    `nn:"c_sc"`
}

func newNormBlock(in, out int) *NormBlock {
	return &NormBlock{
		nn.NewGroupNorm(1, in), nn.NewConv2d(in, in, 3, sameNoBias),
		nn.NewGroupNorm(1, in), nn.NewConv2d(in, out, 3, same), nn.NewConv2d(in, out, 1),
	}
}

var sameNoBias = nn.Conv{Padding: 1, NoBias: true}

// Forward maps (N, in, H, W) to (N, out, H/2, W/2).
func (b *NormBlock) Forward(x *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h := b.C1.Forward(relu.Forward(b.N1.Forward(x)))
		h = b.C2.Forward(relu.Forward(b.N2.Forward(h)))
		return halve.Forward(h).Add(b.CSC.Forward(halve.Forward(x)))
	})
}

// initialise draws weights from Xavier's uniform distribution, those of 3×3 convolutions with the gain √2 of ReLU. Plain
// are the convolutions that pass no ReLU on, with gain 1. Biases begin at 0.
func initialise(net any, plain ...*nn.Conv2d) {
	nn.Apply(net, func(m any) {
		switch l := m.(type) {
		case *nn.Linear:
			initializer.XavierUniform(l.Weight, 1)
			initializer.Constant(l.Bias, 0)
		case *nn.Conv2d:
			gain := math.Sqrt2
			if l.Weight.Size(2) == 1 {
				gain = 1
			}
			for _, p := range plain {
				if l == p {
					gain = 1
				}
			}
			initializer.XavierUniform(l.Weight, gain)
			if l.Bias != nil {
				initializer.Constant(l.Bias, 0)
			}
		}
	})
}
