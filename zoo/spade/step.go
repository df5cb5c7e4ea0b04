package spade

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// Step updates G, with the encoder, on the first batch, then D on each batch against fakes that the updated G makes anew:
// the order of the official loop. So G passes twice, and its batch norms and spectral norms move on twice. Each update
// has a scope of its own, so that memory is that of one.
func (m *Model) Step(b *train.Batch) (metrics train.Metrics) {
	torch.Scope(func() {
		metrics, _ = m.generatorStep(b, nil)
		metrics.Keep()
	})
	var critic train.Metrics // of the last batch
	for _, b := range b.All() {
		torch.Scope(func() { critic = m.criticStep(b, nil).Keep() })
	}
	metrics.Losses = append(metrics.Losses, critic.Losses...)
	return metrics
}

// generatorStep updates G and E, with styles drawn by eps. It also returns the last fakes.
func (m *Model) generatorStep(b *train.Batch, eps *torch.Tensor) (metrics train.Metrics, fake *torch.Tensor) {
	defer nn.Freeze(m.D)() // no gradient that nobody reads
	m.optG.ZeroGrad()
	for _, part := range b.Parts() {
		labels, real := m.maps(part), part.Images()
		style := m.encode(real, eps)
		fake = m.G.Forward(labels, style.z)
		ofFake, ofReal := m.compare(labels, fake, real)
		adversarial := gan.MeanOver(m.game.Generator, translation.Logits(ofFake))
		matching := gan.FeatureMatching(ofFake, ofReal).MulScalar(*m.config.Feature)
		loss := adversarial.Add(matching)
		metrics.Losses = append(metrics.Losses,
			train.Value{Name: "G", Value: adversarial}, train.Value{Name: "G/feature", Value: matching})
		if m.perceptual != nil {
			similarity := m.perceptual.Loss(inColour(fake), inColour(real)).MulScalar(*m.config.Similarity)
			loss = loss.Add(similarity)
			metrics.Losses = append(metrics.Losses, train.Value{Name: "G/perceptual", Value: similarity})
		}
		if style.z != nil {
			// A sum over the batch, while the losses of parts are averaged.
			whole := *m.config.KLD * float64(b.Len) / float64(part.Len)
			divergence := gan.KLStandardNormal(style.mean, style.logVar, torch.Sum).MulScalar(whole)
			loss = loss.Add(divergence)
			metrics.Losses = append(metrics.Losses, train.Value{Name: "G/kld", Value: divergence})
		}
		part.Backward(loss)
	}
	b.Step(m.optG)
	return metrics, fake
}

// criticStep updates D on a batch and on fakes of it, with styles drawn by eps.
func (m *Model) criticStep(b *train.Batch, eps *torch.Tensor) (metrics train.Metrics) {
	m.optD.ZeroGrad()
	for _, part := range b.Parts() {
		labels, real := m.maps(part), part.Images()
		var fake *torch.Tensor
		torch.NoGrad(func() { fake = m.G.Forward(labels, m.encode(real, eps).z) })
		ofFake, ofReal := m.compare(labels, fake, real)
		onFake, onReal := gan.MeanOver(m.game.Fake, translation.Logits(ofFake)), gan.MeanOver(m.game.Real, translation.Logits(ofReal))
		part.Backward(onFake.Add(onReal))
		metrics.Losses = append(metrics.Losses,
			train.Value{Name: "D/fake", Value: onFake}, train.Value{Name: "D/real", Value: onReal})
	}
	b.Step(m.optD)
	return metrics
}

// compare gives D fakes and real pictures in one batch, as the official program does so that both are judged by the same
// weights, and returns what it sees in each.
func (m *Model) compare(labels, fake, real *torch.Tensor) (ofFake, ofReal [][]*torch.Tensor) {
	along := torch.CatOptions{Dim: 1}
	with := func(x *torch.Tensor) *torch.Tensor { return torch.Cat([]*torch.Tensor{labels, x}, along) }
	for _, scale := range m.D.Forward(torch.Cat([]*torch.Tensor{with(fake), with(real)})) {
		var f, r []*torch.Tensor
		for _, x := range scale {
			halves := x.Chunk(2)
			f, r = append(f, halves[0]), append(r, halves[1])
		}
		ofFake, ofReal = append(ofFake, f), append(ofReal, r)
	}
	return ofFake, ofReal
}

// A style is what the encoder sees in pictures, and a draw of it. Without an encoder it is empty.
type style struct{ z, mean, logVar *torch.Tensor }

// encode draws the styles of pictures by normal numbers eps (N, Latent), new ones if nil.
func (m *Model) encode(x, eps *torch.Tensor) (s style) {
	if m.E == nil {
		return style{}
	}
	s.mean, s.logVar = m.E.Forward(x)
	if eps == nil {
		eps = s.mean.Detach().RandnLike()
	}
	s.z = s.logVar.MulScalar(0.5).Exp().Mul(eps).Add(s.mean)
	return s
}
