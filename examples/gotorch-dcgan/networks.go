//go:build gotorch

package main

import (
	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
	F "github.com/wangkuiyi/gotorch/nn/functional"
	"github.com/wangkuiyi/gotorch/nn/initializer"
)

// This file is a gotorch program's: it knows nothing of Forger.

// generator maps latents (N, Latent, 1, 1) to pictures (N, 1, 32, 32) in [−1, 1].
type generator struct {
	nn.Module
	Main *nn.SequentialModule
}

func newGenerator(c Config) *generator {
	w := int64(c.Width)
	g := &generator{Main: nn.Sequential(
		transposed(int64(c.Latent), 4*w, 1, 0), batchNorm(4*w), relu(), // 4×4
		transposed(4*w, 2*w, 2, 1), batchNorm(2*w), relu(), // 8×8
		transposed(2*w, w, 2, 1), batchNorm(w), relu(), // 16×16
		transposed(w, 1, 2, 1), nn.Functional(torch.Tanh), // 32×32
	)}
	g.Init(g)
	g.Apply(initialise)
	return g
}

func (g *generator) Forward(z torch.Tensor) torch.Tensor { return g.Main.Forward(z).(torch.Tensor) }

// discriminator maps pictures (N, 1, 32, 32) in [−1, 1] to the probability (N) that each is real.
type discriminator struct {
	nn.Module
	Main *nn.SequentialModule
}

func newDiscriminator(c Config) *discriminator {
	w := int64(c.Width)
	d := &discriminator{Main: nn.Sequential(
		conv(1, w, 2, 1), leaky(), // 16×16
		conv(w, 2*w, 2, 1), batchNorm(2*w), leaky(), // 8×8
		conv(2*w, 4*w, 2, 1), batchNorm(4*w), leaky(), // 4×4
		conv(4*w, 1, 1, 0), nn.Functional(torch.Sigmoid), // 1×1
	)}
	d.Init(d)
	d.Apply(initialise)
	return d
}

func (d *discriminator) Forward(x torch.Tensor) torch.Tensor {
	return d.Main.Forward(x).(torch.Tensor).View(-1)
}

func transposed(in, out, stride, padding int64) *nn.ConvTranspose2dModule {
	return nn.ConvTranspose2d(in, out, 4, stride, padding, 0, 1, false, 1, "zeros")
}

func conv(in, out, stride, padding int64) *nn.Conv2dModule {
	return nn.Conv2d(in, out, 4, stride, padding, 1, 1, false, "zeros")
}

func batchNorm(features int64) *nn.BatchNorm2dModule {
	return nn.BatchNorm2d(features, 1e-5, 0.1, true, true)
}

func relu() *nn.FunctionalModule {
	return nn.Functional(func(x torch.Tensor) torch.Tensor { return F.Relu(x, true) })
}

func leaky() *nn.FunctionalModule {
	return nn.Functional(func(x torch.Tensor) torch.Tensor { return F.LeakyRelu(x, 0.2, true) })
}

// initialise draws the paper's weights.
func initialise(m nn.IModule) {
	switch l := m.(*nn.Module).Outer().(type) {
	case *nn.Conv2dModule:
		initializer.Normal(&l.Weight, 0, 0.02)
	case *nn.ConvTranspose2dModule:
		initializer.Normal(&l.Weight, 0, 0.02)
	case *nn.BatchNorm2dModule:
		initializer.Normal(&l.Weight, 1, 0.02)
		initializer.Zeros(&l.Bias)
	}
}
