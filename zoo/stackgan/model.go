package stackgan

import (
	"slices"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
)

// Model is one of the two stages in training.
type Model struct {
	G Generator // *Stage1 or *Stage2
	D *Discriminator

	config     Config
	optG, optD *optim.Adam
	halving    []train.Schedule

	bank  *torch.Tensor // embeddings (captions, Text) of the training set, which Sample draws from
	fixed *torch.Tensor // noise of the sample grid, (columns, Latent + 2·Condition)

	real, told *torch.Tensor // pictures and embeddings of the sample grid
}

// New makes the networks, their optimisers and the noise of the sample grid. A Stage II has a random Stage I until Begin.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c, D: NewDiscriminator(c)}
	if c.Stage == 2 {
		m.G = NewStage2(c)
	} else {
		m.G = NewStage1(c)
	}
	initialise(m.G, c.Flavour == "tf")
	initialise(m.D, c.Flavour == "tf")
	m.bank = torch.Zeros([]int{remembered, c.Text}).Own()
	m.fixed = torch.Randn([]int{m.shots(), c.Latent + 2*c.Condition}).Own()
	learnt := slices.DeleteFunc(nn.Parameters(m.G), func(p *torch.Tensor) bool { return !p.RequiresGrad() })
	adam := optim.AdamOptions{LR: c.LR, Betas: [2]float64{0.5, 0.999}}
	m.optG, m.optD = optim.NewAdam(learnt, adam), optim.NewAdam(nn.Parameters(m.D), adam)
	if *c.Halve > 0 {
		m.halving = []train.Schedule{
			{Name: "G", Scheduler: schedule.NewStepLR(m.optG, *c.Halve, 0.5), Epochs: true},
			{Name: "D", Scheduler: schedule.NewStepLR(m.optD, *c.Halve, 0.5), Epochs: true},
		}
	}
	return m, nil
}

// initialise draws weights of convolutions and linear layers from N(0, 0.02), those of convolutions in tf cut at two
// deviations, and scales of batch norms from N(1, 0.02). Shifts and biases are 0, but for those of pt's convolutions.
func initialise(net any, tf bool) {
	nn.Apply(net, func(m any) {
		switch l := m.(type) {
		case *nn.Conv2d:
			if tf {
				initializer.TruncNormal(l.Weight, 0, 0.02, -0.04, 0.04)
			} else {
				initializer.Normal(l.Weight, 0, 0.02)
			}
		case *nn.Linear:
			initializer.Normal(l.Weight, 0, 0.02)
			if l.Bias != nil {
				initializer.Constant(l.Bias, 0)
			}
		case *nn.BatchNorm1d:
			initializer.Normal(l.Weight, 1, 0.02)
		case *nn.BatchNorm2d:
			initializer.Normal(l.Weight, 1, 0.02)
		}
	})
}

// System is "stackgan".
func (m *Model) System() string { return "stackgan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, of which Stage II's G holds Stage I, their optimisers and schedules, the captions that Sample
// draws from and the noise of the sample grid.
func (m *Model) Parts() train.Parts {
	return train.Parts{
		Networks:   []train.Network{{Name: "G", Module: m.G, Generator: true}, {Name: "D", Module: m.D}},
		Optimizers: []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}},
		Schedules:  m.halving,
		Tensors:    []nn.Entry{{Name: "captions", Tensor: m.bank}, {Name: "fixed", Tensor: m.fixed}},
	}
}

// Step updates D, then G: in pt with the same pictures, in tf with new ones of the same texts.
func (m *Model) Step(b *train.Batch) train.Metrics {
	metrics, made := m.discriminatorStep(b, m.noise)
	judged := m.generatorStep(b, made, m.noise)
	metrics.Losses = append(metrics.Losses, judged.Losses...)
	return metrics
}

// A drawing makes the noise of n pictures.
type drawing func(n int) Noise

func (m *Model) noise(n int) Noise {
	on := torch.TensorOptions{Device: m.fixed.Device(), DType: m.fixed.DType()}
	return Noise{Z: torch.Randn([]int{n, m.config.Latent}, torch.RandnOptions{TensorOptions: on})}
}

// discriminatorStep updates D. Real pictures, those of wrong pairs and made ones pass it apart, so that batch norm
// normalises them apart. It returns what G made, a part of the batch each.
func (m *Model) discriminatorStep(b *train.Batch, draw drawing) (metrics train.Metrics, made []Output) {
	m.optD.ZeroGrad()
	for _, part := range b.Parts() {
		var out Output
		generate := func() { out = m.G.Generate(texts(part), draw(part.Len)) }
		if m.config.shifts() {
			generate()
		} else {
			torch.NoGrad(generate)
		}
		made = append(made, out)
		j := m.judge(part, out)
		part.Backward(j.loss())
		metrics.Losses = append(metrics.Losses, j.losses()...)
		metrics.Stats = append(metrics.Stats,
			train.Value{Name: "D(real)", Value: j.real.Sigmoid().Mean()},
			train.Value{Name: "D(wrong)", Value: j.wrong.Sigmoid().Mean()},
			train.Value{Name: "D(fake)", Value: j.fake.Sigmoid().Mean()})
	}
	b.Step(m.optD)
	return metrics, made
}

// judge passes a part of a batch and what was made of its texts through D.
func (m *Model) judge(part *train.Batch, out Output) (j judgement) {
	condition := m.condition(part, out)
	h := m.D.Features(part.Images())
	if m.config.shifts() { // the picture of an item with the text of the next
		n := part.Len - 1
		fake := m.D.Features(out.Image.Detach())
		j.real = m.D.Matches(h, condition)
		j.wrong = m.D.Matches(h.Narrow(0, 0, n), condition.Narrow(0, 1, n))
		j.fake = m.D.Matches(fake, condition)
		if m.D.Uncond != nil {
			j.realAlone, j.fakeAlone = m.D.Real(h), m.D.Real(fake)
		}
		return j
	}
	wrong := part.Tensor("wrong")
	if wrong == nil {
		panic(&torch.Error{Op: "stackgan", Code: torch.ValueError, Msg: "--flavour tf learns from pictures of other classes, which the data lack: take data with classes, or --flavour pt"})
	}
	j.real = m.D.Matches(h, condition)
	j.wrong = m.D.Matches(m.D.Features(wrong), condition)
	j.fake = m.D.Matches(m.D.Features(out.Image), condition)
	return j
}

// texts are the embeddings (N, Text) of a batch.
func texts(b *train.Batch) *torch.Tensor {
	if t := b.Tensor("text"); t != nil {
		return t
	}
	panic(&torch.Error{Op: "stackgan", Code: torch.ValueError, Msg: "the data have no captions"})
}

// condition is what D sees of the texts: their embeddings, or the mean of G's condition, which learns nothing from D.
func (m *Model) condition(part *train.Batch, out Output) *torch.Tensor {
	if m.config.shifts() {
		return out.Mu.Detach()
	}
	return texts(part)
}

// judgement is the logits of D: of real and of wrong pairs, of made pictures, and of the latter two without their text.
type judgement struct{ real, wrong, fake, realAlone, fakeAlone *torch.Tensor }

// loss is that of D. Zhang et al. 2017, eq. 3 and 5; the weights are the programs'.
func (j judgement) loss() *torch.Tensor {
	real, wrong, fake := gan.BCEWithLogits(j.real, 1), gan.BCEWithLogits(j.wrong, 0), gan.BCEWithLogits(j.fake, 0)
	if j.realAlone == nil {
		return real.Add(wrong.Add(fake).MulScalar(0.5))
	}
	real = real.Add(gan.BCEWithLogits(j.realAlone, 1))
	fake = fake.Add(gan.BCEWithLogits(j.fakeAlone, 0))
	return real.DivScalar(2).Add(wrong.Add(fake).DivScalar(3))
}

// losses are its terms, without their weights.
func (j judgement) losses() []train.Value {
	all := []train.Value{
		{Name: "D/real", Value: gan.BCEWithLogits(j.real, 1)},
		{Name: "D/wrong", Value: gan.BCEWithLogits(j.wrong, 0)},
		{Name: "D/fake", Value: gan.BCEWithLogits(j.fake, 0)},
	}
	if j.realAlone != nil {
		all = append(all, train.Value{Name: "D/real-alone", Value: gan.BCEWithLogits(j.realAlone, 1)},
			train.Value{Name: "D/fake-alone", Value: gan.BCEWithLogits(j.fakeAlone, 0)})
	}
	return all
}

// generatorStep updates G. Zhang et al. 2017, eq. 4 and 6.
func (m *Model) generatorStep(b *train.Batch, made []Output, draw drawing) (metrics train.Metrics) {
	defer nn.Freeze(m.D)() // no gradient that nobody reads
	m.optG.ZeroGrad()
	for i, part := range b.Parts() {
		out := made[i]
		if !m.config.shifts() {
			out = m.G.Generate(texts(part), draw(part.Len))
		}
		h := m.D.Features(out.Image)
		loss := gan.BCEWithLogits(m.D.Matches(h, m.condition(part, out)), 1)
		if m.D.Uncond != nil {
			loss = loss.Add(gan.BCEWithLogits(m.D.Real(h), 1))
		}
		divergence := gan.KLStandardNormal(out.Mu, out.LogVar, torch.Mean)
		part.Backward(loss.Add(divergence.MulScalar(*m.config.KL)))
		metrics.Losses = append(metrics.Losses, train.Value{Name: "G", Value: loss}, train.Value{Name: "G/KL", Value: divergence})
	}
	b.Step(m.optG)
	return metrics
}

var (
	_ train.Texted    = (*Model)(nil)
	_ train.Exhibitor = (*Model)(nil)
	_ train.Informed  = (*Model)(nil)
	_ train.Beginner  = (*Model)(nil)
)
