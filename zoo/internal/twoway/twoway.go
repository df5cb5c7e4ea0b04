// Package twoway is what CycleGAN, DiscoGAN and DualGAN share: a generator in each direction between two domains A and B
// of pictures, their sample grid, and U-Nets that the latter two have in PyTorch-GAN.
package twoway

import (
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Pair is the two generators. A model that embeds it is a train.Translator, but for Translation, and a train.Exhibitor.
type Pair struct {
	GA nn.Layer // pictures (N, C, H, W) of A in [−1, 1] to pictures of B
	GB nn.Layer // back

	Eval bool // Translate and Preview have the generators in evaluation mode, not in that of training

	a, b *torch.Tensor // items of the sample grid
}

// Translation describes a translator whose sides must be multiples of a number, and which sees so many pixels around each;
// 0 for the whole picture.
func Translation(multiple, margin int) train.Translation {
	return train.Translation{Inputs: []string{"A"}, Target: "B", Back: true, Scale: 1, Multiple: multiple, Margin: margin}
}

// Translate makes pictures of B of the batch's A, or back.
func (p *Pair) Translate(b *train.Batch, back bool) (made *torch.Tensor) {
	defer p.settle()()
	torch.NoGrad(func() {
		if back {
			made = p.GB.Forward(b.Tensor("B"))
		} else {
			made = p.GA.Forward(b.Tensor("A"))
		}
	})
	return made
}

// Exhibit keeps the items of the sample grid.
func (p *Pair) Exhibit(b *train.Batch) { p.a, p.b = b.Tensor("A"), b.Tensor("B") }

// Columns is 6: A, in B, and back; B, in A, and back.
func (p *Pair) Columns() int { return 6 }

// Preview makes a row (6, C, H, W) of each item.
func (p *Pair) Preview() (rows *torch.Tensor) {
	defer p.settle()()
	torch.NoGrad(func() {
		rows = torch.Tidy(func() *torch.Tensor {
			inB, inA := p.GA.Forward(p.a), p.GB.Forward(p.b)
			columns := []*torch.Tensor{p.a, inB, p.GB.Forward(inB), p.b, inA, p.GA.Forward(inA)}
			return torch.Stack(columns, torch.StackOptions{Dim: 1}).Flatten(torch.FlattenOptions{EndDim: new(1)})
		})
	})
	return rows
}

// settle puts the generators in evaluation mode, where Eval asks for it, until the function that it returns is called.
func (p *Pair) settle() (train func()) {
	if !p.Eval {
		return func() {}
	}
	nn.Eval(p.GA)
	nn.Eval(p.GB)
	return func() {
		nn.Train(p.GA)
		nn.Train(p.GB)
	}
}
