package sagan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
	"github.com/forgergan/forger/zoo/internal/classes"
)

// Model is a SAGAN in training.
type Model struct {
	G *Generator
	D *Discriminator

	config     Config
	optG, optD *optim.Adam
	decay      []train.Schedule
	fixed      *torch.Tensor // latents of the sample grid, a column each
}

// The sample grid has a row for each of the first classes.
const mostRows, columns = 10, 8

// New makes the networks, their optimisers and the latents of the sample grid, drawing in that order from the default
// generator.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c}
	if m.G, err = NewGenerator(c); err != nil {
		return nil, err
	}
	if m.D, err = NewDiscriminator(c); err != nil {
		return nil, err
	}
	m.fixed = torch.Randn([]int{columns, c.Latent}).Own()
	m.optG = optim.NewAdam(nn.Parameters(m.G), optim.AdamOptions{LR: c.LR, Betas: [2]float64{0, c.Beta2}})
	m.optD = optim.NewAdam(nn.Parameters(m.D), optim.AdamOptions{LR: c.DLR, Betas: [2]float64{0, c.Beta2}})
	if c.Decay > 0 {
		fall := func(step int) float64 { return max(0, 1-float64(step)/float64(c.Decay)) }
		m.decay = []train.Schedule{
			{Name: "G", Scheduler: schedule.NewLambdaLR(m.optG, fall)}, {Name: "D", Scheduler: schedule.NewLambdaLR(m.optD, fall)},
		}
	}
	return m, nil
}

// System is "sagan".
func (m *Model) System() string { return "sagan" }

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
		Batches:    func(int) int { return m.config.DSteps },
	}
}

// Step updates the discriminator on each batch, against new fakes each time, then the generator once. Each update has a
// scope of its own, so that memory is that of one.
func (m *Model) Step(b *train.Batch) (metrics train.Metrics) {
	for _, b := range b.All() {
		torch.Scope(func() {
			metrics = m.discriminatorStep(b)
			metrics.Keep()
		})
	}
	metrics.Losses = append(metrics.Losses, m.generatorStep(b)...)
	return metrics
}

// discriminatorStep passes real pictures through D, then fakes.
func (m *Model) discriminatorStep(b *train.Batch) (metrics train.Metrics) {
	m.optD.ZeroGrad()
	for _, part := range b.Parts() {
		real := m.D.Forward(part.Images(), classes.Labels("sagan", part))
		z, y := m.draw(part.Len)
		var fake *torch.Tensor
		torch.NoGrad(func() { fake = m.G.Forward(z, y) })
		judged := m.D.Forward(fake, y)
		lossReal, lossFake := gan.Hinge.Real(real), gan.Hinge.Fake(judged)
		part.Backward(lossReal.Add(lossFake))
		metrics.Losses = append(metrics.Losses, train.Value{Name: "D/real", Value: lossReal}, train.Value{Name: "D/fake", Value: lossFake})
		metrics.Stats = append(metrics.Stats, train.Value{Name: "D(real)", Value: real.Mean()}, train.Value{Name: "D(fake)", Value: judged.Mean()})
	}
	b.Step(m.optD)
	return metrics
}

func (m *Model) generatorStep(b *train.Batch) (losses []train.Value) {
	defer nn.Freeze(m.D)() // no gradient that nobody reads
	m.optG.ZeroGrad()
	for _, part := range b.Parts() {
		z, y := m.draw(part.Len)
		loss := gan.Hinge.Generator(m.D.Forward(m.G.Forward(z, y), y))
		part.Backward(loss)
		losses = append(losses, train.Value{Name: "G", Value: loss})
	}
	b.Step(m.optG)
	return losses
}

// draw gives latents and uniform classes.
func (m *Model) draw(n int) (z, y *torch.Tensor) {
	return m.Latents(n), classes.Draw(n, m.config.Classes, m.fixed.Device())
}

// Preview generates a row of pictures for each of the first ten classes, from the same latents in each row and each time.
// Batch norm has the statistics of the grid, unless BNEval is set.
func (m *Model) Preview() *torch.Tensor {
	rows := min(m.config.Classes, mostRows)
	return m.GenerateClasses(m.fixed.Repeat(rows, 1), classes.Grid(rows*columns, rows))
}

// Columns is the number of pictures of a class in the sample grid.
func (m *Model) Columns() int { return columns }

// Sample generates n pictures of random classes, normalised together as Preview does.
func (m *Model) Sample(n int) *torch.Tensor { return m.GenerateClasses(m.draw(n)) }

// Classes is the number of classes.
func (m *Model) Classes() int { return m.config.Classes }

// SampleClasses generates a picture of each label from new latents.
func (m *Model) SampleClasses(labels *torch.Tensor) *torch.Tensor {
	return m.GenerateClasses(m.Latents(labels.Size(0)), labels)
}

// Latents draws z ~ N(0, 1), (n, Latent), on the networks' device.
func (m *Model) Latents(n int) *torch.Tensor {
	return torch.Randn([]int{n, m.config.Latent}, torch.RandnOptions{TensorOptions: torch.TensorOptions{Device: m.fixed.Device()}})
}

// GenerateClasses makes the pictures of latents (n, Latent) and labels (n), normalised together as Preview does.
func (m *Model) GenerateClasses(z, y *torch.Tensor) (images *torch.Tensor) {
	if m.config.BNEval {
		nn.Eval(m.G)
		defer nn.Train(m.G)
	}
	torch.NoGrad(func() { images = m.G.Forward(z, y.ToDevice(z.Device())) })
	return images
}

var (
	_ train.ClassLatent = (*Model)(nil)
	_ train.Arranged    = (*Model)(nil)
)
