package spade

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/nn/initializer"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
)

// Model is a SPADE in training.
type Model struct {
	G *Generator
	D *Discriminator
	E *Encoder // nil without VAE

	config     Config
	game       gan.Loss
	optG, optD *optim.Adam // G's has the encoder, too
	decay      []train.Schedule
	perceptual *translation.Perceptual // nil for none
	shown      *train.Batch            // the items of the sample grid
}

// games are the adversarial losses by their official names.
var games = map[string]gan.Loss{
	"hinge": gan.Hinge, "ls": gan.LeastSquares(0, 1, 1), "original": gan.NonSaturatingLogits, "w": gan.Wasserstein,
}

// New makes the networks and their optimisers.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{
		config: c, game: games[c.Loss], perceptual: translation.NewPerceptual(c.Perceptual),
		G: NewGenerator(c), D: NewDiscriminator(c),
	}
	initialise(m.G)
	initialise(m.D)
	learnt := nn.Parameters(m.G)
	if c.VAE {
		m.E = NewEncoder(c)
		initialise(m.E)
		learnt = append(learnt, nn.Parameters(m.E)...)
	}
	rateG, rateD, betas := c.LR/2, c.LR*2, [2]float64{0, 0.9}
	if c.NoTTUR {
		rateG, rateD, betas = c.LR, c.LR, [2]float64{0.5, 0.999}
	}
	m.optG = optim.NewAdam(learnt, optim.AdamOptions{LR: rateG, Betas: betas})
	m.optD = optim.NewAdam(nn.Parameters(m.D), optim.AdamOptions{LR: rateD, Betas: betas})
	m.decay = m.schedules()
	return m, nil
}

// initialise draws all weights from Xavier's normal distribution times 0.02 and sets all biases to 0. So does the official
// program on the CPU; on a GPU its weights under a spectral norm, whose scale does not matter, keep PyTorch's.
func initialise(module any) {
	nn.Apply(module, func(m any) {
		switch l := m.(type) {
		case *nn.Conv2d:
			initializer.XavierNormal(l.Weight, 0.02)
			if l.Bias != nil {
				initializer.Constant(l.Bias, 0)
			}
		case *nn.Linear:
			initializer.XavierNormal(l.Weight, 0.02)
			initializer.Constant(l.Bias, 0)
		}
	})
}

// schedules let the learning rates fall in a line after FullEpochs.
func (m *Model) schedules() (all []train.Schedule) {
	keep, fall := *m.config.FullEpochs, m.config.DecayEpochs
	if fall == 0 {
		return nil
	}
	rate := func(epoch int) float64 { return max(0, 1-float64(max(0, epoch-keep))/float64(fall)) }
	for _, o := range m.optimizers() {
		all = append(all, train.Schedule{Name: o.Name, Scheduler: schedule.NewLambdaLR(o.Optimizer, rate), Epochs: true})
	}
	return all
}

func (m *Model) optimizers() []train.Optimizer {
	return []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}}
}

// System is "spade".
func (m *Model) System() string { return "spade" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks and their optimisers, and asks for a batch for each step of the discriminator.
func (m *Model) Parts() train.Parts {
	c := m.config
	p := train.Parts{
		Networks: []train.Network{
			{Name: "G", Module: m.G, Generator: true},
			{Name: "D", Module: m.D, Inputs: [][]int{{2, c.maps() + c.Channels, c.Height, c.Size}}},
		},
		Optimizers: m.optimizers(),
		Schedules:  m.decay,
		Batches:    func(int) int { return c.DSteps },
	}
	if m.E != nil {
		p.Networks = append(p.Networks, train.Network{
			Name: "E", Module: m.E, Generator: true, Inputs: [][]int{{2, c.Channels, c.Height, c.Size}},
		})
	}
	return p
}
