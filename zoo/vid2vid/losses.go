package vid2vid

import (
	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch"
)

// shot is a chunk of frames made and all that they are compared with. Frames of all items are items (N, C, H, W) of their own
// but in Made and Real.
type shot struct {
	Real, Made         *torch.Tensor // (N, T, 3, H, W)
	Raw                *torch.Tensor
	Maps               *torch.Tensor // condition maps
	RealPast, MadePast *torch.Tensor // the frame before each
	Flow, Weight       *torch.Tensor // what G makes; nil without flow
	RefFlow, Sure      *torch.Tensor // what it should make, and where that is known
}

// losses are what G, D and each temporal discriminator minimise, and their terms.
type losses struct {
	train.Metrics
	generator, discriminator *torch.Tensor
	temporal                 []*torch.Tensor // nil where there are not enough frames
}

// note keeps the value of a term, without its graph, so that the graph ends with the chunk.
func (l *losses) note(name string, loss *torch.Tensor) {
	l.Losses = append(l.Losses, train.Value{Name: name, Value: loss.Detach()})
}

// generate adds a term of G's.
func (l *losses) generate(name string, loss *torch.Tensor) {
	l.note(name, loss)
	if l.generator != nil {
		loss = l.generator.Add(loss)
	}
	l.generator = loss
}

// judged is D's two losses, and G's two.
type judged struct{ real, fake, gan, matching *torch.Tensor }

// judge compares pictures by a discriminator. It sees the fakes twice, the second time for G, as in the official program,
// where that moves its running averages twice.
func (m *Model) judge(d *translation.MultiscaleDiscriminator, real, fake *torch.Tensor) judged {
	onReal := d.Forward(real)
	forD := gan.SumOver(game.Fake, translation.Logits(d.Forward(fake.Detach())))
	onFake := d.Forward(fake)
	return judged{
		real:     gan.SumOver(game.Real, translation.Logits(onReal)),
		fake:     forD,
		gan:      gan.SumOver(game.Generator, translation.Logits(onFake)),
		matching: gan.FeatureMatching(onFake, onReal).MulScalar(m.config.Lambda * 4 / float64(m.config.DLayers+1)),
	}
}

// game is least squares, which is what the official program has whatever its option says.
var game = gan.LeastSquares(0, 1, 1)

// add is the sum of both.
func (j judged) add(o judged) judged {
	return judged{j.real.Add(o.real), j.fake.Add(o.fake), j.gan.Add(o.gan), j.matching.Add(o.matching)}
}

// addImages adds what single frames say. Official vid2vid_model_D.py, forward with scale_T 0.
func (m *Model) addImages(l *losses, s shot) {
	c := m.config
	real, made := fold(s.Real), fold(s.Made)
	of := func(x *torch.Tensor) *torch.Tensor { return beside(s.Maps, x) }
	j := m.judge(m.D, of(real), of(made)).add(m.judge(m.D, of(real), of(s.Raw)))
	l.note("D/real", j.real)
	l.note("D/fake", j.fake)
	l.discriminator = j.fake.Add(j.real).MulScalar(0.5)
	l.generate("G/gan", j.gan)
	l.generate("G/matching", j.matching)
	if m.perceptual != nil {
		l.generate("G/perceptual", m.seen(made, real).Add(m.seen(s.Raw, real)))
	}
	l.generate("G/warp", gan.MaskedL1(made, flow.Warp(s.MadePast, s.RefFlow).Detach(), s.Sure).MulScalar(c.Lambda))
	if s.Flow != nil {
		l.generate("F/flow", gan.MaskedL1(s.Flow, s.RefFlow, s.Sure).MulScalar(c.Lambda/float64(int(1)<<(c.Levels-1))))
		l.generate("F/warp", gan.MaskedL1(flow.Warp(s.RealPast, s.Flow), real, s.Sure).MulScalar(c.Lambda))
		if c.First == "none" {
			l.generate("F/weight", gan.MaskedL1(s.Weight, s.Weight.ZerosLike(), s.Sure))
		}
	}
	if m.DFace != nil {
		m.addFaces(l, s.Maps, real, made)
	}
}

// seen is the perceptual loss, of pictures at most 1024 pixels wide.
func (m *Model) seen(made, real *torch.Tensor) *torch.Tensor {
	for made.Size(3) > 1024 {
		made, real = made.AvgPool2d([]int{2}), real.AvgPool2d([]int{2})
	}
	return m.perceptual.Loss(made, real).MulScalar(m.config.Lambda)
}

// addFaces adds what the discriminator of faces says, where there are any. Official vid2vid_model_D.py, get_face_region.
func (m *Model) addFaces(l *losses, maps, real, made *torch.Tensor) {
	const weight = 2
	top, left, side, found := faceIn(maps, m.config.Size)
	if !found {
		return
	}
	crop := func(x *torch.Tensor) *torch.Tensor { return x.Narrow(2, top, side).Narrow(3, left, side) }
	of := func(x *torch.Tensor) *torch.Tensor { return beside(crop(maps), crop(x)) }
	j := m.judge(m.DFace, of(real), of(made))
	l.note("D/face", j.fake.Add(j.real))
	l.discriminator = l.discriminator.Add(j.fake.Add(j.real).MulScalar(0.5))
	l.generate("G/face-gan", j.gan.MulScalar(weight))
	l.generate("G/face-matching", j.matching.MulScalar(weight))
}

// faceIn is the square of a quarter of size, or so, around the faces in condition maps of DensePose (N, C, H, W): pixels whose
// third channel is nearly 1, the number of the last parts of a body.
func faceIn(maps *torch.Tensor, size int) (top, left, side int, found bool) {
	torch.Scope(func() {
		face := maps.Select(1, 2).GtScalar(0.9).Nonzero()
		if found = face.Size(0) > 0; !found {
			return
		}
		h, w := maps.Size(2), maps.Size(3)
		side = min(size/32*8, h, w)
		begin := func(dim, length int) int {
			at := face.Select(1, dim)
			middle := (at.Min().Int() + at.Max().Int()) / 2
			return max(0, min(length-1-side/2, max(side/2, middle))-side/2)
		}
		top, left = begin(1, h), begin(2, w)
	})
	return top, left, side, found
}

// flowScale divides flows in pixels for the temporal discriminators.
const flowScale = 20

// addTimes adds what triples of frames say: of each scale what is real and what is made (N, tD, 3, H, W), and the flows
// between them (N, tD−1, 2, H, W).
func (m *Model) addTimes(l *losses, real, made, flows []*torch.Tensor) {
	l.temporal = make([]*torch.Tensor, len(real))
	for s, d := range m.DTime {
		if real[s] == nil {
			continue
		}
		of := func(x *torch.Tensor) *torch.Tensor { return beside(joined(x), joined(flows[s]).DivScalar(flowScale)) }
		j := m.judge(d, of(real[s]), of(made[s]))
		name := m.timeName(s)
		l.note(name+"/real", j.real)
		l.note(name+"/fake", j.fake)
		l.temporal[s] = j.fake.Add(j.real).MulScalar(0.5)
		l.generate("G/"+name+"-gan", j.gan)
		l.generate("G/"+name+"-matching", j.matching)
	}
}
