package lapgan

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/zoo/internal/classes"
)

// Step updates every level that learns, as if each were trained alone: D on a first batch, half of whose pictures are real ones
// and half are generated from the coarser pictures of the others, then G from the coarser pictures of a second batch. The networks
// for LSUN update D where it takes generated pictures for real much more than it errs on real ones, and G otherwise.
func (m *Model) Step(b *train.Batch) train.Metrics { return m.step(b, m.noise) }

// draws makes the noise of n pictures at level k.
type draws func(k, n int, device torch.Device) *torch.Tensor

// step is Step with the noise of draw, asked for in the order D, G of each level.
func (m *Model) step(b *train.Batch, draw draws) (out train.Metrics) {
	for _, k := range m.config.learning() {
		s := &levelStep{Model: m, Level: m.Levels[k], k: k, draw: draw, out: &out}
		examples := s.examples(b)
		trainD, trainG := true, true
		if m.config.Net != "cifar" {
			trainD, trainG = s.gate(b, examples)
		}
		if trainD {
			s.discriminator(b, examples)
		}
		if trainG {
			s.generator(b.All()[1])
		}
	}
	return out
}

// levelStep is the step of a level under way.
type levelStep struct {
	*Model
	*Level
	k    int
	draw draws
	out  *train.Metrics
}

// example is what D judges of a part of a batch: half of it real, then as many generated.
type example struct{ detail, up, class *torch.Tensor }

// margin by which the error on generated pictures exceeds that on real ones where D learns alone, and the error on real pictures
// from which D learns in any case.
const margin, unsure = 0.3, 0.7

// conditions are the level's true detail and what G is given of a part of a batch.
func (s *levelStep) conditions(part *train.Batch) (e example) {
	part.Float32(func() { e.detail, e.up = Split(s.norm.normal(part.Images()), s.config.sides(), s.k) })
	if s.config.Classes > 0 {
		e.class = s.oneHot(classes.Labels("lapgan", part))
	}
	return e
}

// examples makes D's examples of the parts of a batch: the first half of the true details, and generated ones for the other half.
// Of an odd number the one in the middle belongs to both.
func (s *levelStep) examples(b *train.Batch) (all []example) {
	for _, part := range b.Parts() {
		e, n := s.conditions(part), part.Len
		half := (n + 1) / 2
		first, last := rows(0, half), rows(n-half, half)
		given := last
		if s.config.Net == "large" {
			given = rows(0, n) // batch norm counts all
		}
		up, class := given(e.up), given(e.class)
		var made *torch.Tensor
		torch.NoGrad(func() {
			noise := s.draw(s.k, given(e.detail).Size(0), e.detail.Device())
			made = s.G.Forward(noise, up, class)
		})
		made = made.Narrow(0, made.Size(0)-half, half)
		all = append(all, example{
			torch.Cat([]*torch.Tensor{first(e.detail), made}), both(first, last, e.up), both(first, last, e.class),
		})
	}
	return all
}

// rows is a function that takes n rows of a tensor from a first one, and nil of nil.
func rows(from, n int) func(x *torch.Tensor) *torch.Tensor {
	return func(x *torch.Tensor) *torch.Tensor {
		if x == nil {
			return nil
		}
		return x.Narrow(0, from, n)
	}
}

// both joins some rows of x and others, and is nil of nil.
func both(first, last func(x *torch.Tensor) *torch.Tensor, x *torch.Tensor) *torch.Tensor {
	if x == nil {
		return nil
	}
	return torch.Cat([]*torch.Tensor{first(x), last(x)})
}

// judge is D's errors on the real and the generated half of an example.
func (s *levelStep) judge(e example) (real, fake *torch.Tensor) {
	logits := s.D.Forward(e.detail, e.up, e.class)
	half := logits.Size(0) / 2
	a, b := logits.Narrow(0, 0, half), logits.Narrow(0, half, half)
	s.stat("D%d(real)", a.Detach().Sigmoid().Mean())
	s.stat("D%d(fake)", b.Detach().Sigmoid().Mean())
	return gan.NonSaturatingLogits.Real(a), gan.NonSaturatingLogits.Fake(b)
}

// gate says which networks learn in a step, by D's errors as it stands.
func (s *levelStep) gate(b *train.Batch, examples []example) (trainD, trainG bool) {
	var real, fake float64
	for i, part := range b.Parts() {
		torch.NoGrad(func() {
			onReal, onFake := s.judge(examples[i])
			share := float64(part.Len) / float64(b.Len)
			real, fake = real+share*onReal.Item(), fake+share*onFake.Item()
		})
	}
	ahead := fake > real+margin
	return ahead || real > unsure, !ahead
}

func (s *levelStep) discriminator(b *train.Batch, examples []example) {
	s.optD.ZeroGrad()
	for i, part := range b.Parts() {
		real, fake := s.judge(examples[i])
		part.Backward(real.Add(fake).MulScalar(0.5))
		s.loss("D%d/real", real)
		s.loss("D%d/fake", fake)
	}
	b.Step(s.optD)
}

func (s *levelStep) generator(b *train.Batch) {
	defer nn.Freeze(s.D)() // no gradient that nobody reads
	s.optG.ZeroGrad()
	for _, part := range b.Parts() {
		e := s.conditions(part)
		made := s.G.Forward(s.draw(s.k, part.Len, e.detail.Device()), e.up, e.class)
		loss := gan.NonSaturatingLogits.Generator(s.D.Forward(made, e.up, e.class))
		part.Backward(loss)
		s.loss("G%d", loss)
	}
	b.Step(s.optG)
}

func (s *levelStep) loss(name string, v *torch.Tensor) {
	s.out.Losses = append(s.out.Losses, train.Value{Name: fmt.Sprintf(name, s.k), Value: v})
}

func (s *levelStep) stat(name string, v *torch.Tensor) {
	s.out.Stats = append(s.out.Stats, train.Value{Name: fmt.Sprintf(name, s.k), Value: v})
}
