package lapgan

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/zoo/internal/classes"
)

// A basis of a level turns its pictures so that some coordinates follow from the coarser level and the others are free of
// it: with the coarser picture WXWᵀ of a picture X and W = (R₁ᵀ 0)·Qᵀ, they are the first rows and columns of QᵀXQ, and the rest.
// That is the unitary map of Denton et al. 2015, appendix A, for sides of any ratio.
type basis struct {
	q      *torch.Tensor // (F, F), float64
	coarse int           // side of the coarser level
	volume float64       // log of how much larger the coarser picture's volume is than that of the coordinates that it gives, of a colour
}

func newBasis(fine, coarse int, device torch.Device) basis {
	like := torch.Zeros(nil, torch.TensorOptions{DType: torch.Float64, Device: device})
	q, r := torch.QR(weights(fine, coarse, like).T(), torch.QROptions{Mode: "complete"})
	diagonal := r.Narrow(0, 0, coarse).Diagonal()
	return basis{q, coarse, 2 * float64(coarse) * diagonal.Abs().Log().Sum().Item()}
}

// free are the coordinates (N, D) of pictures (N, C, F, F), in float64, that are free of the coarser level.
func (b basis) free(x *torch.Tensor) *torch.Tensor {
	x = b.q.T().MatMul(x.ToDType(torch.Float64)).MatMul(b.q)
	rest := x.Size(2) - b.coarse
	below, beside := x.Narrow(2, b.coarse, rest), x.Narrow(2, 0, b.coarse).Narrow(3, b.coarse, rest)
	flat := torch.FlattenOptions{StartDim: 1}
	return torch.Cat([]*torch.Tensor{below.Flatten(flat), beside.Flatten(flat)}, torch.CatOptions{Dim: 1})
}

// Scales gives the coordinates of pictures (n, C, H, W) in [−1, 1], normalised, at each level, the coarsest first, (n, D) each in float64: the
// coarsest picture, and of each finer level what the coarser ones leave free. A density of theirs times exp(volume) is one of
// pictures with pixels from 0 to 1.
func (m *Model) Scales(x *torch.Tensor) (scales []*torch.Tensor, volume float64) {
	torch.NoGrad(func() {
		levels, sides := m.levels(x), m.config.sides()
		scales = append(scales, levels[0].Flatten(torch.FlattenOptions{StartDim: 1}))
		for k := 1; k < len(sides); k++ {
			b := newBasis(sides[k], sides[k-1], m.device())
			scales = append(scales, b.free(levels[k]))
			volume += float64(m.config.Channels) * b.volume
		}
		pixels := m.norm.scale().ToDType(torch.Float64).DivScalar(2).Log().Expand([]int{m.config.Channels, m.config.size(), m.config.size()})
		volume -= pixels.Sum().Item()
	})
	return scales, volume
}

// SampleScale makes n samples of the coordinates of a level; those of a finer one for the true coarser level of picture x
// (1, C, H, W). Classes are random.
func (m *Model) SampleScale(scale, n int, x *torch.Tensor) (samples *torch.Tensor) {
	defer m.evaluate()()
	torch.NoGrad(func() {
		var class *torch.Tensor
		if m.config.Classes > 0 {
			class = m.oneHot(classes.Draw(n, m.config.Classes, m.device()))
		}
		noise, g := m.noise(scale, n, m.device()), m.Levels[scale].G
		if scale == 0 {
			samples = g.Forward(noise, nil, class).ToDType(torch.Float64).Flatten(torch.FlattenOptions{StartDim: 1})
			return
		}
		sides := m.config.sides()
		up := Resize(m.levels(x)[scale-1], sides[scale]).ToDType(torch.Float32).Expand([]int{n, -1, -1, -1})
		b := newBasis(sides[scale], sides[scale-1], m.device())
		samples = b.free(up.Add(g.Forward(noise, up, class)))
	})
	return samples
}

// levels are pictures at each level, normalised, in float64, each made of the next finer one, so that the coarser levels follow
// from the finer ones.
func (m *Model) levels(x *torch.Tensor) []*torch.Tensor {
	sides := m.config.sides()
	all := make([]*torch.Tensor, len(sides))
	x = m.norm.normal(x.ToDevice(m.device()).ToDType(torch.Float64))
	for k := len(sides) - 1; k >= 0; k-- {
		x = Resize(x, sides[k])
		all[k] = x
	}
	return all
}
