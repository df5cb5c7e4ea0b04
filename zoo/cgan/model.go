package cgan

import (
	"math"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
	"github.com/forgergan/forger/zoo/internal/classes"
	"github.com/forgergan/forger/zoo/internal/snresnet"
)

// A Network maps latents or pictures (N, …) and their classes (N) to pictures or scores (N, …).
type Network interface {
	Forward(x, y *torch.Tensor) *torch.Tensor
}

// Model is a conditional GAN in training.
type Model struct {
	G, D Network

	config     Config
	game       gan.Loss
	optG, optD optim.Optimizer
	decay      []train.Schedule
	fixed      *torch.Tensor // latents of the sample grid
	shown      *torch.Tensor // and their classes
}

// perClass is the number of pictures of a class in the sample grid, and most of classes in it.
const perClass, most = 8, 16

// New makes the networks, their optimisers and the latents of the sample grid, drawing in that order from the default
// generator.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c, game: gan.Hinge}
	if c.Loss == "non-saturating" {
		m.game = gan.NonSaturatingLogits
	}
	m.networks()
	shown := min(c.Classes, most)
	m.shown = classes.Grid(shown*perClass, shown).Own()
	m.fixed = m.draw(shown*perClass, torch.Device{}).Own()
	m.optG, m.optD = c.optimizer(m.G), c.optimizer(m.D)
	if fall := c.fall(); fall != nil {
		m.decay = []train.Schedule{
			{Name: "G", Scheduler: schedule.NewLambdaLR(m.optG, fall)},
			{Name: "D", Scheduler: schedule.NewLambdaLR(m.optD, fall)},
		}
	}
	return m, nil
}

// networks makes G and D.
func (m *Model) networks() {
	c := m.config
	if c.Net == "maxout" {
		m.G, m.D = NewLinearGenerator(c.Latent, c.Classes), NewLinearDiscriminator(c.Classes)
		return
	}
	heads := snresnet.Heads{Concat: c.Head == "concat"}
	if c.Net == "mimicry" {
		heads.Rule = func(l nn.Weighted) { gan.SpectralNormMimicry(l) }
	}
	o := snresnet.Options{
		Plan: c.plan(), Channels: c.Channels, Latent: c.Latent, Width: c.Width, DWidth: c.DWidth, Classes: c.Classes,
		Mimicry: c.Net == "mimicry",
	}
	m.G, m.D = snresnet.NewGenerator(o), snresnet.NewDiscriminator(o, heads)
}

func (c Config) optimizer(net any) optim.Optimizer {
	if c.Optimizer == "sgd" {
		return optim.NewSGD(nn.Parameters(net), optim.SGDOptions{LR: c.LR, Momentum: *c.Beta1})
	}
	return optim.NewAdam(nn.Parameters(net), optim.AdamOptions{LR: c.LR, Betas: [2]float64{*c.Beta1, c.Beta2}})
}

// fall is the factor of the learning rates after so many steps; nil if they stay.
func (c Config) fall() func(step int) float64 {
	switch {
	case c.Optimizer == "sgd":
		return func(step int) float64 { return max(math.Pow(1/1.00004, float64(step)), 1e-6/c.LR) }
	case *c.Decay == 0:
		return nil
	}
	return func(step int) float64 {
		return min(1, max(0, 1-float64(step-c.DecayFrom)/float64(*c.Decay-c.DecayFrom)))
	}
}

// System is "cgan".
func (m *Model) System() string { return "cgan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers and what the sample grid is made of, and asks for a batch for each step of
// the discriminator.
func (m *Model) Parts() train.Parts {
	return train.Parts{
		Networks:   []train.Network{{Name: "G", Module: m.G, Generator: true}, {Name: "D", Module: m.D}},
		Optimizers: []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}},
		Schedules:  m.decay,
		Tensors:    []nn.Entry{{Name: "fixed", Tensor: m.fixed}, {Name: "shown", Tensor: m.shown}},
		Batches:    func(int) int { return m.config.Critic },
	}
}

// Step updates G, then D on each batch, against new fakes of random classes each time, as the official updater does; or,
// with the other networks, first D and then G. Each update has a scope of its own, so that memory is that of one.
func (m *Model) Step(b *train.Batch) (metrics train.Metrics) {
	var losses []train.Value
	if m.config.Net == "official" {
		torch.Scope(func() { losses = train.Metrics{Losses: m.generatorStep(b, nil, nil)}.Keep().Losses })
	}
	for _, b := range b.All() {
		torch.Scope(func() {
			metrics, _, _ = m.discriminatorStep(b, nil, nil)
			metrics.Keep()
		})
	}
	if m.config.Net != "official" {
		losses = m.generatorStep(b, nil, nil)
	}
	metrics.Losses = append(metrics.Losses, losses...)
	return metrics
}

// discriminatorStep updates D on a batch and fakes of latents z and classes y, drawn where they are nil. It also returns
// the last scores of both.
func (m *Model) discriminatorStep(b *train.Batch, z, y *torch.Tensor) (metrics train.Metrics, real, judged *torch.Tensor) {
	m.optD.ZeroGrad()
	for _, part := range b.Parts() {
		if z == nil {
			z, y = m.latents(part.Len)
		}
		var fake *torch.Tensor
		torch.NoGrad(func() { fake = m.G.Forward(z, y) })
		pictures := part.Images()
		if m.config.Net == "official" {
			pictures = gan.Dequantize(pictures)
		}
		real = m.D.Forward(pictures, classes.Labels("cgan", part))
		judged = m.D.Forward(fake, y)
		loss := m.game.Discriminator(real, judged)
		part.Backward(loss)
		metrics.Losses = append(metrics.Losses, train.Value{Name: "D", Value: loss})
		metrics.Stats = append(metrics.Stats, train.Value{Name: "D(real)", Value: real.Mean()}, train.Value{Name: "D(fake)", Value: judged.Mean()})
		z = nil
	}
	b.Step(m.optD)
	return metrics, real, judged
}

// generatorStep updates G on latents z and classes y, or new ones, GenBatch times as many as the batch has pictures.
func (m *Model) generatorStep(b *train.Batch, z, y *torch.Tensor) (losses []train.Value) {
	defer nn.Freeze(m.D)() // no gradient that nobody reads
	m.optG.ZeroGrad()
	for _, part := range b.Parts() {
		if z == nil {
			z, y = m.latents(m.config.GenBatch * part.Len)
		}
		loss := m.game.Generator(m.D.Forward(m.G.Forward(z, y), y))
		part.Backward(loss)
		losses, z = append(losses, train.Value{Name: "G", Value: loss}), nil
	}
	b.Step(m.optG)
	return losses
}

// latents draws n latents and as many classes, on the networks' device.
func (m *Model) latents(n int) (z, y *torch.Tensor) {
	device := m.fixed.Device()
	return m.draw(n, device), classes.Draw(n, m.config.Classes, device)
}

// draw draws z, (n, Latent): standard normal numbers, or with the linear layers of 2014 numbers from U(0, 1).
func (m *Model) draw(n int, device torch.Device) *torch.Tensor {
	shape, on := []int{n, m.config.Latent}, torch.TensorOptions{Device: device}
	if m.config.Net == "maxout" {
		return torch.Rand(shape, torch.RandOptions{TensorOptions: on})
	}
	return torch.Randn(shape, torch.RandnOptions{TensorOptions: on})
}

// Preview generates a row for each class, of the first ones if there are many, from the same latents each time.
func (m *Model) Preview() *torch.Tensor { return m.generate(m.fixed, m.shown) }

// Columns is the number of pictures of a class in the sample grid.
func (m *Model) Columns() int { return perClass }

// Sample generates n pictures of random classes.
func (m *Model) Sample(n int) *torch.Tensor { return m.generate(m.latents(n)) }

// Classes is the number of classes.
func (m *Model) Classes() int { return m.config.Classes }

// SampleClasses generates a picture of each of the labels (n).
func (m *Model) SampleClasses(labels *torch.Tensor) *torch.Tensor {
	device := m.fixed.Device()
	return m.generate(m.draw(labels.Size(0), device), labels.ToDevice(device))
}

// generate makes pictures with running statistics.
func (m *Model) generate(z, y *torch.Tensor) (images *torch.Tensor) {
	nn.Eval(m.G)
	defer nn.Train(m.G)
	torch.NoGrad(func() { images = m.G.Forward(z, y) })
	return images
}

var (
	_ train.Conditional = (*Model)(nil)
	_ train.Arranged    = (*Model)(nil)
)
