package biggan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/pictures"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/zoo/internal/classes"
)

// Model is a BigGAN in training.
type Model struct {
	G *Generator
	D *Discriminator

	config     Config
	optG, optD *optim.Adam
	regular    []*torch.Tensor // weights of G that Ortho regularises
	fixed      *torch.Tensor   // latents of the sample grid, a column each
}

// The sample grid has a row for each of the first classes.
const mostRows, columns = 10, 8

// decay is that of the average of the generator.
const decay = 0.9999

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
	adam := func(module any, lr float64) *optim.Adam {
		return optim.NewAdam(nn.Parameters(module), optim.AdamOptions{LR: lr, Betas: [2]float64{0, 0.999}, Eps: c.AdamEps})
	}
	m.optG, m.optD = adam(m.G, c.LR), adam(m.D, c.DLR)
	for _, p := range nn.Parameters(m.G) {
		if m.G.Shared == nil || p != m.G.Shared.Weight {
			m.regular = append(m.regular, p)
		}
	}
	return m, nil
}

// System is "biggan".
func (m *Model) System() string { return "biggan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers and the latents of the sample grid, and asks for a batch for each step of the
// discriminator. The average of the generator is of its statistics, too.
func (m *Model) Parts() train.Parts {
	return train.Parts{
		Networks:   []train.Network{{Name: "G", Module: m.G, Generator: true}, {Name: "D", Module: m.D}},
		Optimizers: []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}},
		Tensors:    []nn.Entry{{Name: "fixed", Tensor: m.fixed}},
		Batches:    func(int) int { return m.config.DSteps },
		Average: func(n int) float64 {
			if n+1 < m.config.AverageFrom {
				return 0
			}
			return decay
		},
		AverageBuffers: true,
	}
}

// A draw gives latents and classes of so many pictures.
type draw func(n int) (z, y *torch.Tensor)

// Step updates the discriminator on each batch, against new fakes each time, then the generator once, in the order of
// train_fns.py. Each update has a scope of its own, so that memory is that of one.
func (m *Model) Step(b *train.Batch) train.Metrics { return m.update(b, m.draw) }

func (m *Model) update(b *train.Batch, draw draw) (metrics train.Metrics) {
	for _, b := range b.All() {
		torch.Scope(func() {
			metrics = m.discriminatorStep(b, draw)
			metrics.Keep()
		})
	}
	metrics.Losses = append(metrics.Losses, m.generatorStep(b, draw)...)
	return metrics
}

// discriminatorStep passes fakes and real pictures through D together, so that its spectral norms make one step for both.
func (m *Model) discriminatorStep(b *train.Batch, draw draw) (metrics train.Metrics) {
	m.optD.ZeroGrad()
	for _, part := range b.Parts() {
		z, y := draw(part.Len)
		var fake *torch.Tensor
		torch.NoGrad(func() { fake = m.G.Forward(z, y) })
		scores := m.D.Forward(torch.Cat([]*torch.Tensor{fake, part.Images()}), torch.Cat([]*torch.Tensor{y, classes.Labels("biggan", part)}))
		judged, real := scores.Narrow(0, 0, part.Len), scores.Narrow(0, part.Len, part.Len)
		lossReal, lossFake := gan.Hinge.Real(real), gan.Hinge.Fake(judged)
		part.Backward(lossReal.Add(lossFake))
		metrics.Losses = append(metrics.Losses, train.Value{Name: "D/real", Value: lossReal}, train.Value{Name: "D/fake", Value: lossFake})
		metrics.Stats = append(metrics.Stats, train.Value{Name: "D(real)", Value: real.Mean()}, train.Value{Name: "D(fake)", Value: judged.Mean()})
	}
	b.Step(m.optD)
	return metrics
}

// generatorStep updates G, and keeps the rows of its weights from being alike.
func (m *Model) generatorStep(b *train.Batch, draw draw) (losses []train.Value) {
	defer nn.Freeze(m.D)() // no gradient that nobody reads
	m.optG.ZeroGrad()
	for _, part := range b.Parts() {
		z, y := draw(part.Len)
		loss := gan.Hinge.Generator(m.D.Forward(m.G.Forward(z, y), y))
		part.Backward(loss)
		losses = append(losses, train.Value{Name: "G", Value: loss})
	}
	if m.config.Ortho > 0 {
		alike := gan.Orthogonal(m.regular)
		b.Backward(alike.MulScalar(m.config.Ortho))
		losses = append(losses, train.Value{Name: "G/ortho", Value: alike})
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

// Sample generates n pictures of random classes from truncated latents, normalised together as Preview does.
func (m *Model) Sample(n int) *torch.Tensor {
	return m.SampleClasses(classes.Draw(n, m.config.Classes, m.fixed.Device()))
}

// Classes is the number of classes.
func (m *Model) Classes() int { return m.config.Classes }

// SampleClasses generates a picture of each label from new truncated latents.
func (m *Model) SampleClasses(labels *torch.Tensor) *torch.Tensor {
	return m.GenerateClasses(m.truncated(labels.Size(0)), labels)
}

// truncated draws n latents without numbers beyond Truncation, times ZStd.
func (m *Model) truncated(n int) *torch.Tensor {
	draw := func() *torch.Tensor { return m.Latents(n) }
	if m.config.Truncation == 0 {
		return draw().MulScalar(*m.config.ZStd)
	}
	return pictures.Truncated(draw, m.config.Truncation).MulScalar(*m.config.ZStd)
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
