//go:build gotorch

package main

import (
	"fmt"
	"runtime"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/config"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/gotorch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
)

// Config are the settings. The zero value of a field is its default.
type Config struct {
	Latent int     `default:"100" help:"length of the latent vector z"`
	Width  int     `default:"32" help:"feature maps at the highest resolution of both networks"`
	LR     float64 `default:"0.0002" help:"learning rate of both Adams"`
}

// Model is a DCGAN whose networks are gotorch's, in training by Forger. It does what package zoo/dcgan does.
type Model struct {
	G, D *gotorch.Module

	config     Config
	optG, optD *optim.Adam
	fixed      *torch.Tensor // latents of the sample grid
}

// New makes the networks, their optimisers and the latents of the sample grid. After torch.ManualSeed all numbers are those
// of zoo/dcgan with that seed.
func New(c Config) (*Model, error) {
	config.SetDefaults(&c)
	if c.Latent < 1 || c.Width < 1 || c.LR < 0 {
		return nil, fmt.Errorf("gotorch-dcgan: latent %d and width %d must be at least 1, rate %g must not be negative", c.Latent, c.Width, c.LR)
	}
	m := &Model{config: c, G: gotorch.FromModule(newGenerator(c)), D: gotorch.FromModule(newDiscriminator(c))}
	m.fixed = torch.Randn([]int{64, c.Latent, 1, 1}).Own()
	adam := optim.AdamOptions{LR: c.LR, Betas: [2]float64{0.5, 0.999}}
	m.optD = optim.NewAdam(nn.Parameters(m.D), adam)
	m.optG = optim.NewAdam(nn.Parameters(m.G), adam)
	return m, nil
}

// System is "gotorch-dcgan".
func (m *Model) System() string { return "gotorch-dcgan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers and the latents of the sample grid.
func (m *Model) Parts() train.Parts {
	return train.Parts{
		Networks: []train.Network{
			{Name: "G", Module: m.G, Generator: true, Inputs: [][]int{{2, m.config.Latent, 1, 1}}},
			{Name: "D", Module: m.D, Inputs: [][]int{{2, 1, 32, 32}}},
		},
		Optimizers: []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}},
		Tensors:    []nn.Entry{{Name: "fixed", Tensor: m.fixed}},
	}
}

// Step updates D, then G, on the pictures that D has judged. What gotorch's layers made in the step before is freed first.
func (m *Model) Step(b *train.Batch) train.Metrics {
	runtime.GC()
	m.optD.ZeroGrad()
	real := m.D.Forward(b.Images())
	lossReal := gan.NonSaturating.Real(real)
	b.Backward(lossReal)
	fakes := m.G.Forward(m.latents(b.Len))
	judged := m.D.Forward(fakes.Detach())
	lossFake := gan.NonSaturating.Fake(judged)
	b.Backward(lossFake)
	b.Step(m.optD)

	defer nn.Freeze(m.D)()
	m.optG.ZeroGrad()
	lossG := gan.NonSaturating.Generator(m.D.Forward(fakes))
	b.Backward(lossG)
	b.Step(m.optG)
	return train.Metrics{
		Losses: []train.Value{{Name: "D/real", Value: lossReal}, {Name: "D/fake", Value: lossFake}, {Name: "G", Value: lossG}},
		Stats:  []train.Value{{Name: "D(real)", Value: real.Mean()}, {Name: "D(fake)", Value: judged.Mean()}},
	}
}

func (m *Model) latents(n int) *torch.Tensor {
	return torch.Randn([]int{n, m.config.Latent, 1, 1}, torch.RandnOptions{TensorOptions: torch.TensorOptions{Device: m.fixed.Device()}})
}

// Preview generates from the same latents each time.
func (m *Model) Preview() *torch.Tensor { return m.generate(m.fixed) }

// Sample generates n pictures from new latents.
func (m *Model) Sample(n int) *torch.Tensor { return m.generate(m.latents(n)) }

func (m *Model) generate(z *torch.Tensor) (images *torch.Tensor) {
	torch.NoGrad(func() { images = m.G.Forward(z) })
	return images
}

var _ train.Sampler = (*Model)(nil)
