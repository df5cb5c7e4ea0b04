package dcgan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
)

// Model is a DCGAN in training.
type Model struct {
	G *Generator
	D *Discriminator

	config     Config
	loss       gan.Loss
	optG, optD *optim.Adam
	fixed      *torch.Tensor // latents of the sample grid
}

// grid is the number of pictures of the sample grid.
const grid = 64

// New makes the networks with the paper's initialisation, their optimisers and the latents of the
// sample grid, drawing in that order from the default generator: after torch.ManualSeed the weights
// are those of dcgan/main.py with that seed.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c, loss: gan.NonSaturating}
	if c.Loss == "minimax" {
		m.loss = gan.Minimax
	}
	m.G = NewGenerator(c)
	gan.InitNormal(m.G)
	m.D = NewDiscriminator(c)
	gan.InitNormal(m.D)
	m.fixed = torch.Randn([]int{grid, c.Latent, 1, 1}).Own()
	adam := optim.AdamOptions{LR: c.LR, Betas: [2]float64{*c.Beta1, 0.999}}
	m.optD = optim.NewAdam(nn.Parameters(m.D), adam)
	m.optG = optim.NewAdam(nn.Parameters(m.G), adam)
	return m, nil
}

// System is "dcgan".
func (m *Model) System() string { return "dcgan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers and the latents of the sample grid.
func (m *Model) Parts() train.Parts {
	return train.Parts{
		Networks: []train.Network{
			{Name: "G", Module: m.G, Generator: true, Inputs: [][]int{{2, m.config.Latent, 1, 1}}},
			{Name: "D", Module: m.D, Inputs: [][]int{{2, m.config.Channels, m.config.Size, m.config.Size}}},
		},
		Optimizers: []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}},
		Tensors:    []nn.Entry{{Name: "fixed", Tensor: m.fixed}},
	}
}

// Step updates D on real and generated pictures, then G, as dcgan/main.py does: D sees the fakes
// detached, G reuses them with D already updated. Real and generated pictures pass D apart, so that
// batch norm normalises them apart.
func (m *Model) Step(b *train.Batch) train.Metrics {
	metrics, _ := m.update(b, nil)
	return metrics
}

// update is Step with given latents z, or new ones, drawn after D's pass over the real pictures. It also
// returns the generated pictures.
func (m *Model) update(b *train.Batch, z *torch.Tensor) (metrics train.Metrics, fakes []*torch.Tensor) {
	m.optD.ZeroGrad()
	for _, part := range b.Parts() {
		real := m.D.Forward(part.Images())
		lossReal := m.loss.Real(real)
		part.Backward(lossReal)
		latents := z
		if latents == nil {
			latents = m.latents(part.Len)
		}
		fake := m.G.Forward(latents)
		fakes = append(fakes, fake)
		judged := m.D.Forward(fake.Detach())
		lossFake := m.loss.Fake(judged)
		part.Backward(lossFake)
		metrics.Losses = append(metrics.Losses, train.Value{Name: "D/real", Value: lossReal}, train.Value{Name: "D/fake", Value: lossFake})
		metrics.Stats = append(metrics.Stats, train.Value{Name: "D(real)", Value: real.Mean()}, train.Value{Name: "D(fake)", Value: judged.Mean()})
	}
	b.Step(m.optD)

	defer nn.Freeze(m.D)() // no gradient that nobody reads
	m.optG.ZeroGrad()
	for i, part := range b.Parts() {
		lossG := m.loss.Generator(m.D.Forward(fakes[i]))
		part.Backward(lossG)
		metrics.Losses = append(metrics.Losses, train.Value{Name: "G", Value: lossG})
	}
	b.Step(m.optG)
	return metrics, fakes
}

// latents draws z ~ N(0, 1), (n, Latent, 1, 1), on the networks' device.
func (m *Model) latents(n int) *torch.Tensor {
	return torch.Randn([]int{n, m.config.Latent, 1, 1}, torch.RandnOptions{TensorOptions: torch.TensorOptions{Device: m.fixed.Device()}})
}

// Preview generates from the same latents each time. As in dcgan/main.py the generator stays in training
// mode, so that it normalises by the statistics of the grid, unless BNEval is set. There the running
// statistics count such pictures, too; the trainer puts them back.
func (m *Model) Preview() *torch.Tensor { return m.generate(m.fixed) }

// Sample generates n pictures from new latents, normalised together as Preview does.
func (m *Model) Sample(n int) *torch.Tensor { return m.generate(m.latents(n)) }

func (m *Model) generate(z *torch.Tensor) (images *torch.Tensor) {
	if m.config.BNEval {
		nn.Eval(m.G)
		defer nn.Train(m.G)
	}
	torch.NoGrad(func() { images = m.G.Forward(z) })
	return images
}
