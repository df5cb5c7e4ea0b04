package dualgan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/zoo/internal/twoway"
)

// Model is a DualGAN in training. DA judges pictures of B, which GA makes, and DB those of A.
type Model struct {
	twoway.Pair          // *Generator or *twoway.UNet each
	DA, DB      nn.Layer // *Critic or *twoway.PatchD each

	config     Config
	game       gan.Loss
	optG, optD optim.Optimizer
}

// New makes the networks and their optimisers, drawing weights of GA, GB, DA and DB in that order.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c, game: gan.Wasserstein}
	if c.Loss == "classic" {
		m.game = gan.NonSaturatingLogits
	}
	m.GA, m.GB = newGenerator(c), newGenerator(c)
	m.Eval = c.Net == "unet" // whose dropout is none of its input; the author's networks keep theirs, which is their noise
	m.DA, m.DB = newCritic(c), newCritic(c)
	m.optG = newOptimizer(c, m.GA, m.GB)
	m.optD = newOptimizer(c, m.DA, m.DB)
	return m, nil
}

func newGenerator(c Config) nn.Layer {
	if c.Net != "unet" {
		return NewGenerator(c)
	}
	g := twoway.NewUNet(twoway.UNetOptions{Levels: 7, Channels: c.Channels, Width: c.Width, Affine: true})
	gan.InitNormal(g)
	return g
}

func newCritic(c Config) nn.Layer {
	if c.Net != "unet" {
		return NewCritic(c)
	}
	// The official argument 0.8 stands where PyTorch has eps.
	norm := func(channels int) nn.Layer { return nn.NewBatchNorm2d(channels, nn.BatchNorm{Eps: 0.8}) }
	d := twoway.NewPatchD(c.Channels, c.Width, 0, norm)
	gan.InitNormal(d)
	return d
}

func newOptimizer(c Config, a, b nn.Layer) optim.Optimizer {
	params := append(nn.Parameters(a), nn.Parameters(b)...)
	if c.Optimizer == "adam" {
		return optim.NewAdam(params, optim.AdamOptions{LR: c.LR, Betas: [2]float64{0.5, 0.999}})
	}
	return optim.NewRMSprop(params, optim.RMSpropOptions{LR: c.LR, Alpha: 0.9, Eps: 1e-10, TensorFlow: true})
}

// System is "dualgan".
func (m *Model) System() string { return "dualgan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks and their optimisers, and asks for a batch for each step of the critics.
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
		Batches:    func(int) int { return m.config.Critic },
	}
}

// Step updates the critics on each batch, then the generators on the last one: with cross entropy twice. Each update has a
// scope of its own, so that memory is that of one.
func (m *Model) Step(b *train.Batch) (out train.Metrics) {
	all := b.All()
	for _, b := range all {
		torch.Scope(func() {
			out = m.stepD(b)
			out.Keep()
		})
	}
	for range m.generatorSteps() {
		torch.Scope(func() {
			g := m.stepG(all[len(all)-1])
			g.Keep()
			out.Losses = append(out.Losses, g.Losses...)
		})
	}
	return out
}

func (m *Model) generatorSteps() int {
	if m.config.Loss == "classic" {
		return 2
	}
	return 1
}

// stepD updates the critics. The penalty is computed in full precision.
func (m *Model) stepD(b *train.Batch) (out train.Metrics) {
	m.optD.ZeroGrad()
	for _, part := range b.Parts() {
		x, y := part.Tensor("A"), part.Tensor("B")
		for _, d := range []struct {
			name      string
			net       nn.Layer
			g         nn.Layer
			from, own *torch.Tensor
		}{{"D_A", m.DA, m.GA, x, y}, {"D_B", m.DB, m.GB, y, x}} {
			var fake *torch.Tensor
			torch.NoGrad(func() { fake = d.g.Forward(d.from) })
			real, judged := d.net.Forward(d.own), d.net.Forward(fake)
			loss := m.game.Discriminator(real, judged)
			out.Losses = append(out.Losses, train.Value{Name: d.name, Value: loss})
			if m.config.Loss == "wgan-gp" {
				part.Float32(func() {
					penalty := gan.GradientPenalty(d.net.Forward, d.own, fake, gan.GradientPenaltyOptions{Eps: 1e-8}).MulScalar(m.config.Penalty)
					out.Losses = append(out.Losses, train.Value{Name: d.name + "/penalty", Value: penalty})
					loss = loss.Add(penalty)
				})
			}
			part.Backward(loss)
			out.Stats = append(out.Stats,
				train.Value{Name: d.name + "(real)", Value: real.Mean()}, train.Value{Name: d.name + "(fake)", Value: judged.Mean()})
		}
	}
	b.Step(m.optD)
	if m.config.Loss == "wgan" {
		gan.WeightClip(m.optD.Params(), m.config.WeightClip)
	}
	return out
}

// stepG updates the generators.
func (m *Model) stepG(b *train.Batch) (out train.Metrics) {
	defer nn.Freeze(m.DA)() // no gradient that nobody reads
	defer nn.Freeze(m.DB)()
	m.optG.ZeroGrad()
	for _, part := range b.Parts() {
		x, y := part.Tensor("A"), part.Tensor("B")
		inB, inA := m.GA.Forward(x), m.GB.Forward(y)
		terms := []train.Value{
			{Name: "G_A", Value: m.game.Generator(m.DA.Forward(inB))},
			{Name: "G_B", Value: m.game.Generator(m.DB.Forward(inA))},
			{Name: "cycle_A", Value: m.GB.Forward(inB).L1Loss(x)},
			{Name: "cycle_B", Value: m.GA.Forward(inA).L1Loss(y)},
		}
		there := terms[0].Value.Add(terms[1].Value)
		back := terms[2].Value.Add(terms[3].Value).MulScalar(m.config.Lambda)
		part.Backward(there.Add(back))
		out.Losses = append(out.Losses, terms...)
	}
	b.Step(m.optG)
	return out
}

// Translation needs sides that are multiples of 2 to the power of Levels.
func (m *Model) Translation() train.Translation { return twoway.Translation(m.config.multiple(), 0) }

var (
	_ train.Translator = (*Model)(nil)
	_ train.Exhibitor  = (*Model)(nil)
)
