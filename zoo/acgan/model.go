package acgan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/zoo/internal/classes"
)

// Model is an AC-GAN in training.
type Model struct {
	G Generator
	D Discriminator

	config     Config
	optG, optD *optim.Adam
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
	m := &Model{config: c}
	m.G, m.D = c.networks()
	shown := min(c.Classes, most)
	m.shown = classes.Grid(shown*perClass, shown).Own()
	m.fixed = m.draw(shown*perClass, torch.Device{}).Own()
	adam := optim.AdamOptions{LR: c.LR, Betas: [2]float64{*c.Beta1, 0.999}}
	m.optG, m.optD = optim.NewAdam(nn.Parameters(m.G), adam), optim.NewAdam(nn.Parameters(m.D), adam)
	return m, nil
}

// System is "acgan".
func (m *Model) System() string { return "acgan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers and what the sample grid is made of.
func (m *Model) Parts() train.Parts {
	return train.Parts{
		Networks:   []train.Network{{Name: "G", Module: m.G, Generator: true}, {Name: "D", Module: m.D}},
		Optimizers: []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}},
		Tensors:    []nn.Entry{{Name: "fixed", Tensor: m.fixed}, {Name: "shown", Tensor: m.shown}},
	}
}

// Step makes the fakes of a step, of random classes, and updates D and G on them: D first, as clvrai/ACGAN-PyTorch does, or
// G first, as PyTorch-GAN does. With keras-acgan's networks G is updated on twice as many new fakes. Both are always in
// training mode, and D sees real and generated pictures apart.
func (m *Model) Step(b *train.Batch) (metrics train.Metrics) {
	var fakes []fake
	for _, part := range b.Parts() {
		fakes = append(fakes, m.fake(part.Len))
	}
	switch m.config.Net {
	case "pytorch-gan":
		m.generatorStep(b, &metrics, fakes)
		m.discriminatorStep(b, &metrics, fakes)
	case "keras":
		m.discriminatorStep(b, &metrics, fakes)
		for i, part := range b.Parts() {
			fakes[i] = m.fake(2 * part.Len)
		}
		m.generatorStep(b, &metrics, fakes)
	default:
		m.discriminatorStep(b, &metrics, fakes)
		m.generatorStep(b, &metrics, fakes)
	}
	return metrics
}

// fake is generated pictures and the classes that they were made for.
type fake struct{ x, y *torch.Tensor }

func (m *Model) fake(n int) fake {
	y := classes.Draw(n, m.config.Classes, m.fixed.Device())
	return fake{m.G.Forward(m.draw(n, m.fixed.Device()), y), y}
}

func (m *Model) discriminatorStep(b *train.Batch, metrics *train.Metrics, fakes []fake) {
	m.optD.ZeroGrad()
	for i, part := range b.Parts() {
		y := classes.Labels("acgan", part)
		source, class := m.D.Forward(part.Images())
		judged, told := m.D.Forward(fakes[i].x.Detach())
		real, generated := gan.NonSaturatingLogits.Real(source), gan.NonSaturatingLogits.Fake(judged)
		classified := gan.ClassLoss(class, y, nil).Add(gan.ClassLoss(told, fakes[i].y, nil)).MulScalar(*m.config.ClassD)
		part.Backward(real.Add(generated).Add(classified))
		metrics.Losses = append(metrics.Losses, train.Value{Name: "D/real", Value: real}, train.Value{Name: "D/fake", Value: generated}, train.Value{Name: "D/class", Value: classified})
		metrics.Stats = append(metrics.Stats,
			train.Value{Name: "D(real)", Value: source.Sigmoid().Mean()}, train.Value{Name: "D(fake)", Value: judged.Sigmoid().Mean()},
			train.Value{Name: "accuracy(real)", Value: accuracy(class, y)}, train.Value{Name: "accuracy(fake)", Value: accuracy(told, fakes[i].y)})
	}
	b.Step(m.optD)
}

// accuracy is the share of pictures whose class the logits tell.
func accuracy(logits, y *torch.Tensor) *torch.Tensor {
	return logits.ArgMax(torch.ArgMaxOptions{Dim: new(1)}).Eq(y).ToDType(torch.Float32).Mean()
}

func (m *Model) generatorStep(b *train.Batch, metrics *train.Metrics, fakes []fake) {
	defer nn.Freeze(m.D)() // no gradient that nobody reads
	m.optG.ZeroGrad()
	for i, part := range b.Parts() {
		judged, told := m.D.Forward(fakes[i].x)
		loss := gan.NonSaturatingLogits.Generator(judged)
		classified := gan.ClassLoss(told, fakes[i].y, nil).MulScalar(*m.config.ClassG)
		part.Backward(loss.Add(classified))
		metrics.Losses = append(metrics.Losses, train.Value{Name: "G", Value: loss}, train.Value{Name: "G/class", Value: classified})
	}
	b.Step(m.optG)
}

// draw draws z, (n, Latent): standard normal numbers, or numbers from U(−1, 1) with keras-acgan's networks.
func (m *Model) draw(n int, device torch.Device) *torch.Tensor {
	shape, on := []int{n, m.config.Latent}, torch.TensorOptions{Device: device}
	if m.config.Net == "keras" {
		return torch.Rand(shape, torch.RandOptions{TensorOptions: on}).MulScalar(2).SubScalar(1)
	}
	return torch.Randn(shape, torch.RandnOptions{TensorOptions: on})
}

// Preview generates a row for each class, of the first ones if there are many, from the same latents each time.
func (m *Model) Preview() *torch.Tensor { return m.generate(m.fixed, m.shown) }

// Columns is the number of pictures of a class in the sample grid.
func (m *Model) Columns() int { return perClass }

// Sample generates n pictures of random classes.
func (m *Model) Sample(n int) *torch.Tensor {
	return m.SampleClasses(classes.Draw(n, m.config.Classes, m.fixed.Device()))
}

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
