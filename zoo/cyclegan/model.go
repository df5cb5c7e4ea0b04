package cyclegan

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/zoo/internal/twoway"
)

// Model is a CycleGAN in training. As in the official program DA judges pictures of B, which GA makes, and DB those of A.
type Model struct {
	twoway.Pair // *translation.ResnetGenerator each
	DA, DB      *translation.NLayerDiscriminator

	config       Config
	optG, optD   *optim.Adam
	rates        []train.Schedule
	poolA, poolB *gan.ImagePool // what DA and DB are shown of what was made
}

// game is least squares with labels 0 and 1.
var game = gan.LeastSquares(0, 1, 1)

// New makes the networks, in the official order of drawing their weights, their optimisers and the pools.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c}
	resnet := translation.Resnet{Blocks: c.Blocks, Width: c.Width, Norm: translation.Instance}
	patches := translation.PatchGAN{Width: c.DWidth, Norm: translation.Instance}
	begin := translation.Init{Gain: c.InitGain}
	m.GA, m.GB = generator(c.Channels, resnet, begin), generator(c.Channels, resnet, begin)
	m.DA, m.DB = discriminator(c.Channels, patches, begin), discriminator(c.Channels, patches, begin)

	adam := optim.AdamOptions{LR: c.LR, Betas: [2]float64{*c.Beta1, 0.999}}
	m.optG = optim.NewAdam(append(nn.Parameters(m.GA), nn.Parameters(m.GB)...), adam)
	m.optD = optim.NewAdam(append(nn.Parameters(m.DA), nn.Parameters(m.DB)...), adam)
	rate := translation.Rate{Policy: "linear", Full: *c.FullEpochs, Decay: *c.DecayEpochs}
	if rate.Decay == 0 {
		rate = translation.Rate{}
	}
	for _, o := range m.optimizers() {
		m.rates = append(m.rates, train.Schedule{Name: o.Name, Scheduler: rate.Schedule(o.Optimizer), Epochs: true})
	}
	shape := []int{c.Channels, c.Size, c.Size}
	m.poolA, m.poolB = gan.NewImagePool(*c.Pool, shape, seed()), gan.NewImagePool(*c.Pool, shape, seed())
	return m, nil
}

func generator(channels int, o translation.Resnet, begin translation.Init) nn.Layer {
	g := translation.NewResnetGenerator(channels, channels, o)
	translation.Initialise(g, begin)
	return g
}

func discriminator(channels int, o translation.PatchGAN, begin translation.Init) *translation.NLayerDiscriminator {
	d := translation.NewNLayerDiscriminator(channels, o)
	translation.Initialise(d, begin)
	return d
}

// seed draws one from the default generator.
func seed() (n uint64) {
	torch.Scope(func() { n = uint64(torch.RandInt(0, 1<<31, nil).Item()) })
	return n
}

// System is "cyclegan".
func (m *Model) System() string { return "cyclegan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks under their official names, their optimisers and schedules, and the pools.
func (m *Model) Parts() train.Parts {
	pictures := [][]int{{2, m.config.Channels, m.config.Size, m.config.Size}}
	return train.Parts{
		Networks: []train.Network{
			{Name: "G_A", Module: m.GA, Generator: true, Inputs: pictures},
			{Name: "G_B", Module: m.GB, Generator: true, Inputs: pictures},
			{Name: "D_A", Module: m.DA, Inputs: pictures},
			{Name: "D_B", Module: m.DB, Inputs: pictures},
		},
		Optimizers: m.optimizers(),
		Schedules:  m.rates,
		Tensors: nn.StateDict(&struct {
			A *gan.ImagePool `nn:"pool_A"`
			B *gan.ImagePool `nn:"pool_B"`
		}{m.poolA, m.poolB}),
	}
}

func (m *Model) optimizers() []train.Optimizer {
	return []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}}
}

// Step updates both generators together, then both discriminators on real pictures and on made ones from the pools. All
// norms are a picture's own, so what passes one network in a row passes it at once.
func (m *Model) Step(b *train.Batch) train.Metrics {
	losses, inB, inA := m.stepG(b)
	d := m.stepD(b, inB, inA)
	d.Losses = append(d.Losses, losses...)
	return d
}

// stepG updates the generators. It also returns what they made of A and of B, for each part of the batch.
func (m *Model) stepG(b *train.Batch) (losses []train.Value, inB, inA []*torch.Tensor) {
	defer nn.Freeze(m.DA)() // no gradient that nobody reads
	defer nn.Freeze(m.DB)()
	m.optG.ZeroGrad()
	for _, part := range b.Parts() {
		x, y := part.Tensor("A"), part.Tensor("B")
		fakeB, sameB := m.translate(m.GA, x, y)
		fakeA, sameA := m.translate(m.GB, y, x)
		c := m.config
		terms := []train.Value{
			{Name: "G_A", Value: game.Generator(m.DA.Forward(fakeB))},
			{Name: "G_B", Value: game.Generator(m.DB.Forward(fakeA))},
			{Name: "cycle_A", Value: m.GB.Forward(fakeB).L1Loss(x).MulScalar(c.LambdaA)},
			{Name: "cycle_B", Value: m.GA.Forward(fakeA).L1Loss(y).MulScalar(c.LambdaB)},
		}
		if sameB != nil {
			terms = append(terms,
				train.Value{Name: "idt_A", Value: sameB.L1Loss(y).MulScalar(*c.Identity * c.LambdaB)},
				train.Value{Name: "idt_B", Value: sameA.L1Loss(x).MulScalar(*c.Identity * c.LambdaA)})
		}
		loss := terms[0].Value
		for _, term := range terms[1:] {
			loss = loss.Add(term.Value)
		}
		part.Backward(loss)
		losses = append(losses, terms...)
		inB, inA = append(inB, fakeB), append(inA, fakeA)
	}
	b.Step(m.optG)
	return losses, inB, inA
}

// translate gives a generator pictures to translate and, where there is an identity loss, pictures that it should leave
// as they are.
func (m *Model) translate(g nn.Layer, from, to *torch.Tensor) (made, same *torch.Tensor) {
	if *m.config.Identity == 0 {
		return g.Forward(from), nil
	}
	both := g.Forward(torch.Cat([]*torch.Tensor{from, to})).Chunk(2)
	return both[0], both[1]
}

// stepD updates the discriminators.
func (m *Model) stepD(b *train.Batch, inB, inA []*torch.Tensor) (out train.Metrics) {
	m.optD.ZeroGrad()
	for i, part := range b.Parts() {
		for _, d := range []struct {
			name       string
			net        *translation.NLayerDiscriminator
			real, fake *torch.Tensor
		}{
			{"D_A", m.DA, part.Tensor("B"), m.poolA.Query(inB[i])},
			{"D_B", m.DB, part.Tensor("A"), m.poolB.Query(inA[i])},
		} {
			judged := d.net.Forward(torch.Cat([]*torch.Tensor{d.real, d.fake})).Chunk(2)
			loss := game.Discriminator(judged[0], judged[1]).MulScalar(0.5)
			part.Backward(loss)
			out.Losses = append(out.Losses, train.Value{Name: d.name, Value: loss})
			out.Stats = append(out.Stats,
				train.Value{Name: d.name + "(real)", Value: judged[0].Mean()}, train.Value{Name: d.name + "(fake)", Value: judged[1].Mean()})
		}
	}
	b.Step(m.optD)
	return out
}

// Translation needs sides that are multiples of 4. The norms see the whole picture.
func (m *Model) Translation() train.Translation { return twoway.Translation(4, 0) }

var (
	_ train.Translator = (*Model)(nil)
	_ train.Exhibitor  = (*Model)(nil)
)
