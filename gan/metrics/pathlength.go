package metrics

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/forgergan/forger/torch"
)

// PathOptions are the settings of a perceptual path length. The zero value is torch-fidelity's default; StyleGAN2's
// ppl2_wend is {Float: true, Side: 256, KeepSmall: true} with latents in W.
type PathOptions struct {
	Epsilon   float64 // length of a step along the path, 1e-4 if 0
	Float     bool    // pictures as they are made; otherwise they are rounded to bytes first, which at that step is most of the value
	Side      int     // side that pictures are brought to, by area or, where they are smaller, bilinear; 64 if 0
	KeepSmall bool    // leave smaller ones alone
	Spherical bool    // steps on the sphere, as StyleGAN's in Z; otherwise straight ones
	Anywhere  bool    // steps begin at a random place of the path; otherwise at its start
	Space     string  // of the protocol: the space of the latents, "z" if ""
}

func (o PathOptions) epsilon() float64 {
	if o.Epsilon == 0 {
		return 1e-4
	}
	return o.Epsilon
}

func (o PathOptions) side() int {
	if o.Side == 0 {
		return 64
	}
	return o.Side
}

// String is the part of the protocol: "z-lerp; eps=1e-04; u8; side=64; trim=1%".
func (o PathOptions) String() string {
	space, step, dtype := o.Space, "lerp", "u8"
	if space == "" {
		space = "z"
	}
	if o.Spherical {
		step = "slerp"
	}
	if o.Anywhere {
		step += "-anywhere"
	}
	if o.Float {
		dtype = "float"
	}
	small := ""
	if o.KeepSmall {
		small = "≤"
	}
	return fmt.Sprintf("%s-%s; eps=%.0e; %s; side=%s%d; trim=1%%", space, step, o.epsilon(), dtype, small, o.side())
}

// PathLength is the perceptual path length of Karras et al. 2019 (§4.1): the mean over n random paths of the distance of
// two pictures a small step apart, divided by the square of the step. Paths below the first and above the last percentile
// are left out. Std is the population deviation of the others.
//
//   - latents draws the ends of k paths, (k, D) each: normal numbers, or what a mapping makes of them.
//   - pictures makes pictures (2k, 3, H, W) in [−1, 1] of latents (2k, D), with the same noise in both halves.
//   - distance is LPIPS over VGG16, (k) of two times (k, 3, H, W) in [−1, 1].
//
// The error tells the end of ctx, fewer than 3 paths, a distance that is not finite and a refused operation.
func PathLength(ctx context.Context, n, batch int, latents func(k int) (from, to *torch.Tensor),
	pictures func(latents *torch.Tensor) *torch.Tensor, distance func(a, b *torch.Tensor) *torch.Tensor, o PathOptions) (MeanStd, error) {
	if n < 3 || batch < 1 {
		return MeanStd{}, fmt.Errorf("a path length needs at least 3 paths and a batch of 1, not %d and %d", n, batch)
	}
	var all []float64
	for len(all) < n {
		if err := ctx.Err(); err != nil {
			return MeanStd{}, err
		}
		if err := scoped(func() error {
			from, to := latents(min(batch, n-len(all)))
			at := torch.Zeros([]int{from.Size(0), 1}, torch.TensorOptions{DType: from.DType(), Device: from.Device()})
			if o.Anywhere {
				at = at.UniformInPlace()
			}
			a, b := o.point(from, to, at), o.point(from, to, at.AddScalar(o.epsilon()))
			x := o.prepare(pictures(torch.Cat([]*torch.Tensor{a, b})))
			k := from.Size(0)
			d := distance(x.Narrow(0, 0, k), x.Narrow(0, k, k)).ToDType(torch.Float64).DivScalar(o.epsilon() * o.epsilon())
			all = append(all, torch.Values[float64](d)...)
			return nil
		}); err != nil {
			return MeanStd{}, err
		}
	}
	for _, d := range all {
		if math.IsNaN(d) || math.IsInf(d, 0) {
			return MeanStd{}, fmt.Errorf("path length: a distance is %v, as that of a diverged network is", d)
		}
	}
	return meanStd(trim(all)), nil
}

// point is the place t (k, 1) of the way between latents.
func (o PathOptions) point(from, to, t *torch.Tensor) *torch.Tensor {
	if !o.Spherical {
		return from.Add(to.Sub(from).Mul(t))
	}
	unit := func(x *torch.Tensor) *torch.Tensor {
		return x.Div(x.VectorNorm(torch.VectorNormOptions{Dim: []int{1}, Keepdim: true}))
	}
	from, to = unit(from), unit(to)
	cosine := from.Mul(to).SumDim([]int{1}, torch.SumDimOptions{Keepdim: true})
	angle := cosine.Acos().Mul(t)
	across := unit(to.Sub(cosine.Mul(from)))
	return unit(from.Mul(angle.Cos()).Add(across.Mul(angle.Sin())))
}

// prepare rounds and resizes pictures in [−1, 1].
func (o PathOptions) prepare(x *torch.Tensor) *torch.Tensor {
	if !o.Float {
		x = Quantise(x).DivScalar(127.5).SubScalar(1)
	}
	side := o.side()
	switch h, w := x.Size(2), x.Size(3); {
	case h > side && w > side:
		return x.AdaptiveAvgPool2d(side, side)
	case o.KeepSmall || (h == side && w == side):
		return x
	}
	return x.UpsampleBilinear2d([]int{side, side}, false)
}

// trim leaves out what lies below the first percentile, rounded down to a value, and above the 99th, rounded up.
func trim(values []float64) []float64 {
	slices.Sort(values)
	last := float64(len(values) - 1)
	return values[int(math.Floor(0.01*last)) : int(math.Ceil(0.99*last))+1]
}
