package srgan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
)

// Model is an SRResNet or, with a discriminator, an SRGAN in training.
type Model struct {
	G Generator
	D nn.Layer // *Discriminator, *PooledDiscriminator or *PatchDiscriminator; nil for an SRResNet

	config     Config
	game       gan.Loss
	optG, optD *optim.Adam
	drop       []train.Schedule

	features gan.Taps // of the content loss, read by the first step

	low, bicubic, high *torch.Tensor // of the sample grid
}

// New makes the networks and their optimisers.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c, game: gan.NonSaturatingLogits}
	if c.Loss == "probability" {
		m.game = probability
	}
	switch c.Net {
	case "srresnet":
		m.G = NewSRResNet(c)
	case "leftthomas":
		m.G = NewLeftThomas(c)
	case "eriklindernoren":
		m.G = NewLinderNoren(c)
	}
	adam := optim.AdamOptions{LR: c.LR, Betas: [2]float64{*c.Beta1, 0.999}}
	m.optG = optim.NewAdam(nn.Parameters(m.G), adam)
	if *c.Adversarial > 0 {
		switch c.Critic {
		case "dense":
			m.D = NewDiscriminator(c)
		case "pool":
			m.D = NewPooledDiscriminator(c)
		case "patch":
			m.D = NewPatchDiscriminator(c)
		}
		m.optD = optim.NewAdam(nn.Parameters(m.D), adam)
	}
	if *c.Drop > 0 {
		for _, o := range m.optimizers() {
			tenth := schedule.NewMultiStepLR(o.Optimizer, []int{*c.Drop}, 0.1)
			m.drop = append(m.drop, train.Schedule{Name: o.Name, Scheduler: tenth})
		}
	}
	return m, nil
}

// probability is leftthomas' game: D minimises 1 − D(x) + D(G(z)), G minimises 1 − D(G(z)), for probabilities D.
var probability = gan.Loss{
	Real:      func(d *torch.Tensor) *torch.Tensor { return d.Sigmoid().Mean().Neg().AddScalar(1) },
	Fake:      func(d *torch.Tensor) *torch.Tensor { return d.Sigmoid().Mean() },
	Generator: func(d *torch.Tensor) *torch.Tensor { return d.Sigmoid().Mean().Neg().AddScalar(1) },
}

// System is "srgan".
func (m *Model) System() string { return "srgan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks and their optimisers. A run may begin with the G of a file that has no D, and with no moments of
// an SRResNet's Adam: hence its own name.
func (m *Model) Parts() train.Parts {
	c := m.config
	p := train.Parts{
		Networks:   []train.Network{{Name: "G", Module: m.G, Generator: true, Inputs: [][]int{{2, 3, c.Crop / c.Scale, c.Crop / c.Scale}}}},
		Optimizers: m.optimizers(),
		Schedules:  m.drop,
		// With --ema: statistics of small crops waver, and smooth pictures show it as a wrong brightness.
		AverageBuffers: true,
	}
	if m.D != nil {
		p.Networks = append(p.Networks, train.Network{Name: "D", Module: m.D, Optional: true, Inputs: [][]int{{2, 3, c.Crop, c.Crop}}})
	}
	return p
}

func (m *Model) optimizers() []train.Optimizer {
	if m.D == nil {
		return []train.Optimizer{{Name: "SRResNet", Optimizer: m.optG}}
	}
	return []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}}
}

// Step updates G, then D with the same enlargements. The paper leaves the order open; this is that of the published
// programs.
func (m *Model) Step(b *train.Batch) train.Metrics {
	if m.features == nil {
		var err error
		if m.features, err = openFeatures(m.config.Content, b.Tensor("low").Device()); err != nil {
			panic(&torch.Error{Op: "srgan.Step", Msg: err.Error()})
		}
	}
	metrics, fakes := m.generatorStep(b)
	if m.D != nil {
		judged := m.discriminatorGradients(b, fakes)
		b.Step(m.optD)
		metrics.Losses = append(metrics.Losses, judged.Losses...)
		metrics.Stats = append(metrics.Stats, judged.Stats...)
	}
	return metrics
}

// generatorStep updates G and returns what it made.
func (m *Model) generatorStep(b *train.Batch) (out train.Metrics, fakes []*torch.Tensor) {
	if m.D != nil {
		defer nn.Freeze(m.D)() // no gradient that nobody reads
	}
	m.optG.ZeroGrad()
	for _, part := range b.Parts() {
		fake := m.G.Upscale(part.Tensor("low"))
		loss, terms := m.loss(fake, part.Tensor("high"))
		part.Backward(loss)
		fakes = append(fakes, fake.Detach())
		out.Losses = append(out.Losses, train.Value{Name: "G", Value: loss})
		out.Losses = append(out.Losses, terms...)
	}
	b.Step(m.optG)
	return out, fakes
}

// loss is that of the generator, and its terms with their weights: for pixels and features mean squared errors, in
// [−1, 1] and of feature maps.
func (m *Model) loss(fake, high *torch.Tensor) (total *torch.Tensor, terms []train.Value) {
	c := m.config
	add := func(name string, weight float64, term *torch.Tensor) {
		term = term.MulScalar(weight)
		terms = append(terms, train.Value{Name: name, Value: term})
		if total == nil {
			total = term
			return
		}
		total = total.Add(term)
	}
	if c.Content == "mse" {
		add("G/content", 1, fake.MSELoss(high))
	} else {
		add("G/content", c.ContentWeight, gan.Perceptual(m.features, fake, high, gan.PerceptualOptions{Squared: true}))
		if c.Pixel > 0 {
			add("G/pixel", c.Pixel, fake.MSELoss(high))
		}
	}
	if m.D != nil {
		add("G/adversarial", *c.Adversarial, m.game.Generator(m.judge(fake)))
	}
	if c.TV > 0 {
		add("G/variation", c.TV, gan.SquaredVariation(fake))
	}
	return total, terms
}

// discriminatorGradients computes those of D. Originals and enlargements pass it apart, so that batch norm normalises them
// apart.
func (m *Model) discriminatorGradients(b *train.Batch, fakes []*torch.Tensor) (out train.Metrics) {
	m.optD.ZeroGrad()
	for i, part := range b.Parts() {
		real := m.judge(part.Tensor("high"))
		lossReal := m.game.Real(real)
		part.Backward(lossReal)
		fake := m.judge(fakes[i])
		lossFake := m.game.Fake(fake)
		part.Backward(lossFake)
		out.Losses = append(out.Losses, train.Value{Name: "D/real", Value: lossReal}, train.Value{Name: "D/fake", Value: lossFake})
		out.Stats = append(out.Stats,
			train.Value{Name: "D(real)", Value: real.Sigmoid().Mean()}, train.Value{Name: "D(fake)", Value: fake.Sigmoid().Mean()})
	}
	return out
}

// judge is D of pictures in [−1, 1].
func (m *Model) judge(x *torch.Tensor) *torch.Tensor {
	if _, ok := m.D.(*PooledDiscriminator); ok {
		x = unit(x)
	}
	return m.D.Forward(x)
}

// Translation is of the fields "low" and "high", of any size.
func (m *Model) Translation() train.Translation {
	return train.Translation{
		Inputs: []string{"low"}, Target: "high", Paired: true,
		Scale: m.config.Scale, Multiple: 1, Margin: m.config.margin(),
	}
}

// Translate enlarges "low", with the running statistics of batch norm.
func (m *Model) Translate(b *train.Batch, _ bool) (high *torch.Tensor) {
	nn.Eval(m.G)
	defer nn.Train(m.G)
	torch.NoGrad(func() {
		high = torch.Tidy(func() *torch.Tensor {
			return m.G.Upscale(b.Tensor("low")).Clamp(torch.ClampOptions{Min: -1.0, Max: 1.0})
		})
	})
	return high
}

// Exhibit keeps the items of the sample grid and their bicubic enlargements.
func (m *Model) Exhibit(b *train.Batch) {
	m.low, m.high = b.Tensor("low"), b.Tensor("high")
	m.bicubic = translation.Bicubic(m.low, m.config.Scale).Own()
}

// Columns of the grid are bicubic enlargement, output and original.
func (m *Model) Columns() int { return 3 }

// Preview makes the sample grid.
func (m *Model) Preview() *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		out := m.Translate(train.NewBatch(map[string]*torch.Tensor{"low": m.low}), false)
		return torch.Stack([]*torch.Tensor{m.bicubic, out, m.high}, torch.StackOptions{Dim: 1}).Flatten(torch.FlattenOptions{StartDim: 0, EndDim: new(1)})
	})
}

var (
	_ train.Translator = (*Model)(nil)
	_ train.Exhibitor  = (*Model)(nil)
)
