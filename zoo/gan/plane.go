package gan

import (
	"math"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
)

const (
	shown     = 4096 // points of a picture of the generator's density
	raster    = 96   // pixels of a side of the plane
	bandwidth = 0.08 // deviation of the Gaussian that smooths densities
)

// plane looks at points in the square that holds a mixture.
type plane struct {
	mixture *data.Mixture
	centres []float32 // (modes, 2)
	reach   float64   // the square is [−reach, reach]²
}

func newPlane(m *data.Mixture) *plane {
	p := &plane{mixture: m}
	for _, c := range m.Centres {
		p.centres = append(p.centres, float32(c[0]), float32(c[1]))
		p.reach = max(p.reach, math.Abs(c[0])+1, math.Abs(c[1])+1)
	}
	return p
}

// stats tells how much of the mixture points (N, 2) cover: the number of modes that a point is near, and the part of
// the points that are near one, within three standard deviations.
func (p *plane) stats(points *torch.Tensor) []train.Value {
	apart := points.Unsqueeze(1).Sub(p.modes(points)).Square().SumDim([]int{2}) // (N, modes), squared
	near := apart.LeScalar(9 * p.mixture.Sigma * p.mixture.Sigma).ToDType(torch.Float32)
	return []train.Value{
		{Name: "modes", Value: near.AMax(torch.AMaxOptions{Dim: []int{0}}).Sum()},
		{Name: "high quality", Value: near.AMax(torch.AMaxOptions{Dim: []int{1}}).Mean()},
	}
}

// modes are the centres on the device of points.
func (p *plane) modes(points *torch.Tensor) *torch.Tensor {
	return torch.FromSlice(p.centres, len(p.centres)/2, 2).ToDevice(points.Device())
}

// axis are the coordinates of the raster's columns from left to right, or of its rows from bottom to top.
func (p *plane) axis(device torch.Device) *torch.Tensor {
	xs := make([]float32, raster)
	for i := range xs {
		xs[i] = float32(p.reach * ((2*float64(i)+1)/raster - 1))
	}
	return torch.FromSlice(xs).ToDevice(device)
}

// density is that of Gaussians with that deviation around points (N, 2), at each pixel, the first row on top.
func (p *plane) density(points *torch.Tensor, sigma float64) *torch.Tensor {
	along := func(k int) *torch.Tensor { // (N, raster): the Gaussian of each point along a coordinate
		d := points.Narrow(1, k, 1).Sub(p.axis(points.Device()))
		return d.Square().MulScalar(-1 / (2 * sigma * sigma)).Exp()
	}
	scale := 2 * math.Pi * sigma * sigma * float64(points.Size(0))
	return along(1).T().MM(along(0)).DivScalar(scale).Flip(0)
}

// pictures are (4, 1, raster, raster) in [−1, 1]: the densities of the mixture and of points, what the best
// discriminator for both gives, and what D gives, from 0 in black to 1 in white. Both densities are smoothed alike. Where
// neither has any, the best discriminator is not defined and shown as ½.
func (p *plane) pictures(points *torch.Tensor, d nn.Layer) *torch.Tensor {
	real := p.density(p.modes(points), math.Hypot(p.mixture.Sigma, bandwidth))
	fake := p.density(points, bandwidth)
	const little = 1e-6
	best := real.AddScalar(little).Div(real.Add(fake).AddScalar(2 * little))

	axis := p.axis(points.Device())
	x, y := axis.Expand([]int{raster, raster}), axis.Flip(0).Unsqueeze(1).Expand([]int{raster, raster})
	at := torch.Stack([]*torch.Tensor{x, y}, torch.StackOptions{Dim: 2}).View(-1, 2)
	var judged *torch.Tensor
	torch.NoGrad(func() { judged = d.Forward(at).Sigmoid().View(raster, raster) })

	all := []*torch.Tensor{p.shade(real), p.shade(fake), centred{}.Forward(best), centred{}.Forward(judged)}
	return torch.Stack(all).Unsqueeze(1)
}

// shade shows a density from −1 for none to 1 for the largest that smoothing leaves of a mode; the root makes what is
// thin visible.
func (p *plane) shade(density *torch.Tensor) *torch.Tensor {
	s := math.Hypot(p.mixture.Sigma, bandwidth)
	most := 1 / (float64(len(p.mixture.Centres)) * 2 * math.Pi * s * s)
	return centred{}.Forward(density.DivScalar(most).Clamp(torch.ClampOptions{Min: 0, Max: 1}).Sqrt())
}
