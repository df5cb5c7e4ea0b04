package wgangp

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
	"github.com/forgergan/forger/zoo/internal/cnn32"
)

// Model is a WGAN-GP in training.
type Model struct {
	G nn.Layer // *Generator32, *Generator64 or *cnn32.Generator
	D nn.Layer // *Critic32, *Critic64 or *cnn32.Discriminator

	config     Config
	optG, optD *optim.Adam
	decay      []train.Schedule
	fixed      *torch.Tensor // latents of the sample grid
}

// grid is the number of pictures of the sample grid.
const grid = 64

// New makes the networks, their optimisers and the latents of the sample grid, drawing in that order from the default
// generator.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c}
	switch {
	case c.Net == "cnn":
		m.G, m.D = cnn32.NewGenerator(c.Latent, c.Width, c.Channels, false), cnn32.NewDiscriminator(c.CriticWidth, c.Channels, nil)
	case c.Size == 64:
		m.G, m.D = NewGenerator64(c), NewCritic64(c)
	default:
		m.G, m.D = NewGenerator32(c), NewCritic32(c)
	}
	m.fixed = torch.Randn([]int{grid, c.Latent}).Own()
	adam := optim.AdamOptions{LR: c.LR, Betas: [2]float64{*c.Beta1, 0.9}}
	m.optD = optim.NewAdam(nn.Parameters(m.D), adam)
	m.optG = optim.NewAdam(nn.Parameters(m.G), adam)
	m.decay = m.schedules()
	return m, nil
}

// schedules let the learning rates fall in a line.
func (m *Model) schedules() (all []train.Schedule) {
	if d := *m.config.Decay; d > 0 {
		fall := func(step int) float64 { return max(0, 1-float64(step)/float64(d)) }
		for _, o := range []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}} {
			all = append(all, train.Schedule{Name: o.Name, Scheduler: schedule.NewLambdaLR(o.Optimizer, fall)})
		}
	}
	return all
}

// System is "wgangp".
func (m *Model) System() string { return "wgangp" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers and the latents of the sample grid, and asks for a batch for each step of
// the critic.
func (m *Model) Parts() train.Parts {
	return train.Parts{
		Networks: []train.Network{
			{Name: "G", Module: m.G, Generator: true, Inputs: [][]int{{2, m.config.Latent}}},
			{Name: "D", Module: m.D, Inputs: [][]int{{2, m.config.Channels, m.config.Size, m.config.Size}}},
		},
		Optimizers: []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}},
		Schedules:  m.decay,
		Tensors:    []nn.Entry{{Name: "fixed", Tensor: m.fixed}},
		Batches:    func(int) int { return m.config.Critic },
	}
}

// Step updates the critic on each batch, against new fakes each time, then the generator once, in the order of the
// official loop, which begins with the critic, too. Each update has a scope of its own, so that memory is that of one.
func (m *Model) Step(b *train.Batch) (metrics train.Metrics) {
	for _, b := range b.All() {
		torch.Scope(func() {
			metrics, _, _ = m.criticStep(b, nil, nil)
			metrics.Keep()
		})
	}
	metrics.Losses = append(metrics.Losses, m.generatorStep(b, nil)...)
	return metrics
}

// criticStep updates D on a batch and fakes of latents z, mixed by alpha, each drawn where it is nil. It also returns the
// last scores of both. The penalty is computed in full precision.
func (m *Model) criticStep(b *train.Batch, z, alpha *torch.Tensor) (metrics train.Metrics, real, judged *torch.Tensor) {
	m.optD.ZeroGrad()
	for _, part := range b.Parts() {
		if z == nil {
			z = m.latents(part.Len)
		}
		var fake, penalty *torch.Tensor
		torch.NoGrad(func() { fake = m.G.Forward(z) })
		real, judged = m.D.Forward(part.Images()), m.D.Forward(fake)
		loss := gan.Wasserstein.Discriminator(real, judged)
		part.Float32(func() {
			mixed := gan.GradientPenaltyOptions{Alpha: alpha}
			penalty = gan.GradientPenalty(m.D.Forward, part.Images(), fake, mixed).MulScalar(m.config.Lambda)
		})
		part.Backward(loss.Add(penalty))
		metrics.Losses = append(metrics.Losses, train.Value{Name: "D", Value: loss}, train.Value{Name: "D/penalty", Value: penalty})
		metrics.Stats = append(metrics.Stats, train.Value{Name: "distance", Value: loss.Neg()})
		z = nil
	}
	b.Step(m.optD)
	return metrics, real, judged
}

// generatorStep updates G on latents z, or new ones, GenBatch times as many as the batch has pictures.
func (m *Model) generatorStep(b *train.Batch, z *torch.Tensor) (losses []train.Value) {
	defer nn.Freeze(m.D)() // no gradient that nobody reads
	m.optG.ZeroGrad()
	for _, part := range b.Parts() {
		if z == nil {
			z = m.latents(m.config.GenBatch * part.Len)
		}
		loss := gan.Wasserstein.Generator(m.D.Forward(m.G.Forward(z)))
		part.Backward(loss)
		losses, z = append(losses, train.Value{Name: "G", Value: loss}), nil
	}
	b.Step(m.optG)
	return losses
}

// latents draws z ~ N(0, 1), (n, Latent), on the networks' device.
func (m *Model) latents(n int) *torch.Tensor {
	return torch.Randn([]int{n, m.config.Latent}, torch.RandnOptions{TensorOptions: torch.TensorOptions{Device: m.fixed.Device()}})
}

// Preview generates from the same latents each time, normalised by the statistics of the grid, as the official program
// always does, unless BNEval is set.
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
