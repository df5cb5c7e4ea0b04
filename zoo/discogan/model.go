package discogan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/zoo/internal/twoway"
)

// Model is a DiscoGAN in training. The authors call GA generator_B and GB generator_A, after what they make; DA judges
// pictures of B and DB pictures of A.
type Model struct {
	twoway.Pair       // *Generator or *twoway.UNet each
	DA, DB      judge // *Discriminator or *twoway.PatchD each

	config     Config
	optG, optD *optim.Adam
	iterations *torch.Tensor // batches so far, which the curriculum counts
}

// judge is a discriminator whose features are matched.
type judge interface {
	nn.Layer
	Features(x *torch.Tensor) (logits *torch.Tensor, features []*torch.Tensor)
}

// cycle is the number of batches of a step: one for the discriminators, then two for the generators.
const cycle = 3

// New makes the networks and their optimisers, drawing weights of GA, GB, DA and DB in that order.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c, iterations: torch.Of(int64(0)).Own()}
	m.GA, m.GB = newGenerator(c), newGenerator(c)
	m.Eval = !c.BNTrain
	m.DA, m.DB = newJudge(c), newJudge(c)
	adam := optim.AdamOptions{LR: c.LR, Betas: [2]float64{0.5, 0.999}, WeightDecay: c.WeightDecay}
	m.optG = optim.NewAdam(append(nn.Parameters(m.GA), nn.Parameters(m.GB)...), adam)
	m.optD = optim.NewAdam(append(nn.Parameters(m.DA), nn.Parameters(m.DB)...), adam)
	return m, nil
}

func newGenerator(c Config) nn.Layer {
	if c.Net != "unet" {
		return NewGenerator(c)
	}
	g := twoway.NewUNet(twoway.UNetOptions{Levels: 6, Channels: c.Channels, Width: c.Width, Resize: true})
	gan.InitNormal(g)
	return g
}

func newJudge(c Config) judge {
	if c.Net != "unet" {
		return NewDiscriminator(c)
	}
	d := twoway.NewPatchD(c.Channels, c.Width, 1, func(channels int) nn.Layer { return nn.NewInstanceNorm2d(channels) })
	gan.InitNormal(d)
	return d
}

// System is "discogan".
func (m *Model) System() string { return "discogan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers and the count of batches, and asks for three batches a step.
func (m *Model) Parts() train.Parts {
	pictures := [][]int{{2, m.config.Channels, m.config.Size, m.config.Size}}
	return train.Parts{
		Networks: []train.Network{
			{Name: "G_A", Module: m.GA, Generator: true, Inputs: pictures},
			{Name: "G_B", Module: m.GB, Generator: true, Inputs: pictures},
			{Name: "D_A", Module: m.DA, Inputs: pictures},
			{Name: "D_B", Module: m.DB, Inputs: pictures},
		},
		Optimizers: []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}},
		Tensors:    []nn.Entry{{Name: "iterations", Tensor: m.iterations}},
		Batches:    func(int) int { return cycle },
	}
}

// Step updates the discriminators on the first batch and the generators on each of the two others, as the authors'
// iterations do. Each update has a scope of its own, so that memory is that of one.
func (m *Model) Step(b *train.Batch) (out train.Metrics) {
	update := m.stepD
	for _, b := range b.All() {
		torch.Scope(func() {
			metrics := update(b)
			metrics.Keep()
			out.Losses = append(out.Losses, metrics.Losses...)
			out.Stats = append(out.Stats, metrics.Stats...)
			m.iterations.AddScalarInPlace(1)
		})
		update = m.stepG
	}
	return out
}

// oneWay says that only GA is trained adversarially.
func (m *Model) oneWay() bool { return m.config.Objective != "discogan" }

// stepD updates the discriminators. The authors compute reconstructions here as well, which nothing reads.
func (m *Model) stepD(b *train.Batch) (out train.Metrics) {
	m.optD.ZeroGrad()
	judged := func(name string, d judge, real *torch.Tensor, g nn.Layer, from *torch.Tensor) *torch.Tensor {
		var fake *torch.Tensor
		torch.NoGrad(func() { fake = g.Forward(from) })
		onReal, onFake := d.Forward(real), d.Forward(fake)
		loss := gan.NonSaturatingLogits.Discriminator(onReal, onFake).MulScalar(0.5)
		out.Losses = append(out.Losses, train.Value{Name: name, Value: loss})
		out.Stats = append(out.Stats,
			train.Value{Name: name + "(real)", Value: onReal.Sigmoid().Mean()}, train.Value{Name: name + "(fake)", Value: onFake.Sigmoid().Mean()})
		return loss
	}
	for _, part := range b.Parts() {
		x, y := part.Tensor("A"), part.Tensor("B")
		loss := judged("D_A", m.DA, y, m.GA, x)
		if !m.oneWay() {
			loss = loss.Add(judged("D_B", m.DB, x, m.GB, y))
		}
		part.Backward(loss)
	}
	b.Step(m.optD)
	return out
}

// The weights of what the discriminators say and of their features.
const (
	judgement = 0.1
	matching  = 0.9
)

// stepG updates the generators.
func (m *Model) stepG(b *train.Batch) (out train.Metrics) {
	defer nn.Freeze(m.DA)() // no gradient that nobody reads
	defer nn.Freeze(m.DB)()
	m.optG.ZeroGrad()
	rate := m.rate()
	one := func(way string, from, to *torch.Tensor, g, back nn.Layer, d judge) *torch.Tensor {
		made := g.Forward(from)
		terms := m.adversarial(d, made, to)
		out.Losses = append(out.Losses, train.Value{Name: "G_" + way, Value: terms[0]}, train.Value{Name: "match_" + way, Value: terms[1]})
		loss := terms[0].MulScalar(judgement).Add(terms[1].MulScalar(matching))
		if m.config.Objective == "gan" {
			return loss
		}
		// The authors' pictures are in [0, 1], where squares are a quarter.
		again := back.Forward(made).MSELoss(from).MulScalar(0.25)
		out.Losses = append(out.Losses, train.Value{Name: "recon_" + way, Value: again})
		return loss.MulScalar(1 - rate).Add(again.MulScalar(rate))
	}
	for _, part := range b.Parts() {
		x, y := part.Tensor("A"), part.Tensor("B")
		loss := one("A", x, y, m.GA, m.GB, m.DA)
		if !m.oneWay() {
			loss = loss.Add(one("B", y, x, m.GB, m.GA, m.DB))
		}
		part.Backward(loss)
	}
	b.Step(m.optG)
	return out
}

// adversarial are the cross entropy of what d says of made pictures, and the distance of their features from those of
// real ones.
func (m *Model) adversarial(d judge, made, real *torch.Tensor) [2]*torch.Tensor {
	var wanted []*torch.Tensor
	torch.NoGrad(func() { _, wanted = d.Features(real) })
	logits, features := d.Features(made)
	first := len(features) - m.config.Features
	return [2]*torch.Tensor{gan.NonSaturatingLogits.Generator(logits), gan.MeanMatching(features[first:], wanted[first:])}
}

// rate is the weight of reconstruction.
func (m *Model) rate() float64 {
	if int(m.iterations.Item()) < *m.config.Curriculum {
		return m.config.StartRate
	}
	return m.config.Rate
}

// Translation needs sides that are multiples of 16, or 64 for a U-Net.
func (m *Model) Translation() train.Translation { return twoway.Translation(m.config.multiple(), 0) }

var (
	_ train.Translator = (*Model)(nil)
	_ train.Exhibitor  = (*Model)(nil)
)
