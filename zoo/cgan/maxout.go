package cgan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	first "github.com/forgergan/forger/zoo/gan"
)

// LinearGenerator maps latents z (N, Latent) and classes y (N) to pictures (N, 1, 28, 28) in [−1, 1], with dropout 0.5
// behind each ReLU.
//
// Mirza and Osindero 2014, §4.1:
//
//	latent  linear  Latent → 200     ReLU
//	class   linear  Classes → 1000   ReLU
//	both    linear  1200 → 1200      ReLU
//	        linear  → 784            sigmoid, here brought to [−1, 1]
type LinearGenerator struct {
	Latent *nn.Sequential `nn:"latent"`
	Class  *nn.Sequential `nn:"class"`
	Both   *nn.Sequential `nn:"both"`

	classes int
}

// NewLinearGenerator makes the network with PyTorch's initial weights.
func NewLinearGenerator(latent, classes int) *LinearGenerator {
	relu := func(in, out int) *nn.Sequential {
		return nn.NewSequential(nn.NewLinear(in, out), nn.ReLU{InPlace: true}, nn.NewDropout(0.5))
	}
	return &LinearGenerator{
		relu(latent, 200), relu(classes, 1000),
		nn.NewSequential(nn.NewLinear(1200, 1200), nn.ReLU{InPlace: true}, nn.NewDropout(0.5), nn.NewLinear(1200, 28*28), nn.Sigmoid{}),
		classes,
	}
}

// Forward generates pictures.
func (g *LinearGenerator) Forward(z, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		parts := []*torch.Tensor{g.Latent.Forward(z), g.Class.Forward(gan.OneHot(y, g.classes))}
		x := g.Both.Forward(torch.Cat(parts, torch.CatOptions{Dim: 1}))
		return x.MulScalar(2).SubScalar(1).View(-1, 1, 28, 28)
	})
}

// LinearDiscriminator maps pictures (N, 1, 28, 28) in [−1, 1] and classes y (N) to logits (N, 1), with dropout 0.5 behind
// each maxout.
//
// Mirza and Osindero 2014, §4.1:
//
//	picture  maxout  784 → 240, the largest of 5
//	class    maxout  Classes → 50, the largest of 5
//	both     maxout  290 → 240, the largest of 4
//	         linear  → 1
type LinearDiscriminator struct {
	Picture *nn.Sequential `nn:"picture"`
	Class   *nn.Sequential `nn:"class"`
	Both    *nn.Sequential `nn:"both"`

	classes int
}

// NewLinearDiscriminator makes the network with PyTorch's initial weights.
func NewLinearDiscriminator(classes int) *LinearDiscriminator {
	maxout := func(in, out, pieces int) *nn.Sequential {
		return nn.NewSequential(first.NewMaxout(in, out, pieces), nn.NewDropout(0.5))
	}
	return &LinearDiscriminator{
		maxout(28*28, 240, 5), maxout(classes, 50, 5),
		nn.NewSequential(first.NewMaxout(290, 240, 4), nn.NewDropout(0.5), nn.NewLinear(240, 1)),
		classes,
	}
}

// Forward scores pictures.
func (d *LinearDiscriminator) Forward(x, y *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		pixels := x.AddScalar(1).DivScalar(2).View(x.Size(0), -1)
		parts := []*torch.Tensor{d.Picture.Forward(pixels), d.Class.Forward(gan.OneHot(y, d.classes))}
		return d.Both.Forward(torch.Cat(parts, torch.CatOptions{Dim: 1}))
	})
}
