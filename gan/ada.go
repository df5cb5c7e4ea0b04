package gan

import (
	"math"

	"github.com/forgergan/forger/torch"
)

// ADA changes the pictures that a discriminator sees, real and generated, each change with probability P, and adapts P so
// that the discriminator does not learn its few real pictures by heart. It is the pipeline bgc of NVlabs/stylegan2-ada:
//
//   - pixel blitting: mirror, quarter turns, shifts by whole pixels up to an eighth of the sides;
//   - geometry: scale, rotation, stretching, shifts by parts of pixels, sampled at twice the size between the wavelet
//     filters sym6, around the pictures mirrored at their edges;
//   - colour: brightness, contrast, inversion of the luma, rotation of the hue, saturation.
//
// With Corrupt it is bgcfnc, which afterwards filters pictures by octaves, adds noise and sets a rectangle to 0. The
// draws are made in the order and shapes of the official code. P and what it is adapted by are buffers: nn.StateDict(ada) belongs into train.Parts.Tensors.
// Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data", appendix B.
type ADA struct {
	P       *torch.Tensor `nn:"p,buffer"`        // scalar, 0 at first
	Signs   *torch.Tensor `nn:"signs,buffer"`    // (2): sum and number of the signs observed since P changed
	Batches *torch.Tensor `nn:"batches,buffer"`  // scalar int64: how many batches were observed
	Filter  *torch.Tensor `nn:"Hz_geom,buffer"`  // (12): sym6, its sum 1
	Bank    *torch.Tensor `nn:"Hz_fbank,buffer"` // (4, 43): the filters of Corrupt, else nil

	settings ADAOptions
}

// ADAOptions are the optional arguments of NewADA; the zero value is the official default.
type ADAOptions struct {
	Target   float64 // of r_t, the mean sign of D's outputs for real pictures, 0.6 if 0
	Interval int     // batches between changes of P, 4 if 0
	Images   int     // pictures in which P goes from 0 to 1 at the fastest, 500,000 if 0
	Corrupt  bool    // the pipeline bgcfnc, for pictures of sides above 21 pixels
}

// NewADA makes a pipeline with P 0.
func NewADA(o ...ADAOptions) *ADA {
	c := only(o)
	c.Target, c.Interval, c.Images = otherwise(c.Target, 0.6), otherwise(c.Interval, 4), otherwise(c.Images, 500_000)
	a := &ADA{
		P: torch.Zeros([]int{}).Own(), Signs: torch.Zeros([]int{2}).Own(), Batches: torch.Of(int64(0)).Own(),
		settings: c,
	}
	torch.Scope(func() {
		f := torch.FromSlice(sym6[:])
		a.Filter = f.Div(f.Sum()).ToDType(torch.Float32).Own()
	})
	if c.Corrupt {
		a.Bank = filterBank()
	}
	return a
}

// sym6 are the low-pass coefficients of the least asymmetric wavelet with 6 vanishing moments. Daubechies 1992, table 6.3.
var sym6 = [12]float64{
	0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466,
	0.787641141030194, 0.3379294217276218, -0.07263752278646252, -0.021060292512300564, 0.04472490177066578,
	0.0017677118642428036, -0.007800708325034148,
}

// Observe counts the discriminator's outputs for one batch of real pictures, of any shape, once a step. After every
// Interval batches P moves by the number of outputs over Images: up where r_t is above the target, down where it is
// below, and never below 0. Nothing is copied from the device.
func (a *ADA) Observe(real *torch.Tensor) {
	torch.NoGrad(func() {
		torch.Scope(func() {
			signs := []*torch.Tensor{real.Sign().Sum(), torch.Full(nil, float64(real.Numel()), like(real))}
			a.Signs.AddInPlace(torch.Stack(signs).ToDType(a.Signs.DType()))
			a.Batches.AddScalarInPlace(1)
			due := a.Batches.Remainder(a.settings.Interval).EqScalar(0).ToDType(a.P.DType())
			sum, number := a.Signs.Select(0, 0), a.Signs.Select(0, 1)
			step := sum.Div(number).SubScalar(a.settings.Target).Sign().Mul(number).DivScalar(a.settings.Images)
			a.P.AddInPlace(step.Mul(due)).ClampMinInPlace(0)
			a.Signs.MulInPlace(due.Neg().AddScalar(1))
		})
	})
}

// Forward maps pictures (N, C, H, W) with 1 or 3 channels in [−1, 1] to the same shape. Colours may leave that range.
func (a *ADA) Forward(x *torch.Tensor) *torch.Tensor {
	if x.Dim() != 4 || x.Size(1) != 1 && x.Size(1) != 3 {
		panic(misuse("ADA", "pictures are (N, C, H, W) of 1 or 3 channels", x))
	}
	return torch.Tidy(func() *torch.Tensor {
		d := adaDraws{x: x, p: a.P}
		y := a.colour(a.warp(x, d.placement()), d.colour())
		if a.settings.Corrupt {
			y = a.corrupt(y, d)
		}
		return y
	})
}

// warp samples x at the places that place (N, 3, 3) gives for each pixel, both counted from the centre.
func (a *ADA) warp(x, place *torch.Tensor) *torch.Tensor {
	const border = 3 // a quarter of the filter, in pixels of the picture
	h, w := x.Size(2), x.Size(3)
	left, top, right, bottom := margins(place, w, h, border)
	x = x.Pad([]int{left, right, top, bottom}, torch.PadOptions{Mode: "reflect"})
	place = moved(place, float64(left-right)/2, float64(top-bottom)/2).MatMul(place)

	row, column := a.Filter.View(1, -1), a.Filter.View(-1, 1)
	// The centre of sym6 is half a tap before its middle: at twice the size the picture lies half a pixel off.
	x = UpFirDn2d(x, row.MulScalar(2), UpFirDnOptions{Up: 2, Pad: [4]int{6, 5, 6, 5}})
	x = UpFirDn2d(x, column.MulScalar(2))
	place = scaled(place, 2, 2).MatMul(place).MatMul(scaled(place, 0.5, 0.5))
	place = moved(place, -0.5, -0.5).MatMul(place).MatMul(moved(place, 0.5, 0.5))

	x = sampled(x, place, (h+2*border)*2, (w+2*border)*2)
	x = UpFirDn2d(x, row.Flip(1), UpFirDnOptions{Pad: [4]int{-1, -1, -1, -1}})
	return UpFirDn2d(x, column.Flip(0), UpFirDnOptions{Down: 2})
}

// margins are how far beyond the edges of a w×h picture place reaches in any of the pictures, at most to where mirroring
// them ends.
func margins(place *torch.Tensor, w, h, border int) (left, top, right, bottom int) {
	cx, cy := float64(w-1)/2, float64(h-1)/2
	corners := torch.FromSlice([]float64{-cx, cx, cx, -cx, -cy, -cy, cy, cy, 1, 1, 1, 1}, 3, 4).
		To(torch.ToOptions{Device: new(place.Device()), DType: place.DType()})
	reach := place.Detach().MatMul(corners).Narrow(1, 0, 2).Transpose(0, 1).
		Flatten(torch.FlattenOptions{StartDim: 1}) // (2, N·4)
	ends := torch.Values[float64](torch.Cat([]*torch.Tensor{reach.Neg(), reach}).
		AMax(torch.AMaxOptions{Dim: []int{1}}).ToDType(torch.Float64))
	margin := func(end, centre float64, side int) int {
		return int(math.Ceil(min(max(end+float64(2*border)-centre, 0), float64(side-1))))
	}
	return margin(ends[0], cx, w), margin(ends[1], cy, h), margin(ends[2], cx, w), margin(ends[3], cy, h)
}

// sampled are h×w pixels of x (N, C, H, W), bilinearly between those around the places that place (N, 3, 3) gives for
// them, from the centres; 0 lies beyond the edges. It can be differentiated twice, unlike grid sampling.
func sampled(x, place *torch.Tensor, h, w int) *torch.Tensor {
	n, c, fromH, fromW := x.Size(0), x.Size(1), x.Size(2), x.Size(3)
	centred := func(side int) *torch.Tensor {
		return positions(x, side).ToDType(place.DType()).SubScalar(float64(side-1) / 2)
	}
	columns, rows := centred(w), centred(h).View(-1, 1)
	at := func(axis, side int) (low, beyond *torch.Tensor) { // (N, h, w)
		entry := func(i int) *torch.Tensor { return place.Select(1, axis).Select(1, i).View(n, 1, 1) }
		p := entry(0).Mul(columns).Add(entry(1).Mul(rows)).Add(entry(2)).AddScalar(float64(side-1) / 2)
		low = p.Floor()
		return low, p.Sub(low)
	}
	left, across := at(0, fromW)
	top, down := at(1, fromH)

	flat := x.Reshape(n, c, fromH*fromW)
	corner := func(column, row, weight *torch.Tensor) *torch.Tensor {
		return torch.Tidy(func() *torch.Tensor {
			inside := column.GeScalar(0).LogicalAnd(column.LtScalar(fromW)).
				LogicalAnd(row.GeScalar(0)).LogicalAnd(row.LtScalar(fromH))
			index := row.ToDType(torch.Int64).MulScalar(fromW).Add(column.ToDType(torch.Int64))
			index = torch.WhereScalar(inside, index, 0).View(n, 1, h*w).Expand([]int{n, c, h * w})
			return flat.Gather(2, index).Mul(weight.Mul(inside.ToDType(x.DType())).View(n, 1, h*w))
		})
	}
	one := func(t *torch.Tensor) *torch.Tensor { return t.AddScalar(1) }
	rest := func(t *torch.Tensor) *torch.Tensor { return t.Neg().AddScalar(1) }
	sum := corner(left, top, rest(across).Mul(rest(down))).
		Add(corner(one(left), top, across.Mul(rest(down)))).
		Add(corner(left, one(top), rest(across).Mul(down))).
		Add(corner(one(left), one(top), across.Mul(down)))
	return sum.View(n, c, h, w)
}

// colour applies to each pixel of x the map of its picture, (N, 4, 4).
func (a *ADA) colour(x, m *torch.Tensor) *torch.Tensor {
	n, c, h, w := x.Size(0), x.Size(1), x.Size(2), x.Size(3)
	x, m = x.Reshape(n, c, h*w), m.Narrow(1, 0, 3)
	if c == 1 {
		m = m.MeanDim([]int{1}, torch.MeanDimOptions{Keepdim: true})
		x = x.Mul(m.Narrow(2, 0, 3).SumDim([]int{2}, torch.SumDimOptions{Keepdim: true}))
	} else {
		x = m.Narrow(2, 0, 3).BMM(x)
	}
	return x.Add(m.Narrow(2, 3, 1)).View(n, c, h, w)
}
