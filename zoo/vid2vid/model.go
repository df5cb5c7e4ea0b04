package vid2vid

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
)

// Model is a vid2vid in training.
type Model struct {
	G     []*Generator // the coarsest first
	D     *translation.MultiscaleDiscriminator
	DTime []*translation.MultiscaleDiscriminator // of neighbouring frames first
	DFace *translation.MultiscaleDiscriminator   // nil without

	config     Config
	perceptual *translation.Perceptual // nil for none
	flow       flow.Estimator          // nil before it is needed

	// reference is estimate; a test has recorded flows instead.
	reference func(later, earlier *torch.Tensor) (f, sure *torch.Tensor)
	ownPast   bool // see madePast; for a test

	optG, optD *optim.Adam
	optFinest  *optim.Adam // of the finest generator while the others are fixed; nil if they never are
	optTime    []*optim.Adam
	passes     *train.Passes
	decay      []train.Schedule

	scene scene
	shown *train.Batch
}

// New makes the networks and their optimisers, drawing in the official order from the default generator.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c, perceptual: translation.NewPerceptual(c.Perceptual), passes: &train.Passes{}}
	m.reference = m.estimate
	for level := range c.Levels {
		g := NewGenerator(c.maps()*c.Window, level, c)
		gan.InitNormal(g)
		m.G = append(m.G, g)
	}
	critic := func(in, scales int) *translation.MultiscaleDiscriminator {
		d := translation.NewMultiscaleDiscriminator(in, translation.Multiscale{
			Scales: scales, Layers: c.DLayers, Width: c.DWidth, Norm: translation.Norm(c.Norm), Widening: true,
		})
		gan.InitNormal(d)
		return d
	}
	m.D = critic(c.maps()+3, c.Scales)
	if c.Face {
		m.DFace = critic(c.maps()+3, max(1, c.Scales-2))
	}
	for range c.TimeScales {
		m.DTime = append(m.DTime, critic(3*c.DFrames+2*(c.DFrames-1), c.Scales))
	}
	m.optimise()
	if c.First == "single" {
		if m.scene.single, err = loadSingle(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// optimise makes the optimisers and their schedules.
func (m *Model) optimise() {
	c := m.config
	plain := optim.AdamOptions{LR: c.LR, Betas: [2]float64{*c.Beta1, 0.999}}
	forG, forD := plain, plain
	if c.TTUR {
		forG = optim.AdamOptions{LR: c.LR / 2, Betas: [2]float64{0, 0.9}}
		forD = optim.AdamOptions{LR: c.LR * 2, Betas: [2]float64{0, 0.9}}
	}
	var params []*torch.Tensor
	finest := len(m.G) - 1
	params = append(params, nn.Parameters(m.G[finest])...)
	if c.FixedEpochs > 0 {
		m.optFinest = optim.NewAdam(params, forG)
		forG = plain // the official program makes the optimiser of all without regard to TTUR
	}
	for _, g := range m.G[:finest] {
		params = append(params, nn.Parameters(g)...)
	}
	m.optG = optim.NewAdam(params, forG)
	critics := nn.Parameters(m.D)
	if m.DFace != nil {
		critics = append(critics, nn.Parameters(m.DFace)...)
	}
	m.optD = optim.NewAdam(critics, forD)
	for _, d := range m.DTime {
		m.optTime = append(m.optTime, optim.NewAdam(nn.Parameters(d), plain))
	}
	full, decay := *c.FullEpochs, *c.DecayEpochs
	if decay == 0 {
		return
	}
	for _, o := range m.optimizers()[:2+min(c.FixedEpochs, 1)] { // not of the temporal discriminators
		start := o.Optimizer.Groups()[0].LR
		fall := func(epoch int) float64 {
			if epoch <= full {
				return 1
			}
			return max(0, 1-float64(epoch-full)/float64(decay)) * c.LR / start // whatever TTUR made of it
		}
		m.decay = append(m.decay, train.Schedule{Name: o.Name, Scheduler: schedule.NewLambdaLR(o.Optimizer, fall), Epochs: true})
	}
}

// optimizers are all, those whose rates fall first.
func (m *Model) optimizers() []train.Optimizer {
	all := []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}}
	if m.optFinest != nil {
		all = append(all, train.Optimizer{Name: "finest", Optimizer: m.optFinest})
	}
	for s, o := range m.optTime {
		all = append(all, train.Optimizer{Name: m.timeName(s), Optimizer: o})
	}
	return all
}

// timeName is the official name of a temporal discriminator.
func (m *Model) timeName(scale int) string { return fmt.Sprintf("D_T%d", scale) }

// fixed says that all generators but the finest still rest.
func (m *Model) fixed() bool { return m.optFinest != nil && m.passes.Over < m.config.FixedEpochs }

// optimizerG is the one at work.
func (m *Model) optimizerG() *optim.Adam {
	if m.fixed() {
		return m.optFinest
	}
	return m.optG
}

// System is "vid2vid".
func (m *Model) System() string { return "vid2vid" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, under their official names, their optimisers and what happens by epochs.
func (m *Model) Parts() train.Parts {
	c := m.config
	var p train.Parts
	for level, g := range m.G {
		p.Networks = append(p.Networks, train.Network{Name: fmt.Sprintf("G%d", level), Module: g, Generator: true})
	}
	side := 8 << c.Scales // for a summary of layers small pictures will do
	add := func(name string, d *translation.MultiscaleDiscriminator, in int) {
		p.Networks = append(p.Networks, train.Network{Name: name, Module: d, Inputs: [][]int{{2, in, side, side}}})
	}
	add("D", m.D, c.maps()+3)
	for s, d := range m.DTime {
		add(m.timeName(s), d, 3*c.DFrames+2*(c.DFrames-1))
	}
	if m.DFace != nil {
		add("D_f", m.DFace, c.maps()+3)
	}
	p.Optimizers, p.Schedules = m.optimizers(), m.decay
	p.Schedules = append(p.Schedules, train.Schedule{Name: "passes", Scheduler: m.passes, Epochs: true})
	return p
}
