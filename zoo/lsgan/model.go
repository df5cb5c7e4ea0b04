package lsgan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
)

// Model is an LSGAN in training.
type Model struct {
	G *Generator
	D *Discriminator

	config     Config
	loss       gan.Loss
	optG, optD optim.Optimizer
	fixed      *torch.Tensor // latents of the sample grid
}

// grid is the number of pictures of the sample grid.
const grid = 64

// losses are the conventions of labels, with the paper's ½.
var losses = map[string]gan.Loss{
	"0/1":     gan.LeastSquares(0, 1, 1).Times(0.5),
	"pearson": gan.LeastSquares(-1, 1, 0).Times(0.5),
}

// New makes the networks with the paper's initialisation, their optimisers and the latents of the sample grid, drawing
// in that order from the default generator.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c, loss: losses[c.Loss], G: NewGenerator(c), D: NewDiscriminator(c)}
	m.fixed = torch.Empty([]int{grid, c.Latent}).UniformInPlace(torch.UniformInPlaceOptions{From: -1, To: new(1.0)}).Own()
	m.optD, m.optG = c.optimizer(m.D), c.optimizer(m.G)
	return m, nil
}

func (c Config) optimizer(net any) optim.Optimizer {
	if c.RMSprop {
		return optim.NewRMSprop(nn.Parameters(net), optim.RMSpropOptions{LR: c.LR, Alpha: 0.9, Eps: 1e-5})
	}
	return optim.NewAdam(nn.Parameters(net), optim.AdamOptions{LR: c.LR, Betas: [2]float64{*c.Beta1, 0.999}})
}

// System is "lsgan".
func (m *Model) System() string { return "lsgan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers and the latents of the sample grid.
func (m *Model) Parts() train.Parts {
	return train.Parts{
		Networks: []train.Network{
			{Name: "G", Module: m.G, Generator: true, Inputs: [][]int{{2, m.config.Latent}}},
			{Name: "D", Module: m.D, Inputs: [][]int{{2, m.config.Channels, m.config.Size, m.config.Size}}},
		},
		Optimizers: []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}},
		Tensors:    []nn.Entry{{Name: "fixed", Tensor: m.fixed}},
	}
}

// Step updates D, then G with the same fakes, as the official program does. Real and generated pictures pass D apart,
// so that batch norm normalises them apart.
func (m *Model) Step(b *train.Batch) (metrics train.Metrics) {
	m.optD.ZeroGrad()
	var fakes []*torch.Tensor
	for _, part := range b.Parts() {
		fake := m.G.Forward(m.latents(part.Len))
		fakes = append(fakes, fake)
		real, judged := m.D.Forward(part.Images()), m.D.Forward(fake.Detach())
		loss := m.loss.Discriminator(real, judged)
		part.Backward(loss)
		metrics.Losses = append(metrics.Losses, train.Value{Name: "D", Value: loss})
		metrics.Stats = append(metrics.Stats, train.Value{Name: "mean/real", Value: real.Mean()}, train.Value{Name: "mean/fake", Value: judged.Mean()})
	}
	b.Step(m.optD)

	defer nn.Freeze(m.D)() // no gradient that nobody reads
	m.optG.ZeroGrad()
	for i, part := range b.Parts() {
		loss := m.loss.Generator(m.D.Forward(fakes[i]))
		part.Backward(loss)
		metrics.Losses = append(metrics.Losses, train.Value{Name: "G", Value: loss})
	}
	b.Step(m.optG)
	return metrics
}

// latents draws z ~ U(−1, 1), (n, Latent), on the networks' device.
func (m *Model) latents(n int) *torch.Tensor {
	z := torch.Empty([]int{n, m.config.Latent}, torch.EmptyOptions{TensorOptions: torch.TensorOptions{Device: m.fixed.Device()}})
	return z.UniformInPlace(torch.UniformInPlaceOptions{From: -1, To: new(1.0)})
}

// Preview generates from the same latents each time, normalised by the statistics of the grid unless BNEval is set.
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
