package wgan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
)

// Model is a WGAN in training.
type Model struct {
	G nn.Layer // of (N, Latent)
	D nn.Layer // of (N, Channels, Size, Size)

	config     Config
	optG, optD optim.Optimizer
	decay      []train.Schedule
	fixed      *torch.Tensor // latents of the sample grid
}

// grid is the number of pictures of the sample grid.
const grid = 64

// New makes the networks with the authors' initialisation, their optimisers and the latents of the sample grid, drawing
// in that order from the default generator.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c}
	m.G = NewGenerator(c)
	if c.G == "dcgan" {
		gan.InitNormal(m.G)
	}
	m.D = NewCritic(c)
	if c.D == "dcgan" {
		gan.InitNormal(m.D)
	}
	m.fixed = torch.Randn([]int{grid, c.Latent}).Own()
	m.optD, m.optG = c.optimizer(m.D), c.optimizer(m.G)
	m.decay = m.schedules()
	return m, nil
}

// schedules let the learning rates fall in a line.
func (m *Model) schedules() (all []train.Schedule) {
	if d := m.config.Decay; d > 0 {
		fall := func(step int) float64 { return max(0, 1-float64(step)/float64(d)) }
		for _, o := range []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}} {
			all = append(all, train.Schedule{Name: o.Name, Scheduler: schedule.NewLambdaLR(o.Optimizer, fall)})
		}
	}
	return all
}

func (c Config) optimizer(net any) optim.Optimizer {
	if c.Optimizer == "adam" {
		return optim.NewAdam(nn.Parameters(net), optim.AdamOptions{LR: c.LR, Betas: [2]float64{0, 0.9}})
	}
	return optim.NewRMSprop(nn.Parameters(net), optim.RMSpropOptions{LR: c.LR})
}

// System is "wgan".
func (m *Model) System() string { return "wgan" }

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
		Batches:    m.criticSteps,
	}
}

// criticSteps is the number of steps of the critic in the step of the generator after so many: Diters of main.py.
func (m *Model) criticSteps(step int) int {
	if m.config.Warmup > 0 && (step < 25 || step%500 == 0) {
		return m.config.Warmup
	}
	return m.config.Critic
}

// Step updates the critic on each batch, against new fakes each time, then the generator once. Each update has a scope
// of its own, so that memory is that of one.
func (m *Model) Step(b *train.Batch) (metrics train.Metrics) {
	for _, b := range b.All() {
		torch.Scope(func() { metrics = m.criticStep(b).Keep() })
	}
	metrics.Losses = append(metrics.Losses, m.generatorStep(b)...)
	return metrics
}

// criticStep updates D on a batch and as many fakes. Real and generated pictures pass D apart, so that batch norm
// normalises them apart. All parameters are clipped, those of batch norm too: main.py does so, and its users report that
// training goes astray otherwise.
func (m *Model) criticStep(b *train.Batch) (metrics train.Metrics) {
	if m.config.ClipBefore {
		gan.WeightClip(nn.Parameters(m.D), m.config.WeightClip)
	}
	m.optD.ZeroGrad()
	for _, part := range b.Parts() {
		var fake *torch.Tensor
		torch.NoGrad(func() { fake = m.G.Forward(m.latents(part.Len)) })
		loss := gan.Wasserstein.Discriminator(m.D.Forward(part.Images()), m.D.Forward(fake))
		part.Backward(loss)
		metrics.Losses = append(metrics.Losses, train.Value{Name: "D", Value: loss})
		metrics.Stats = append(metrics.Stats, train.Value{Name: "distance", Value: loss.Neg()})
	}
	b.Step(m.optD)
	if !m.config.ClipBefore {
		gan.WeightClip(nn.Parameters(m.D), m.config.WeightClip)
	}
	return metrics
}

// generatorStep updates G on new latents, GenBatch times as many as the batch has pictures.
func (m *Model) generatorStep(b *train.Batch) (losses []train.Value) {
	defer nn.Freeze(m.D)() // no gradient that nobody reads
	m.optG.ZeroGrad()
	for _, part := range b.Parts() {
		z := m.latents(m.config.GenBatch * part.Len)
		loss := gan.Wasserstein.Generator(m.D.Forward(m.G.Forward(z)))
		part.Backward(loss)
		losses = append(losses, train.Value{Name: "G", Value: loss})
	}
	b.Step(m.optG)
	return losses
}

// latents draws z ~ N(0, 1), (n, Latent), on the networks' device.
func (m *Model) latents(n int) *torch.Tensor {
	return torch.Randn([]int{n, m.config.Latent}, torch.RandnOptions{TensorOptions: torch.TensorOptions{Device: m.fixed.Device()}})
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
	torch.NoGrad(func() { images = m.G.Forward(z).Clamp(torch.ClampOptions{Min: -1, Max: 1}) })
	return images
}
