package lapgan

import (
	"fmt"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/zoo/internal/classes"
)

// Model is a LAPGAN in training: all levels of the pyramid.
type Model struct {
	Levels []*Level // the coarsest first

	config Config
	norm   *normaliser
	shown  *torch.Tensor // classes of the sample grid, nil without classes
}

// Level is a conditional GAN of one level. The coarsest has no condition but the class.
type Level struct {
	G Generator
	D Discriminator

	optG, optD   optim.Optimizer
	riseG, riseD *rise
	fixed        *torch.Tensor // noise of the sample grid
}

// chains is the number of pictures of the sample grid, each of which is shown at every level, and columns about the number of
// pictures in a row of it.
const chains, columns = 24, 12

// New makes the networks, their optimisers and the noise of the sample grid, drawing level by level from the default generator.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Model{config: c, norm: newNormaliser(c)}
	for k, side := range c.sides() {
		l := &Level{}
		switch {
		case k == 0:
			l.G, l.D = NewBaseGenerator(c), NewBaseDiscriminator(c)
		case c.Net == "large":
			l.G, l.D = NewLargeGenerator(c), NewLargeDiscriminator(c, side)
		default:
			l.G, l.D = NewFineGenerator(c, side), NewFineDiscriminator(c, side)
		}
		l.fixed = m.noise(k, chains, torch.Device{}).Own()
		l.optG, l.optD = c.optimizer(k, l.G), c.optimizer(k, l.D)
		l.riseG, l.riseD = c.rise(k, l.optG), c.rise(k, l.optD)
		m.Levels = append(m.Levels, l)
	}
	if c.Classes > 0 {
		m.shown = classes.Grid(chains, min(c.Classes, chains)).Own()
	}
	return m, nil
}

// optimizer makes that of a network of level k.
func (c Config) optimizer(k int, net any) optim.Optimizer {
	if c.Optimizer == "adam" {
		return optim.NewAdam(nn.Parameters(net), optim.AdamOptions{LR: c.LR, Betas: [2]float64{*c.Beta1, 0.999}})
	}
	momentum := *c.Momentum
	if k == 0 {
		momentum = 0
	}
	return optim.NewSGD(nn.Parameters(net), optim.SGDOptions{LR: c.LR, Momentum: momentum, Dampening: momentum})
}

// System is "lapgan".
func (m *Model) System() string { return "lapgan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks of all levels, what pictures are normalised by, and the optimisers and schedules of the levels that
// learn.
func (m *Model) Parts() train.Parts {
	p := train.Parts{Networks: []train.Network{{Name: "norm", Module: m.norm}}}
	for k, l := range m.Levels {
		g, d := fmt.Sprint("G", k), fmt.Sprint("D", k)
		p.Networks = append(p.Networks, train.Network{Name: g, Module: l.G, Generator: true}, train.Network{Name: d, Module: l.D})
		p.Tensors = append(p.Tensors, nn.Entry{Name: fmt.Sprint("fixed", k), Tensor: l.fixed})
	}
	for _, k := range m.config.learning() {
		l, g, d := m.Levels[k], fmt.Sprint("G", k), fmt.Sprint("D", k)
		p.Optimizers = append(p.Optimizers, train.Optimizer{Name: g, Optimizer: l.optG}, train.Optimizer{Name: d, Optimizer: l.optD})
		p.Schedules = append(p.Schedules, train.Schedule{Name: g, Scheduler: l.riseG}, train.Schedule{Name: d, Scheduler: l.riseD})
	}
	if m.shown != nil {
		p.Tensors = append(p.Tensors, nn.Entry{Name: "shown", Tensor: m.shown})
	}
	p.Batches = func(int) int { return 2 } // one for D, one for G
	return p
}

// noise draws n times the noise of level k from U(−1, 1).
func (m *Model) noise(k, n int, device torch.Device) *torch.Tensor {
	shape := []int{n, m.config.Latent}
	if side := m.config.sides()[k]; k > 0 {
		shape = []int{n, 1, side, side}
	}
	return torch.Rand(shape, torch.RandOptions{TensorOptions: torch.TensorOptions{Device: device}}).MulScalar(2).SubScalar(1)
}

// oneHot is labels (N) as (N, Classes), or nil without classes.
func (m *Model) oneHot(labels *torch.Tensor) *torch.Tensor {
	if labels == nil {
		return nil
	}
	return labels.OneHot(torch.OneHotOptions{NumClasses: new(m.config.Classes)}).ToDType(torch.Float32)
}

// Columns is the number of pictures in a row of the sample grid: a few chains, each with all its levels.
func (m *Model) Columns() int { return len(m.Levels) * max(1, columns/len(m.Levels)) }

// Preview makes pictures of the same noise each time and shows each at all levels, the coarsest first, all enlarged to the finest
// side by repeating pixels.
func (m *Model) Preview() *torch.Tensor {
	var noise []*torch.Tensor
	for _, l := range m.Levels {
		noise = append(noise, l.fixed)
	}
	var all []*torch.Tensor
	side := m.config.size()
	for _, x := range m.chain(noise, m.shown) {
		all = append(all, m.norm.picture(x).UpsampleNearest2d([]int{side, side}))
	}
	return torch.Stack(all, torch.StackOptions{Dim: 1}).Flatten(torch.FlattenOptions{EndDim: new(1)})
}

// Sample makes n new pictures, of random classes where there are some.
func (m *Model) Sample(n int) *torch.Tensor {
	var labels *torch.Tensor
	if m.config.Classes > 0 {
		labels = classes.Draw(n, m.config.Classes, m.device())
	}
	return m.sample(n, labels)
}

// sample makes n new pictures of labels (n), nil without classes.
func (m *Model) sample(n int, labels *torch.Tensor) *torch.Tensor {
	var noise []*torch.Tensor
	for k := range m.Levels {
		noise = append(noise, m.noise(k, n, m.device()))
	}
	return m.norm.picture(m.chain(noise, labels)[len(noise)-1])
}

// chain makes pictures of noise, normalised, and returns them at each level.
func (m *Model) chain(noise []*torch.Tensor, labels *torch.Tensor) (levels []*torch.Tensor) {
	defer m.evaluate()()
	torch.NoGrad(func() {
		class, sides := m.oneHot(labels), m.config.sides()
		x := m.Levels[0].G.Forward(noise[0], nil, class)
		levels = append(levels, x)
		for k, l := range m.Levels[1:] {
			up := Resize(x, sides[k+1])
			x = up.Add(l.G.Forward(noise[k+1], up, class))
			levels = append(levels, x)
		}
	})
	return levels
}

// evaluate puts the generators in evaluation mode, which matters to those of --net large, until the function that it returns.
func (m *Model) evaluate() (back func()) {
	for _, l := range m.Levels {
		nn.Eval(l.G)
	}
	return func() {
		for _, l := range m.Levels {
			nn.Train(l.G)
		}
	}
}

func (m *Model) device() torch.Device { return m.norm.Mean.Device() }

// ClassModel is a Model that makes pictures of classes.
type ClassModel struct{ *Model }

// Classes is the number of classes.
func (m ClassModel) Classes() int { return m.config.Classes }

// SampleClasses makes a picture of each of the labels (n).
func (m ClassModel) SampleClasses(labels *torch.Tensor) *torch.Tensor {
	return m.sample(labels.Size(0), labels.ToDevice(m.device()))
}

var (
	_ train.Sampler     = (*Model)(nil)
	_ train.Arranged    = (*Model)(nil)
	_ train.Informed    = (*Model)(nil)
	_ train.Beginner    = (*Model)(nil)
	_ train.Multiscale  = (*Model)(nil)
	_ train.Conditional = ClassModel{}
)
