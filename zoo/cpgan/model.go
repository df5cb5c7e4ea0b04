package cpgan

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/labels"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/optim"
	"github.com/forgergan/forger/torch/optim/schedule"
	"github.com/forgergan/forger/zoo/internal/classes"
	"github.com/forgergan/forger/zoo/internal/resnet32"
)

// Model is a CP-GAN, or one of its baselines, in training.
type Model struct {
	G Generator
	D *resnet32.Discriminator

	config     Config
	labels     int // of the data
	game       gan.Loss
	optG, optD *optim.Adam
	decay      []train.Schedule
	fixed      *torch.Tensor // latents of the rows of the sample grid
	states     *torch.Tensor // (columns, labels), weights of classes of its columns
	begun      *torch.Tensor // 1 when the discriminator has learnt for a step, scalar
}

// rows is the number of latents of the sample grid.
const rows = 8

// New makes the networks, their optimisers and the latents of the sample grid, drawing in that order from the default
// generator.
func New(c Config) (*Model, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	n, overlap, _ := c.classes()
	m := &Model{config: c, labels: n, game: games[c.Loss]}
	m.G, m.D = newGenerator(c, n), newDiscriminator(c, n)
	m.fixed = torch.Randn([]int{rows, c.Latent}).Own()
	m.states = gan.Mixtures(states(n, overlap), n).Own()
	m.begun = torch.Zeros([]int{}).Own()
	adam := optim.AdamOptions{LR: c.LR, Betas: [2]float64{*c.Beta1, 0.9}}
	m.optD = optim.NewAdam(nn.Parameters(m.D), adam)
	m.optG = optim.NewAdam(nn.Parameters(m.G), adam)
	m.decay = m.schedules()
	return m, nil
}

// states are the labels of each class before classes overlapped, or of each label alone where they do not.
func states(n int, overlap labels.Overlap) (sets [][]int) {
	if overlap.Classes > 0 {
		return overlap.States()
	}
	for k := range n {
		sets = append(sets, []int{k})
	}
	return sets
}

// schedules let the learning rates fall in a line that ends at 0 in the last step.
func (m *Model) schedules() (all []train.Schedule) {
	if d := *m.config.Decay; d > 0 {
		fall := func(step int) float64 { return max(0, 1-float64(step+1)/float64(d)) }
		for _, o := range m.optimizers() {
			all = append(all, train.Schedule{Name: o.Name, Scheduler: schedule.NewLambdaLR(o.Optimizer, fall)})
		}
	}
	return all
}

func (m *Model) optimizers() []train.Optimizer {
	return []train.Optimizer{{Name: "G", Optimizer: m.optG}, {Name: "D", Optimizer: m.optD}}
}

// System is "cpgan".
func (m *Model) System() string { return "cpgan" }

// Config points to the settings.
func (m *Model) Config() any { return &m.config }

// Parts lists the networks, their optimisers, the latents and columns of the sample grid and whether the first step is
// done, and asks for a batch for each step of the discriminator.
func (m *Model) Parts() train.Parts {
	return train.Parts{
		Networks:   []train.Network{{Name: "G", Module: m.G, Generator: true}, {Name: "D", Module: m.D}},
		Optimizers: m.optimizers(),
		Schedules:  m.decay,
		Tensors:    []nn.Entry{{Name: "fixed", Tensor: m.fixed}, {Name: "states", Tensor: m.states}, {Name: "begun", Tensor: m.begun}},
		Batches:    func(int) int { return m.config.Critic },
	}
}

// Inform refuses a set whose labels are not those of the settings.
func (m *Model) Inform(set data.Dataset) error {
	if known, ok := set.(data.Labelled); ok && len(known.Classes()) != m.labels {
		return fmt.Errorf("cpgan: %s has labels of %d classes, not the %d of --classes %s", set.Name(), len(known.Classes()), m.labels, m.config.Classes)
	}
	return nil
}

// latents draws z ~ N(0, 1), (n, Latent), on the networks' device.
func (m *Model) latents(n int) *torch.Tensor {
	return torch.Randn([]int{n, m.config.Latent}, torch.RandnOptions{TensorOptions: torch.TensorOptions{Device: m.fixed.Device()}})
}

// Columns is the number of columns of the sample grid: one for each class before classes overlapped.
func (m *Model) Columns() int { return m.states.Size(0) }

// Preview generates from the same latents each time, one in a row: pictures of each of the classes before they
// overlapped, so that those between two labels stand between them.
func (m *Model) Preview() *torch.Tensor {
	z := m.fixed.RepeatInterleave(m.Columns(), torch.RepeatInterleaveOptions{Dim: new(0)})
	return m.generate(z, m.states.Repeat(rows, 1))
}

// Sample generates n pictures of labels drawn evenly.
func (m *Model) Sample(n int) *torch.Tensor {
	return m.SampleClasses(classes.Draw(n, m.labels, torch.Device{}))
}

// Classes is the number of labels.
func (m *Model) Classes() int { return m.labels }

// SampleClasses generates a picture of each of the labels y (n): what belongs to it alone.
func (m *Model) SampleClasses(y *torch.Tensor) *torch.Tensor {
	return m.SampleMixtures(gan.OneHot(y, m.labels))
}

// SampleMixtures generates a picture of each row of weights of labels (n, Classes): of even ones, what they have in common.
func (m *Model) SampleMixtures(weights *torch.Tensor) *torch.Tensor {
	return m.generate(m.latents(weights.Size(0)), weights.ToDevice(m.fixed.Device()))
}

// generate makes pictures by the running statistics, as the official program does.
func (m *Model) generate(z, weights *torch.Tensor) (images *torch.Tensor) {
	nn.Eval(m.G)
	defer nn.Train(m.G)
	torch.NoGrad(func() { images = m.G.Forward(z, weights) })
	return images
}
