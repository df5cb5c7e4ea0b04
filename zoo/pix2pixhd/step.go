package pix2pixhd

import (
	"fmt"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
)

// Step updates G, with E, and then D, from losses that are computed with the weights of before both, as the official program
// does.
func (m *Model) Step(b *train.Batch) train.Metrics {
	metrics, _ := m.update(b)
	return metrics
}

// update is Step, which also returns the pictures that the losses are of.
//
// The official program judges the fakes twice, for D's loss and for G's, though D is the same, and computes gradients of
// D's weights for G's loss that it then drops. Here D judges once, and either loss is differentiated by the weights that
// learn from it.
func (m *Model) update(b *train.Batch) (metrics train.Metrics, fakes []*torch.Tensor) {
	opt := m.optG
	if m.fixed() {
		opt = m.optLast
		defer m.G.(*LocalEnhancer).freezeRest()()
	}
	opt.ZeroGrad()
	m.optD.ZeroGrad()
	for _, part := range b.Parts() {
		torch.Scope(func() {
			l := m.losses(part)
			part.Backward(l.generator, torch.BackwardOptions{RetainGraph: true, Inputs: opt.Params()})
			part.Backward(l.discriminator, torch.BackwardOptions{Inputs: m.optD.Params()})
			metrics.Losses = append(metrics.Losses, l.Keep().Losses...)
			fakes = append(fakes, l.fake.Detach().Keep())
		})
	}
	b.Step(opt)
	b.Step(m.optD)
	return metrics, fakes
}

// losses are what a batch gives: what G and D minimise, and their terms.
type losses struct {
	train.Metrics
	generator, discriminator, fake *torch.Tensor
}

func (m *Model) losses(b *train.Batch) (l losses) {
	condition, real := m.condition(b), field(b, "image")
	l.fake = m.G.Forward(m.withFeatures(condition, func() *torch.Tensor { return m.E.Forward(real, m.areas(b)) }))
	judge := func(x *torch.Tensor) [][]*torch.Tensor { return m.D.Forward(beside(condition, x)) }
	onFake, onReal := judge(l.fake), judge(real)

	dFake := gan.SumOver(m.game.Fake, translation.Logits(onFake))
	dReal := gan.SumOver(m.game.Real, translation.Logits(onReal))
	l.discriminator = dFake.Add(dReal).MulScalar(0.5)

	l.generator = gan.SumOver(m.game.Generator, translation.Logits(onFake))
	note := func(name string, loss *torch.Tensor) { // without its graph, so that the graph ends with the part
		l.Losses = append(l.Losses, train.Value{Name: name, Value: loss.Detach()})
	}
	note("D/real", dReal)
	note("D/fake", dFake)
	note("G/gan", l.generator)
	add := func(name string, loss *torch.Tensor) {
		l.generator = l.generator.Add(loss)
		note(name, loss)
	}
	if !m.config.NoMatching {
		add("G/matching", gan.FeatureMatching(onFake, onReal).MulScalar(m.config.Lambda*4/float64(m.config.DLayers+1)))
	}
	if m.perceptual != nil {
		add("G/perceptual", m.perceptual.Loss(l.fake, real).MulScalar(m.config.Lambda))
	}
	return l
}

// beside joins maps and pictures along channels.
func beside(parts ...*torch.Tensor) *torch.Tensor { return torch.Cat(parts, torch.CatOptions{Dim: 1}) }

// inputField is the field that translation begins from.
func (c Config) inputField() string {
	if *c.Classes == 0 {
		return "condition"
	}
	return "label"
}

// field is a field of a batch; it panics with what to do where there is none.
func field(b *train.Batch, name string) *torch.Tensor {
	t := b.Tensor(name)
	if t == nil {
		message := fmt.Sprintf("a batch has no field %q", name)
		if name == "instance" {
			message += ": give instance maps, or train with --no-instance"
		}
		panic(&torch.Error{Op: "pix2pixhd", Code: torch.ValueError, Msg: message})
	}
	return t
}

// condition is what G and D both read (N, channels, H, W): the one-hot label map, or a picture, and the edges of instances.
func (m *Model) condition(b *train.Batch) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		input := field(b, m.config.inputField())
		if classes := *m.config.Classes; classes > 0 {
			input = translation.OneHotMap(input, classes)
		}
		if m.config.NoInstance {
			return input
		}
		return beside(input, translation.InstanceEdges(field(b, "instance")))
	})
}

// areas is the map of what has features of its own (N, H, W): instances, or labels.
func (m *Model) areas(b *train.Batch) *torch.Tensor {
	if m.config.Features == "label" {
		return field(b, "label")
	}
	return field(b, "instance")
}

// withFeatures is what G reads: the condition and, where there is an encoder, features (N, FeatureChannels, H, W).
func (m *Model) withFeatures(condition *torch.Tensor, features func() *torch.Tensor) *torch.Tensor {
	if m.E == nil {
		return condition
	}
	return beside(condition, features())
}
