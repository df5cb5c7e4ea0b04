package cpgan

import (
	"slices"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/zoo/internal/classes"
	"github.com/forgergan/forger/zoo/internal/resnet32"
)

// Step updates the generator on posteriors of, or labels in, the first of the batches, then the discriminator on each of
// them, in the order of the official program: its first step leaves the generator alone. Each update has a scope of its
// own, so that memory is that of one.
func (m *Model) Step(b *train.Batch) (metrics train.Metrics) {
	var batches []prepared
	for _, b := range b.All() {
		batches = append(batches, prepared{b, gan.Dequantize(b.Images()), classes.Labels(m.System(), b)})
	}
	return m.update(batches, m.latents, nil)
}

// prepared is a batch as the networks see it.
type prepared struct {
	batch  *train.Batch
	images *torch.Tensor
	labels *torch.Tensor
}

// parts are those of the batch.
func (b prepared) parts() (all []prepared) {
	from := 0
	for _, part := range b.batch.Parts() {
		all = append(all, prepared{part, b.images.Narrow(0, from, part.Len), b.labels.Narrow(0, from, part.Len)})
		from += part.Len
	}
	return all
}

// update is Step with the function that draws latents, and the shares of real pictures in the mixtures of the gradient
// penalty, drawn if nil.
func (m *Model) update(batches []prepared, latents func(n int) *torch.Tensor, alpha *torch.Tensor) (metrics train.Metrics) {
	if m.begun.Item() > 0 {
		torch.Scope(func() { metrics = m.generatorStep(batches[:m.config.GenBatch], latents).Keep() })
	}
	var critic train.Metrics
	for _, b := range batches {
		torch.Scope(func() { critic = m.criticStep(b, latents, alpha).Keep() })
	}
	m.begun.FillInPlace(1)
	return train.Metrics{Losses: slices.Concat(critic.Losses, metrics.Losses), Stats: critic.Stats}
}

// generatorStep updates G on as many fakes as all batches have pictures.
func (m *Model) generatorStep(batches []prepared, latents func(n int) *torch.Tensor) (metrics train.Metrics) {
	defer nn.Freeze(m.D)() // no gradient that nobody reads
	m.optG.ZeroGrad()
	var parts [][]prepared
	for _, b := range batches {
		parts = append(parts, b.parts())
	}
	for i, part := range parts[0] {
		var weights, labels []*torch.Tensor
		for _, b := range parts {
			torch.NoGrad(func() { weights = append(weights, m.condition(b[i], nil)) })
			labels = append(labels, b[i].labels)
		}
		s, y := torch.Cat(weights), torch.Cat(labels)
		judged := m.D.Forward(m.G.Forward(latents(s.Size(0)), s), y)
		loss := m.game.Generator(judged.Score)
		metrics.Losses = append(metrics.Losses, train.Value{Name: "G", Value: loss})
		if judged.Classes != nil {
			class := m.classLossG(judged.Classes, s, y).MulScalar(m.config.ClassG)
			metrics.Losses = append(metrics.Losses, train.Value{Name: "G/class", Value: class})
			loss = loss.Add(class)
		}
		part.batch.Backward(loss)
	}
	batches[0].batch.Step(m.optG)
	return metrics
}

// condition is what G is given for fakes that go with real pictures, weights of labels (N, labels), without gradients: the
// posteriors by what D said of the pictures, which it says now if judged is nil, or their labels.
func (m *Model) condition(b prepared, judged *resnet32.Output) *torch.Tensor {
	if m.config.Method != "cpgan" {
		return gan.OneHot(b.labels, m.labels).ToDType(b.images.DType())
	}
	if judged == nil {
		o := m.D.Forward(b.images, b.labels)
		judged = &o
	}
	return judged.Classes.Detach().Softmax(1)
}

// classLossG is how far the classes that D sees in fakes are from what they were made for.
func (m *Model) classLossG(logits, s, y *torch.Tensor) *torch.Tensor {
	if m.config.Method == "cpgan" {
		return gan.PosteriorLoss(logits, s)
	}
	return gan.ClassLoss(logits, y, nil)
}

// criticStep updates D on a batch and as many fakes. Their posteriors are those of the same pass over the real pictures
// that D learns from, with its dropout.
func (m *Model) criticStep(b prepared, latents func(n int) *torch.Tensor, alpha *torch.Tensor) (metrics train.Metrics) {
	m.optD.ZeroGrad()
	for _, part := range b.parts() {
		judged := m.D.Forward(part.images, part.labels)
		s := m.condition(part, &judged)
		var fake *torch.Tensor
		torch.NoGrad(func() { fake = m.G.Forward(latents(part.batch.Len), s) })
		lossReal, lossFake := m.game.Real(judged.Score), m.game.Fake(m.D.Forward(fake, part.labels).Score)
		total := lossReal.Add(lossFake)
		metrics.Losses = append(metrics.Losses, train.Value{Name: "D", Value: total})
		metrics.Stats = append(metrics.Stats, train.Value{Name: "D/real", Value: lossReal}, train.Value{Name: "D/fake", Value: lossFake})
		if judged.Classes != nil {
			class := gan.ClassLoss(judged.Classes, part.labels, nil).MulScalar(m.config.ClassD)
			metrics.Losses = append(metrics.Losses, train.Value{Name: "D/class", Value: class})
			total = total.Add(class)
		}
		if *m.config.Lambda > 0 {
			part.batch.Float32(func() {
				score := func(x *torch.Tensor) *torch.Tensor { return m.D.Forward(x, part.labels).Score }
				penalty := gan.GradientPenalty(score, part.images, fake, gan.GradientPenaltyOptions{Alpha: alpha}).MulScalar(*m.config.Lambda)
				metrics.Losses = append(metrics.Losses, train.Value{Name: "D/penalty", Value: penalty})
				total = total.Add(penalty)
			})
		}
		part.batch.Backward(total)
	}
	b.batch.Step(m.optD)
	return metrics
}
