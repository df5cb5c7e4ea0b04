package pix2pix

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
)

// Model is a pix2pix in training.
type Model struct {
	G nn.Layer // *translation.UnetGenerator or *translation.ResnetGenerator
	D nn.Layer // *translation.NLayerDiscriminator or *translation.PixelDiscriminator; nil without a GAN

	config     Config
	game       gan.Loss
	optG, optD *optim.Adam // optD is nil without a GAN
	rates      []train.Schedule
	exhibits   *train.Batch
}

// New makes the networks, each with its initial weights, and their optimisers, drawing in that order from the default
// generator.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c, game: map[string]gan.Loss{
		"vanilla": gan.NonSaturatingLogits, "lsgan": gan.LeastSquares(0, 1, 1), "wgangp": gan.Wasserstein,
	}[c.Loss]}
	start := translation.Init{Type: c.InitType, Gain: c.InitGain}
	m.G = c.generator()
	translation.Initialise(m.G, start)
	m.optG = m.adam("G", m.G)
	if c.Discriminator != "none" {
		m.D = c.discriminator()
		translation.Initialise(m.D, start)
		m.optD = m.adam("D", m.D)
	}
	return m, nil
}

// adam is the optimiser of a network, with its schedule.
func (m *Model) adam(name string, network nn.Layer) *optim.Adam {
	c := m.config
	adam := optim.NewAdam(nn.Parameters(network), optim.AdamOptions{LR: c.LR, Betas: [2]float64{*c.Beta1, 0.999}})
	rate := translation.Rate{Policy: c.LRPolicy, Full: *c.FullEpochs, Decay: *c.DecayEpochs, Every: c.StepEpochs}
	m.rates = append(m.rates, train.Schedule{Name: name, Scheduler: rate.Schedule(adam), Epochs: true})
	return adam
}

func (c Config) generator() nn.Layer {
	in, out := c.channels()
	norm := translation.Norm(c.Norm)
	if c.Generator == "resnet" {
		return translation.NewResnetGenerator(in, out, translation.Resnet{
			Blocks: c.Blocks, Width: c.Width, Norm: norm, Dropout: !c.NoDropout})
	}
	return translation.NewUnetGenerator(in, out, translation.Unet{
		Downs: c.Downs, Width: c.Width, Norm: norm, Dropout: !c.NoDropout})
}

func (c Config) discriminator() nn.Layer {
	in, out := c.channels()
	norm := translation.Norm(c.Norm)
	if c.Discriminator == "pixel" {
		return translation.NewPixelDiscriminator(in+out, translation.PixelGAN{Width: c.DWidth, Norm: norm})
	}
	return translation.NewNLayerDiscriminator(in+out, translation.PatchGAN{Layers: c.Layers, Width: c.DWidth, Norm: norm})
}

// System is "pix2pix".
func (m *Model) System() string { return "pix2pix" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers and the schedules of the learning rates.
func (m *Model) Parts() train.Parts {
	c := m.config
	in, out := c.channels()
	p := train.Parts{
		Networks:   []train.Network{{Name: "G", Module: m.G, Generator: true, Inputs: [][]int{{2, in, c.Size, c.Size}}}},
		Optimizers: []train.Optimizer{{Name: "G", Optimizer: m.optG}},
		Schedules:  m.rates,
	}
	if m.D != nil {
		inputs := [][]int{{2, in + out, c.Size, c.Size}}
		p.Networks = append(p.Networks, train.Network{Name: "D", Module: m.D, Inputs: inputs})
		p.Optimizers = append(p.Optimizers, train.Optimizer{Name: "D", Optimizer: m.optD})
	}
	return p
}

// Step updates D on made and true pictures, each beside the input, then G, as the official optimize_parameters does: D
// sees the made pictures detached, G learns from the same ones with D already updated.
func (m *Model) Step(b *train.Batch) train.Metrics {
	metrics, _ := m.update(b)
	return metrics
}

// update is Step, and returns the made pictures of each part.
func (m *Model) update(b *train.Batch) (metrics train.Metrics, made []*torch.Tensor) {
	for _, part := range b.Parts() {
		made = append(made, m.G.Forward(part.Tensor("A")))
	}
	if m.D != nil {
		metrics.Losses = m.updateD(b, made)
		defer nn.Freeze(m.D)() // no gradient that nobody reads
	}
	m.optG.ZeroGrad()
	for i, part := range b.Parts() {
		var terms []train.Value
		if m.D != nil {
			terms = append(terms, train.Value{Name: "G/GAN", Value: m.game.Generator(m.judge(part, made[i]))})
		}
		if *m.config.L1 > 0 {
			l1 := made[i].L1Loss(part.Tensor("B")).MulScalar(*m.config.L1)
			terms = append(terms, train.Value{Name: "G/L1", Value: l1})
		}
		part.Backward(sum(terms))
		metrics.Losses = append(metrics.Losses, terms...)
	}
	b.Step(m.optG)
	return metrics, made
}

// updateD updates D. Made and true pictures pass it apart, in this order, so that batch norm normalises them apart.
func (m *Model) updateD(b *train.Batch, made []*torch.Tensor) (losses []train.Value) {
	m.optD.ZeroGrad()
	for i, part := range b.Parts() {
		fake, real := made[i].Detach(), part.Tensor("B")
		terms := []train.Value{
			{Name: "D/fake", Value: m.game.Fake(m.judge(part, fake))},
			{Name: "D/real", Value: m.game.Real(m.judge(part, real))},
		}
		if m.config.Loss == "wgangp" {
			terms = append(terms, train.Value{Name: "D/penalty", Value: m.penalty(part, real, fake)})
		}
		part.Backward(sum(terms).MulScalar(0.5))
		losses = append(losses, terms...)
	}
	b.Step(m.optD)
	return losses
}

func sum(terms []train.Value) *torch.Tensor {
	total := terms[0].Value
	for _, t := range terms[1:] {
		total = total.Add(t.Value)
	}
	return total
}

// judge is what D says of pictures beside the inputs that they belong to.
func (m *Model) judge(b *train.Batch, pictures *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor { return m.D.Forward(beside(b, pictures)) })
}

// beside joins (N, C, H, W) of both: the input's channels, then the picture's.
func beside(b *train.Batch, pictures *torch.Tensor) *torch.Tensor {
	return torch.Cat([]*torch.Tensor{b.Tensor("A"), pictures}, torch.CatOptions{Dim: 1})
}

// penalty bounds the slope of a critic, with the weight of WGAN-GP, in full precision.
func (m *Model) penalty(b *train.Batch, real, fake *torch.Tensor) (penalty *torch.Tensor) {
	b.Float32(func() {
		penalty = torch.Tidy(func() *torch.Tensor {
			real, fake := beside(b, real), beside(b, fake.ToDType(torch.Float32))
			return gan.GradientPenalty(m.D.Forward, real, fake).MulScalar(10)
		})
	})
	return penalty
}
