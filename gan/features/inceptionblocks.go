package features

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// convNorm is a convolution without bias, batch norm of eps 1e-3, ReLU.
type convNorm struct {
	Conv *nn.Conv2d      `nn:"conv"`
	BN   *nn.BatchNorm2d `nn:"bn"`
}

func newConvNorm(in, out int, kernel nn.Dims, o ...nn.Conv) *convNorm {
	settings := nn.Conv{NoBias: true}
	if len(o) > 0 {
		settings.Stride, settings.Padding = o[0].Stride, o[0].Padding
	}
	return &convNorm{nn.NewConv2d(in, out, kernel, settings), nn.NewBatchNorm2d(out, nn.BatchNorm{Eps: 1e-3})}
}

func (c *convNorm) Forward(x *torch.Tensor) *torch.Tensor {
	return c.BN.Forward(c.Conv.Forward(x)).ReLUInPlace()
}

// row and column are a convolution of 1×n and of n×1 that keeps the size.
func row(in, out, n int) *convNorm {
	return newConvNorm(in, out, []int{1, n}, nn.Conv{Padding: []int{0, n / 2}})
}

func column(in, out, n int) *convNorm {
	return newConvNorm(in, out, []int{n, 1}, nn.Conv{Padding: []int{n / 2, 0}})
}

// same keeps the size; half is of stride 2 without padding.
func same(in, out, n int) *convNorm { return newConvNorm(in, out, n, nn.Conv{Padding: n / 2}) }
func half(in, out, n int) *convNorm { return newConvNorm(in, out, n, nn.Conv{Stride: 2}) }

func join(parts ...*torch.Tensor) *torch.Tensor { return torch.Cat(parts, torch.CatOptions{Dim: 1}) }

// around is the mean of 3×3 elements, those of the padding not counted.
var around = nn.AvgPool2d{Size: 3, Stride: 1, Padding: 1, ExcludePad: true}

// inceptionA keeps 35×35 and gives 224 + pool channels.
type inceptionA struct {
	One     *convNorm `nn:"branch1x1"`
	Five1   *convNorm `nn:"branch5x5_1"`
	Five2   *convNorm `nn:"branch5x5_2"`
	Double1 *convNorm `nn:"branch3x3dbl_1"`
	Double2 *convNorm `nn:"branch3x3dbl_2"`
	Double3 *convNorm `nn:"branch3x3dbl_3"`
	Pool    *convNorm `nn:"branch_pool"`
}

func newInceptionA(in, pool int) *inceptionA {
	return &inceptionA{
		One:   same(in, 64, 1),
		Five1: same(in, 48, 1), Five2: same(48, 64, 5),
		Double1: same(in, 64, 1), Double2: same(64, 96, 3), Double3: same(96, 96, 3),
		Pool: same(in, pool, 1),
	}
}

func (b *inceptionA) Forward(x *torch.Tensor) *torch.Tensor {
	return join(b.One.Forward(x), chain(x, b.Five1, b.Five2), chain(x, b.Double1, b.Double2, b.Double3), chain(x, around, b.Pool))
}

// inceptionB halves the sides and adds 480 channels.
type inceptionB struct {
	Three   *convNorm `nn:"branch3x3"`
	Double1 *convNorm `nn:"branch3x3dbl_1"`
	Double2 *convNorm `nn:"branch3x3dbl_2"`
	Double3 *convNorm `nn:"branch3x3dbl_3"`
}

func newInceptionB(in int) *inceptionB {
	return &inceptionB{Three: half(in, 384, 3), Double1: same(in, 64, 1), Double2: same(64, 96, 3), Double3: half(96, 96, 3)}
}

func (b *inceptionB) Forward(x *torch.Tensor) *torch.Tensor {
	return join(b.Three.Forward(x), chain(x, b.Double1, b.Double2, b.Double3), nn.MaxPool2d{Size: 3, Stride: 2}.Forward(x))
}

// inceptionC keeps 17×17 and gives 768 channels; its 7×7 convolutions are pairs of rows and columns of c channels.
type inceptionC struct {
	One     *convNorm `nn:"branch1x1"`
	Seven1  *convNorm `nn:"branch7x7_1"`
	Seven2  *convNorm `nn:"branch7x7_2"`
	Seven3  *convNorm `nn:"branch7x7_3"`
	Double1 *convNorm `nn:"branch7x7dbl_1"`
	Double2 *convNorm `nn:"branch7x7dbl_2"`
	Double3 *convNorm `nn:"branch7x7dbl_3"`
	Double4 *convNorm `nn:"branch7x7dbl_4"`
	Double5 *convNorm `nn:"branch7x7dbl_5"`
	Pool    *convNorm `nn:"branch_pool"`
}

func newInceptionC(in, c int) *inceptionC {
	return &inceptionC{
		One:    same(in, 192, 1),
		Seven1: same(in, c, 1), Seven2: row(c, c, 7), Seven3: column(c, 192, 7),
		Double1: same(in, c, 1), Double2: column(c, c, 7), Double3: row(c, c, 7), Double4: column(c, c, 7), Double5: row(c, 192, 7),
		Pool: same(in, 192, 1),
	}
}

func (b *inceptionC) Forward(x *torch.Tensor) *torch.Tensor {
	return join(b.One.Forward(x), chain(x, b.Seven1, b.Seven2, b.Seven3),
		chain(x, b.Double1, b.Double2, b.Double3, b.Double4, b.Double5), chain(x, around, b.Pool))
}

// inceptionD halves the sides and adds 512 channels.
type inceptionD struct {
	Three1 *convNorm `nn:"branch3x3_1"`
	Three2 *convNorm `nn:"branch3x3_2"`
	Seven1 *convNorm `nn:"branch7x7x3_1"`
	Seven2 *convNorm `nn:"branch7x7x3_2"`
	Seven3 *convNorm `nn:"branch7x7x3_3"`
	Seven4 *convNorm `nn:"branch7x7x3_4"`
}

func newInceptionD(in int) *inceptionD {
	return &inceptionD{
		Three1: same(in, 192, 1), Three2: half(192, 320, 3),
		Seven1: same(in, 192, 1), Seven2: row(192, 192, 7), Seven3: column(192, 192, 7), Seven4: half(192, 192, 3),
	}
}

func (b *inceptionD) Forward(x *torch.Tensor) *torch.Tensor {
	return join(chain(x, b.Three1, b.Three2), chain(x, b.Seven1, b.Seven2, b.Seven3, b.Seven4),
		nn.MaxPool2d{Size: 3, Stride: 2}.Forward(x))
}

// inceptionE keeps 8×8 and gives 2048 channels.
type inceptionE struct {
	One      *convNorm `nn:"branch1x1"`
	Three1   *convNorm `nn:"branch3x3_1"`
	Three2a  *convNorm `nn:"branch3x3_2a"`
	Three2b  *convNorm `nn:"branch3x3_2b"`
	Double1  *convNorm `nn:"branch3x3dbl_1"`
	Double2  *convNorm `nn:"branch3x3dbl_2"`
	Double3a *convNorm `nn:"branch3x3dbl_3a"`
	Double3b *convNorm `nn:"branch3x3dbl_3b"`
	Pool     *convNorm `nn:"branch_pool"`

	around nn.Layer
}

func newInceptionE(in int, around nn.Layer) *inceptionE {
	return &inceptionE{
		One:    same(in, 320, 1),
		Three1: same(in, 384, 1), Three2a: row(384, 384, 3), Three2b: column(384, 384, 3),
		Double1: same(in, 448, 1), Double2: same(448, 384, 3), Double3a: row(384, 384, 3), Double3b: column(384, 384, 3),
		Pool:   same(in, 192, 1),
		around: around,
	}
}

func (b *inceptionE) Forward(x *torch.Tensor) *torch.Tensor {
	three, double := b.Three1.Forward(x), chain(x, b.Double1, b.Double2)
	return join(b.One.Forward(x), b.Three2a.Forward(three), b.Three2b.Forward(three),
		b.Double3a.Forward(double), b.Double3b.Forward(double), chain(x, b.around, b.Pool))
}
