package s3gan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/zoo/internal/classes"
)

// Model is a GAN of the family in training.
type Model struct {
	G *Generator
	D *Discriminator

	config     Config
	optG, optD *optim.Adam
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
	m := &Model{config: c, G: NewGenerator(c), D: NewDiscriminator(c)}
	initialise(m.G, m.D)
	m.fixed = torch.Randn([]int{grid, c.Latent}).Own()
	adam := func(network any, lr float64) *optim.Adam {
		return optim.NewAdam(nn.Parameters(network), optim.AdamOptions{LR: lr, Betas: [2]float64{0, 0.999}})
	}
	m.optG, m.optD = adam(m.G, c.LR), adam(m.D, c.DLR)
	return m, nil
}

// System is "s3gan".
func (m *Model) System() string { return "s3gan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers and the latents of the sample grid, asks for a batch for each step of the
// discriminator, and knows what a missing label is.
func (m *Model) Parts() train.Parts {
	return train.Parts{
		Networks:   []train.Network{{Name: "G", Module: m.G, Generator: true}, {Name: "D", Module: m.D}},
		Optimizers: []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}},
		Tensors:    []nn.Entry{{Name: "fixed", Tensor: m.fixed}},
		Batches:    func(int) int { return m.config.DSteps },
		Unlabelled: true,
		Average:    m.average(),
	}
}

// average copies the weights until AverageFrom, and averages them from then on.
func (m *Model) average() optim.Decay {
	decay, start := *m.config.Average, *m.config.AverageFrom
	if decay == 0 {
		return nil
	}
	return func(n int) float64 {
		if n < start {
			return 0
		}
		return decay
	}
}

// Step updates the discriminator on each batch, against new fakes each time, then the generator once.
func (m *Model) Step(b *train.Batch) (metrics train.Metrics) {
	for _, b := range b.All() {
		torch.Scope(func() {
			metrics = train.Metrics{Losses: m.discriminatorStep(b, m.draw)}
			metrics.Keep()
		})
	}
	metrics.Losses = append(metrics.Losses, m.generatorStep(b, m.draw)...)
	return metrics
}

// A drawing makes n latents (n, Latent) and classes (n), int64.
type drawing func(n int) (z, labels *torch.Tensor)

// discriminatorStep updates D. Real pictures, fakes and the turned ones of both pass it together.
func (m *Model) discriminatorStep(b *train.Batch, draw drawing) (losses []train.Value) {
	m.optD.ZeroGrad()
	for _, part := range b.Parts() {
		k := m.config.turnedItems(part.Len)
		y := m.labels(part)
		x, real := withTurns(part.Images().AddScalar(1).DivScalar(2), y, k)
		z, labels := draw(part.Len)
		var fake, wanted *torch.Tensor
		torch.NoGrad(func() {
			wanted = m.oneHot(labels)
			fake, wanted = withTurns(m.G.Forward(z, wanted), wanted, k)
		})
		all := m.D.Forward(torch.Cat([]*torch.Tensor{x, fake}), torch.Cat([]*torch.Tensor{real, wanted}))
		half := part.Len + 3*k
		terms := m.config.discriminatorLosses(all.part(0, half), all.part(half, half), y)
		part.Backward(m.config.total(terms))
		losses = append(losses, terms...)
	}
	b.Step(m.optD)
	return losses
}

// generatorStep updates G on as many new fakes as a batch has pictures.
func (m *Model) generatorStep(b *train.Batch, draw drawing) (losses []train.Value) {
	defer nn.Freeze(m.D)() // no gradient that nobody reads
	m.optG.ZeroGrad()
	for _, part := range b.Parts() {
		z, labels := draw(part.Len)
		y := m.oneHot(labels)
		terms := m.config.generatorLosses(m.D.Forward(withTurns(m.G.Forward(z, y), y, m.config.turnedItems(part.Len))), part.Len)
		part.Backward(m.config.total(terms))
		losses = append(losses, terms...)
	}
	b.Step(m.optG)
	return losses
}

// labels are those of the real pictures, (N, classes): a row of zeros where one is missing.
func (m *Model) labels(b *train.Batch) *torch.Tensor {
	switch {
	case m.config.Baseline == "single":
		return torch.Ones([]int{b.Len, 1}, m.on())
	case m.config.Baseline == "random":
		return m.oneHot(m.drawClasses(b.Len))
	case m.config.SoftLabels:
		if p := b.Tensor("probabilities"); p != nil {
			return p
		}
		panic(&torch.Error{Op: "s3gan", Code: torch.ValueError, Msg: "--soft-labels needs data with --labels file:PATH, of a file with probabilities"})
	}
	return m.oneHot(classes.Labels("s3gan", b))
}

// oneHot is labels (N), int64, as vectors (N, classes) of the networks' type.
func (m *Model) oneHot(labels *torch.Tensor) *torch.Tensor {
	return gan.OneHot(labels, m.config.classes()).ToDType(m.fixed.DType())
}

// on is the networks' device and type.
func (m *Model) on() torch.TensorOptions {
	return torch.TensorOptions{DType: m.fixed.DType(), Device: m.fixed.Device()}
}

// draw draws z ~ N(0, 1) and classes, all as likely.
func (m *Model) draw(n int) (z, labels *torch.Tensor) { return m.latents(n), m.drawClasses(n) }

func (m *Model) latents(n int) *torch.Tensor {
	return torch.Randn([]int{n, m.config.Latent}, torch.RandnOptions{TensorOptions: m.on()})
}

func (m *Model) drawClasses(n int) *torch.Tensor {
	return classes.Draw(n, m.config.classes(), m.fixed.Device())
}

// Preview generates from the same latents each time, the classes in order. The batch norms take the statistics of the
// grid unless they have standing ones.
func (m *Model) Preview() *torch.Tensor {
	return m.generate(m.fixed, classes.Grid(grid, m.config.classes()))
}

// Sample generates n pictures from new latents and classes.
func (m *Model) Sample(n int) *torch.Tensor { return m.generate(m.draw(n)) }

// Classes is the number of classes.
func (m *Model) Classes() int { return m.config.classes() }

// SampleClasses generates a picture of each of the labels (n), int64.
func (m *Model) SampleClasses(labels *torch.Tensor) *torch.Tensor {
	return m.generate(m.latents(labels.Size(0)), labels)
}

// generate makes pictures (n, Channels, Size, Size) in [−1, 1].
func (m *Model) generate(z, labels *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() (images *torch.Tensor) {
		torch.NoGrad(func() {
			images = m.G.Forward(z, m.oneHot(labels.ToDevice(z.Device()))).MulScalar(2).SubScalar(1)
		})
		return images
	})
}

var _ train.Conditional = (*Model)(nil)
