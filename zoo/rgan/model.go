package rgan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
	"github.com/forgergan/forger/zoo/internal/classes"
	"github.com/forgergan/forger/zoo/internal/resnet32"
)

// Model is an rGAN in training.
type Model struct {
	G Generator
	D *resnet32.Discriminator

	config     Config
	game       gan.Loss
	optG, optD *optim.Adam
	decay      []train.Schedule
	fixed      *torch.Tensor // latents of the sample grid, one for each row

	transition *torch.Tensor // p(label | class), (Classes, Classes); nil where labels are taken as they are
	clean      *torch.Tensor // p(class | label), nil as well
}

// rows is the number of latents of the sample grid.
const rows = 8

var games = map[string]gan.Loss{"wgan": gan.Wasserstein, "hinge": gan.Hinge, "gan": gan.NonSaturatingLogits}

// New makes the networks, their optimisers and the latents of the sample grid, drawing in that order from the default
// generator. What is known of the labels' noise comes with Inform.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{G: NewGenerator(c), D: NewDiscriminator(c), config: c, game: games[c.Loss]}
	m.fixed = torch.Randn([]int{rows, c.Latent}).Own()
	adam := optim.AdamOptions{LR: c.LR, Betas: [2]float64{*c.Beta1, c.Beta2}}
	m.optG, m.optD = optim.NewAdam(nn.Parameters(m.G), adam), optim.NewAdam(nn.Parameters(m.D), adam)
	if *c.Decay > 0 {
		m.decay = []train.Schedule{m.falling("G", m.optG, 2), m.falling("D", m.optD, 1)}
	}
	return m, nil
}

// falling lets a learning rate fall in a line, which it begins ahead steps down. D's first is 1 − 1/Decay of the setting, as
// in the official program; G, whose first update is there the second, is one step ahead of it.
func (m *Model) falling(name string, o optim.Optimizer, ahead int) train.Schedule {
	factor := func(step int) float64 { return max(0, 1-float64(step+ahead)/float64(*m.config.Decay)) }
	return train.Schedule{Name: name, Scheduler: schedule.NewLambdaLR(o, factor)}
}

// System is "rgan".
func (m *Model) System() string { return "rgan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers and the latents of the sample grid, and asks for a batch for each step of the
// discriminator.
func (m *Model) Parts() train.Parts {
	return train.Parts{
		Networks:   []train.Network{{Name: "G", Module: m.G, Generator: true}, {Name: "D", Module: m.D}},
		Optimizers: []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}},
		Schedules:  m.decay,
		Tensors:    []nn.Entry{{Name: "fixed", Tensor: m.fixed}},
		Batches:    func(int) int { return m.config.Critic },
	}
}

// Step updates D on each batch, then G for the labels of the last one. The official program begins with G, but skips it the
// first time: its updates are the same, cut elsewhere, so that no label needs to be remembered between two steps.
func (m *Model) Step(b *train.Batch) (metrics train.Metrics) {
	all := b.All()
	for _, b := range all {
		torch.Scope(func() {
			metrics = train.Metrics{Losses: m.discriminatorStep(b, gan.Dequantize, draws{})}.Keep()
		})
	}
	metrics.Losses = append(metrics.Losses, m.generatorStep(all[len(all)-1], draws{})...)
	return metrics
}

// draws are recorded numbers in place of drawn ones, where they are not nil.
type draws struct{ z, clean, alpha *torch.Tensor }

// discriminatorStep updates D on a batch, whose pictures are prepared so, and as many fakes. Every pass of D counts, for
// each draws dropout and moves the vectors of spectral norms: they come in the official order.
func (m *Model) discriminatorStep(b *train.Batch, prepare func(*torch.Tensor) *torch.Tensor, d draws) (losses []train.Value) {
	tell := func(name string, loss *torch.Tensor) *torch.Tensor {
		losses = append(losses, train.Value{Name: name, Value: loss})
		return loss
	}
	c := m.config
	m.optD.ZeroGrad()
	for _, part := range b.Parts() {
		x, noisy := prepare(part.Images()), part.Labels()
		real := m.D.Forward(x, noisy)
		var again resnet32.Output
		if c.Consistency > 0 {
			again = m.D.Forward(x, noisy)
		}
		fake := m.fake(noisy, d)
		judged := m.D.Forward(fake, noisy)

		total := tell("D", m.game.Discriminator(real.Score, judged.Score))
		if real.Classes != nil {
			class := gan.ClassLoss(real.Classes, noisy, m.transition).MulScalar(*c.ClassD)
			total = total.Add(tell("D/class", class))
		}
		if *c.Lambda > 0 {
			part.Float32(func() {
				score := func(x *torch.Tensor) *torch.Tensor { return m.D.Forward(x, noisy).Score }
				penalty := gan.GradientPenalty(score, x, fake, gan.GradientPenaltyOptions{Alpha: d.alpha})
				total = total.Add(tell("D/penalty", penalty.MulScalar(*c.Lambda)))
			})
		}
		if c.Consistency > 0 {
			consistency := gan.Consistency(real.Score, again.Score, real.Features, again.Features, c.Consistency, 0)
			total = total.Add(tell("D/consistency", consistency))
		}
		part.Backward(total)
	}
	b.Step(m.optD)
	return losses
}

// fake generates a picture for each of the noisy labels, of a class that may have been labelled so. No gradient passes.
func (m *Model) fake(noisy *torch.Tensor, d draws) (x *torch.Tensor) {
	z, clean := m.condition(noisy, d)
	torch.NoGrad(func() { x = m.G.Forward(z, clean) })
	return x
}

// condition draws a latent for each of the noisy labels, and then a class for each.
func (m *Model) condition(noisy *torch.Tensor, d draws) (z, clean *torch.Tensor) {
	if z = d.z; z == nil {
		z = m.latents(noisy.Size(0))
	}
	switch {
	case d.clean != nil:
		return z, d.clean
	case m.clean != nil:
		return z, gan.DrawLabels(noisy, m.clean)
	}
	return z, noisy
}

// generatorStep updates G for the labels of a batch, taken GenBatch times. The class loss has clean classes and no T, which
// would teach G the noise.
func (m *Model) generatorStep(b *train.Batch, d draws) (losses []train.Value) {
	defer nn.Freeze(m.D)() // no gradient that nobody reads
	m.optG.ZeroGrad()
	for _, part := range b.Parts() {
		noisy := part.Labels().Repeat(m.config.GenBatch)
		z, clean := m.condition(noisy, d)
		judged := m.D.Forward(m.G.Forward(z, clean), noisy)
		total := m.game.Generator(judged.Score)
		losses = append(losses, train.Value{Name: "G", Value: total})
		if judged.Classes != nil {
			class := gan.ClassLoss(judged.Classes, clean, nil).MulScalar(*m.config.ClassG)
			losses = append(losses, train.Value{Name: "G/class", Value: class})
			total = total.Add(class)
		}
		part.Backward(total)
	}
	b.Step(m.optG)
	return losses
}

// latents draws z ~ N(0, 1), (n, Latent), on the networks' device.
func (m *Model) latents(n int) *torch.Tensor {
	return torch.Randn([]int{n, m.config.Latent}, torch.RandnOptions{TensorOptions: torch.TensorOptions{Device: m.fixed.Device()}})
}

// Columns is the number of columns of the sample grid, one for each class.
func (m *Model) Columns() int { return m.config.Classes }

// Preview generates from the same latents each time, one in a row, a picture of each class.
func (m *Model) Preview() *torch.Tensor {
	z := m.fixed.RepeatInterleave(m.config.Classes, torch.RepeatInterleaveOptions{Dim: new(0)})
	return m.generate(z, classes.Grid(m.config.Classes, m.config.Classes).Repeat(rows))
}

// Sample generates n pictures of classes drawn evenly.
func (m *Model) Sample(n int) *torch.Tensor {
	return m.SampleClasses(classes.Draw(n, m.config.Classes, m.fixed.Device()))
}

// Classes is the number of classes.
func (m *Model) Classes() int { return m.config.Classes }

// SampleClasses generates a picture of each clean class.
func (m *Model) SampleClasses(y *torch.Tensor) *torch.Tensor {
	return m.generate(m.latents(y.Size(0)), y)
}

// generate normalises by running statistics, as the official program does.
func (m *Model) generate(z, y *torch.Tensor) (images *torch.Tensor) {
	nn.Eval(m.G)
	defer nn.Train(m.G)
	torch.NoGrad(func() { images = m.G.Forward(z, y.ToDevice(z.Device())) })
	return images
}

var (
	_ train.Arranged    = (*Model)(nil)
	_ train.Conditional = (*Model)(nil)
	_ train.Informed    = (*Model)(nil)
)
