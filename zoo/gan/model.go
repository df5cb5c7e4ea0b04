package gan

import (
	"math"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
)

// Model is a GAN in training.
type Model struct {
	G *nn.Sequential
	D *nn.Sequential

	config     Config
	loss       gan.Loss
	optG, optD optim.Optimizer
	decay      []train.Schedule
	fixed      *torch.Tensor // latents of the sample grid, or of the density's picture
	plane      *plane        // nil for pictures
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
	m := &Model{config: c, loss: gan.NonSaturatingLogits}
	if c.Loss == "minimax" {
		m.loss = gan.MinimaxLogits
	}
	m.G, m.D = NewGenerator(c), NewDiscriminator(c)
	count := grid
	if c.Net == "points" {
		m.plane, count = newPlane(data.FindMixture(c.Mixture)), shown
	}
	m.fixed = m.draw(count, torch.Device{}).Own()
	m.optD, m.optG = c.optimizer(m.D), c.optimizer(m.G)
	if c.Optimizer == "sgd" {
		shrink := func(step int) float64 { return max(math.Pow(1/1.000004, float64(step)), 1e-6/c.LR) }
		m.decay = []train.Schedule{
			{Name: "G", Scheduler: schedule.NewLambdaLR(m.optG, shrink)},
			{Name: "D", Scheduler: schedule.NewLambdaLR(m.optD, shrink)},
		}
	}
	return m, nil
}

func (c Config) optimizer(net any) optim.Optimizer {
	if c.Optimizer == "sgd" {
		return optim.NewSGD(nn.Parameters(net), optim.SGDOptions{LR: c.LR, Momentum: *c.Beta1})
	}
	return optim.NewAdam(nn.Parameters(net), optim.AdamOptions{LR: c.LR, Betas: [2]float64{*c.Beta1, 0.999}})
}

// System is "gan".
func (m *Model) System() string { return "gan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers and schedules and the latents of the sample grid.
func (m *Model) Parts() train.Parts {
	size := 2
	if m.plane == nil {
		size = side * side
	}
	return train.Parts{
		Networks: []train.Network{
			{Name: "G", Module: m.G, Generator: true, Inputs: [][]int{{2, m.config.Latent}}},
			{Name: "D", Module: m.D, Inputs: [][]int{{2, size}}},
		},
		Optimizers: []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}},
		Schedules:  m.decay,
		Tensors:    []nn.Entry{{Name: "fixed", Tensor: m.fixed}},
		Batches:    func(int) int { return m.config.K },
	}
}

// Step is one round of algorithm 1 of the paper: K steps of D, each on new samples, then one of G on new latents.
func (m *Model) Step(b *train.Batch) (metrics train.Metrics) {
	for _, b := range b.All() {
		torch.Scope(func() { metrics = m.discriminatorStep(b).Keep() })
	}
	defer nn.Freeze(m.D)() // no gradient that nobody reads
	m.optG.ZeroGrad()
	for _, part := range b.Parts() {
		fake := m.G.Forward(m.latents(part.Len))
		loss := m.loss.Generator(m.D.Forward(fake))
		part.Backward(loss)
		metrics.Losses = append(metrics.Losses, train.Value{Name: "G", Value: loss})
		if m.plane != nil {
			metrics.Stats = append(metrics.Stats, m.plane.stats(fake.Detach())...)
		}
	}
	b.Step(m.optG)
	return metrics
}

func (m *Model) discriminatorStep(b *train.Batch) (metrics train.Metrics) {
	m.optD.ZeroGrad()
	for _, part := range b.Parts() {
		var fake *torch.Tensor
		torch.NoGrad(func() { fake = m.G.Forward(m.latents(part.Len)) })
		x := m.samples(part)
		real, judged := m.D.Forward(x), m.D.Forward(fake)
		lossReal, lossFake := m.loss.Real(real), m.loss.Fake(judged)
		loss := lossReal.Add(lossFake)
		if m.config.R1 > 0 {
			part.Float32(func() {
				penalty := gan.R1(m.D.Forward, x, m.config.R1)
				loss = loss.Add(penalty)
				metrics.Losses = append(metrics.Losses, train.Value{Name: "D/R1", Value: penalty})
			})
		}
		part.Backward(loss)
		metrics.Losses = append(metrics.Losses, train.Value{Name: "D/real", Value: lossReal}, train.Value{Name: "D/fake", Value: lossFake})
		metrics.Stats = append(metrics.Stats, train.Value{Name: "D(real)", Value: real.Sigmoid().Mean()}, train.Value{Name: "D(fake)", Value: judged.Sigmoid().Mean()})
	}
	b.Step(m.optD)
	return metrics
}

// samples are the batch's points (N, 2), or its pixels (N, 784).
func (m *Model) samples(b *train.Batch) *torch.Tensor {
	name := "point"
	if m.plane == nil {
		name = "image"
	}
	x := b.Tensor(name)
	if x == nil {
		panic(&torch.Error{Op: "gan", Code: torch.ValueError, Msg: "the data have no field " + name + ": --net points is for ring8 and grid25, the others for pictures"})
	}
	return x.View(x.Size(0), -1)
}

// latents draws n latents on the networks' device.
func (m *Model) latents(n int) *torch.Tensor { return m.draw(n, m.fixed.Device()) }

// draw draws z, (n, Latent), of variance 1: normal, or uniform with the paper's networks.
func (m *Model) draw(n int, device torch.Device) *torch.Tensor {
	shape, on := []int{n, m.config.Latent}, torch.TensorOptions{Device: device}
	if m.config.Net == "maxout" {
		return torch.Rand(shape, torch.RandOptions{TensorOptions: on}).MulScalar(2 * math.Sqrt(3)).SubScalar(math.Sqrt(3))
	}
	return torch.Randn(shape, torch.RandnOptions{TensorOptions: on})
}

// Preview generates digits from the same latents each time. For points it makes four pictures of the plane: the density
// of the data, that of the generator, the best discriminator for both, and the trained one.
func (m *Model) Preview() *torch.Tensor {
	if m.plane == nil {
		return m.generate(m.fixed).View(-1, 1, side, side)
	}
	return m.plane.pictures(m.generate(m.fixed), m.D)
}

// Sample generates n digits from new latents, or n pictures of the generator's density, each of points of its own.
func (m *Model) Sample(n int) *torch.Tensor {
	if m.plane == nil {
		return m.generate(m.latents(n)).View(-1, 1, side, side)
	}
	var all []*torch.Tensor
	for range n {
		all = append(all, m.plane.shade(m.plane.density(m.generate(m.latents(shown)), bandwidth)))
	}
	return torch.Stack(all).Unsqueeze(1)
}

// generate makes samples in evaluation mode, so that they do not depend on their neighbours.
func (m *Model) generate(z *torch.Tensor) (x *torch.Tensor) {
	nn.Eval(m.G)
	defer nn.Train(m.G)
	torch.NoGrad(func() { x = m.G.Forward(z) })
	return x
}
