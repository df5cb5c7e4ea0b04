package pix2pixhd

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
)

// Model is a pix2pixHD in training.
type Model struct {
	G nn.Layer // *translation.GlobalGenerator or *LocalEnhancer
	D *translation.MultiscaleDiscriminator
	E *Encoder // nil without features

	config     Config
	game       gan.Loss
	perceptual *translation.Perceptual // nil for none

	optG, optD *optim.Adam
	optLast    *optim.Adam // of the last enhancer, and E, while the rest of G is fixed; nil if it never is
	passes     *train.Passes
	decay      []train.Schedule

	clusters *Clusters // nil before UseClusters
	shown    *train.Batch
}

// New makes the networks and their optimisers, drawing in the official order from the default generator.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c, perceptual: translation.NewPerceptual(c.Perceptual), passes: &train.Passes{}}
	m.game = gan.LeastSquares(0, 1, 1)
	if c.Loss == "bce" {
		m.game = gan.NonSaturatingLogits
	}
	channels := conditionChannels(c)
	in := channels
	if c.Features != "none" {
		in += c.FeatureChannels
	}
	m.G = NewGenerator(in, c)
	gan.InitNormal(m.G)
	m.D = translation.NewMultiscaleDiscriminator(channels+3, translation.Multiscale{
		Scales: c.Scales, Layers: c.DLayers, Width: c.DWidth, Norm: translation.Norm(c.Norm), NoFeatures: c.NoMatching,
	})
	gan.InitNormal(m.D)
	if c.Features != "none" {
		m.E = NewEncoder(c)
		gan.InitNormal(m.E)
	}
	m.optimise()
	return m, nil
}

// conditionChannels are those of the label map, or picture, and the edges.
func conditionChannels(c Config) int {
	n := *c.Classes
	if n == 0 {
		n = 3
	}
	if !c.NoInstance {
		n++
	}
	return n
}

// optimise makes the optimisers and their schedules.
func (m *Model) optimise() {
	adam := optim.AdamOptions{LR: m.config.LR, Betas: [2]float64{*m.config.Beta1, 0.999}}
	withEncoder := func(params []*torch.Tensor) *optim.Adam {
		if m.E != nil {
			params = append(params, nn.Parameters(m.E)...)
		}
		return optim.NewAdam(params, adam)
	}
	m.optG, m.optD = withEncoder(nn.Parameters(m.G)), optim.NewAdam(nn.Parameters(m.D), adam)
	if m.config.FixedEpochs > 0 {
		m.optLast = withEncoder(nn.Parameters(m.G.(*LocalEnhancer).Last()))
	}
	full, decay := *m.config.FullEpochs, *m.config.DecayEpochs
	if decay == 0 {
		return
	}
	fall := func(epoch int) float64 {
		return max(0, 1-float64(max(0, epoch-full))/float64(decay))
	}
	for _, o := range m.optimizers() {
		m.decay = append(m.decay, train.Schedule{Name: o.Name, Scheduler: schedule.NewLambdaLR(o.Optimizer, fall), Epochs: true})
	}
}

func (m *Model) optimizers() []train.Optimizer {
	all := []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}}
	if m.optLast != nil {
		all = append(all, train.Optimizer{Name: "enhancer", Optimizer: m.optLast})
	}
	return all
}

// System is "pix2pixhd".
func (m *Model) System() string { return "pix2pixhd" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers and what happens by epochs.
func (m *Model) Parts() train.Parts {
	c := m.config
	side := func(full int) int { return min(full, 4*c.multiple()) } // for a summary of layers small pictures will do
	h, w, channels := side(c.Height), side(c.Size), conditionChannels(c)
	in := channels
	if m.E != nil {
		in += c.FeatureChannels
	}
	p := train.Parts{
		Networks: []train.Network{
			{Name: "G", Module: m.G, Generator: true, Inputs: [][]int{{2, in, h, w}}},
			{Name: "D", Module: m.D, Inputs: [][]int{{2, channels + 3, h, w}}},
		},
		Optimizers: m.optimizers(),
		Schedules:  m.decay,
	}
	if m.E != nil {
		p.Networks = append(p.Networks, train.Network{Name: "E", Module: m.E, Generator: true})
	}
	if m.optLast != nil {
		p.Schedules = append(p.Schedules, train.Schedule{Name: "passes", Scheduler: m.passes, Epochs: true})
	}
	return p
}

// fixed says that all of G but the last enhancer still rests.
func (m *Model) fixed() bool { return m.optLast != nil && m.passes.Over < m.config.FixedEpochs }
