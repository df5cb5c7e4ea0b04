package sngan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
	"github.com/forgergan/forger/zoo/internal/cnn32"
	"github.com/forgergan/forger/zoo/internal/snresnet"
)

// Model is an SNGAN in training.
type Model struct {
	G any // *snresnet.Generator or *cnn32.Generator
	D any // *snresnet.Discriminator, *Rotating, *InfoMax or *cnn32.Discriminator

	config       Config
	game         gan.Loss
	forward      func(z *torch.Tensor) *torch.Tensor // of G
	judge        judge                               // D
	taskD, taskG float64                             // weights of the self-supervision
	optG, optD   *optim.Adam
	decay        []train.Schedule
	fixed        *torch.Tensor // latents of the sample grid
}

// grid is the number of pictures of the sample grid, and space the length of InfoMax-GAN's features.
const grid, space = 64, 1024

var games = map[string]gan.Loss{
	"hinge": gan.Hinge, "non-saturating": gan.NonSaturatingLogits, "wasserstein": gan.Wasserstein,
}

// New makes the networks, their optimisers and the latents of the sample grid, drawing in that order from the default
// generator.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c, game: games[c.Loss]}
	m.networks(space)
	m.fixed = torch.Randn([]int{grid, c.Latent}).Own()
	adam := optim.AdamOptions{LR: c.LR, Betas: [2]float64{*c.Beta1, c.Beta2}}
	m.optG, m.optD = optim.NewAdam(nn.Parameters(m.G), adam), optim.NewAdam(nn.Parameters(m.D), adam)
	if *c.Decay > 0 {
		m.decay = []train.Schedule{
			{Name: "G", Scheduler: schedule.NewLambdaLR(m.optG, c.fall)},
			{Name: "D", Scheduler: schedule.NewLambdaLR(m.optD, c.fall)},
		}
	}
	return m, nil
}

// networks makes G and D.
func (m *Model) networks(space int) {
	c := m.config
	if c.Net == "cnn" {
		g := cnn32.NewGenerator(c.Latent, c.Width/8, c.Channels, true)
		d := cnn32.NewDiscriminator(c.DWidth/8, c.Channels, func(l nn.Weighted) { nn.SpectralNorm(l) })
		m.G, m.D, m.forward, m.judge = g, d, g.Forward, plain(d.Forward)
		return
	}
	o := snresnet.Options{
		Plan: c.plan(), Channels: c.Channels, Latent: c.Latent, Width: c.Width, DWidth: c.DWidth, Mimicry: c.Net == "mimicry",
	}
	g := snresnet.NewGenerator(o)
	m.G, m.forward = g, func(z *torch.Tensor) *torch.Tensor { return g.Forward(z, nil) }
	switch c.Task {
	case "rotation":
		d := NewRotating(o)
		m.D, m.judge, m.taskD, m.taskG = d, d, 1, 0.2
	case "infomax":
		d := NewInfoMax(o, space)
		m.D, m.judge, m.taskD, m.taskG = d, d, 0.2, 0.2
	default:
		d := snresnet.NewDiscriminator(o, snresnet.Heads{})
		m.D, m.judge = d, plain(func(x *torch.Tensor) *torch.Tensor { return d.Forward(x, nil) })
	}
}

// System is "sngan".
func (m *Model) System() string { return "sngan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers and the latents of the sample grid, and asks for a batch for each step of
// the discriminator.
func (m *Model) Parts() train.Parts {
	return train.Parts{
		Networks:   []train.Network{{Name: "G", Module: m.G, Generator: true}, {Name: "D", Module: m.D}},
		Optimizers: []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}},
		Schedules:  m.decay,
		Tensors:    []nn.Entry{{Name: "fixed", Tensor: m.fixed}},
		Batches:    func(int) int { return m.config.Critic },
	}
}

// Step updates G, then D on each batch, against new fakes each time, as the official updater does; or, with mimicry's
// networks, first D and then G. Each update has a scope of its own, so that memory is that of one.
func (m *Model) Step(b *train.Batch) (metrics train.Metrics) {
	var losses []train.Value
	if m.config.Net != "mimicry" {
		torch.Scope(func() { losses = train.Metrics{Losses: m.generatorStep(b, nil)}.Keep().Losses })
	}
	for _, b := range b.All() {
		torch.Scope(func() {
			metrics, _, _ = m.discriminatorStep(b, nil)
			metrics.Keep()
		})
	}
	if m.config.Net == "mimicry" {
		losses = m.generatorStep(b, nil)
	}
	metrics.Losses = append(metrics.Losses, losses...)
	return metrics
}

// discriminatorStep updates D on a batch and fakes of latents z, drawn where they are nil. It also returns the last scores
// of both.
func (m *Model) discriminatorStep(b *train.Batch, z *torch.Tensor) (metrics train.Metrics, real, judged *torch.Tensor) {
	m.optD.ZeroGrad()
	for _, part := range b.Parts() {
		if z == nil {
			z = m.Latents(part.Len)
		}
		var fake *torch.Tensor
		torch.NoGrad(func() { fake = m.forward(z) })
		pictures := part.Images()
		if m.config.Net == "official" {
			pictures = gan.Dequantize(pictures)
		}
		var task func() *torch.Tensor
		real, task = m.judge.judge(pictures)
		judged, _ = m.judge.judge(fake)
		loss := m.game.Discriminator(real, judged)
		metrics.Losses = append(metrics.Losses, train.Value{Name: "D", Value: loss})
		if task != nil {
			helped := task().MulScalar(m.taskD)
			metrics.Losses = append(metrics.Losses, train.Value{Name: "D/task", Value: helped})
			loss = loss.Add(helped)
		}
		part.Backward(loss)
		metrics.Stats = append(metrics.Stats, train.Value{Name: "D(real)", Value: real.Mean()}, train.Value{Name: "D(fake)", Value: judged.Mean()})
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
			z = m.Latents(m.config.GenBatch * part.Len)
		}
		scores, task := m.judge.judge(m.forward(z))
		loss := m.game.Generator(scores)
		losses = append(losses, train.Value{Name: "G", Value: loss})
		if task != nil {
			helped := task().MulScalar(m.taskG)
			losses = append(losses, train.Value{Name: "G/task", Value: helped})
			loss = loss.Add(helped)
		}
		part.Backward(loss)
		z = nil
	}
	b.Step(m.optG)
	return losses
}

// Latents draws z ~ N(0, 1), (n, Latent), on the networks' device.
func (m *Model) Latents(n int) *torch.Tensor {
	return torch.Randn([]int{n, m.config.Latent}, torch.RandnOptions{TensorOptions: torch.TensorOptions{Device: m.fixed.Device()}})
}

// Preview generates from the same latents each time.
func (m *Model) Preview() *torch.Tensor { return m.Generate(m.fixed) }

// Sample generates n pictures from new latents.
func (m *Model) Sample(n int) *torch.Tensor { return m.Generate(m.Latents(n)) }

// Generate makes the pictures of latents (n, Latent), with running statistics.
func (m *Model) Generate(z *torch.Tensor) (images *torch.Tensor) {
	nn.Eval(m.G)
	defer nn.Train(m.G)
	torch.NoGrad(func() { images = m.forward(z) })
	return images
}

var _ train.Latent = (*Model)(nil)
