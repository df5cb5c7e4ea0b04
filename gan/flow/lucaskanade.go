package flow

import (
	"fmt"
	"math"

	"github.com/forgergan/forger/torch"
)

// LucasKanade estimates flow without a network, and without a file: in a pyramid of pictures, from the coarsest to the
// finest, each pixel takes the flow of one nearby if that fits better, and then moves its own, a few times, by the least
// squares solution of its window. Pixels of the window that disagree with the flow so far count for less, so that the border
// of a moving body does not blur into its background, and a median after each step removes outliers. Where there is nothing
// to see the flow is that of the coarser picture.
//
// A tenth of the width is not too far, and a body may move by half its own. On one device the same pictures give the same
// flow, in float32. Lucas and Kanade 1981; Bouguet 2001 (pyramid); Sun, Roth and Black 2010 (median).
type LucasKanade struct{ o LucasKanadeOptions }

// LucasKanadeOptions are the settings of NewLucasKanade.
type LucasKanadeOptions struct {
	Window float64 // standard deviation of the window in pixels, 2 if 0
	Steps  int     // of each picture of the pyramid, 3 if 0
}

// NewLucasKanade makes an estimator.
func NewLucasKanade(o ...LucasKanadeOptions) *LucasKanade {
	c := LucasKanadeOptions{}
	if len(o) > 0 {
		c = o[0]
	}
	if c.Window == 0 {
		c.Window = 2
	}
	if c.Steps == 0 {
		c.Steps = 3
	}
	return &LucasKanade{c}
}

// Name is "lucas-kanade-w2-s3": the window and the steps.
func (l *LucasKanade) Name() string {
	return fmt.Sprintf("lucas-kanade-w%g-s%d", l.o.Window, l.o.Steps)
}

// coarsest is what the smaller side of a picture of the pyramid has at least.
const coarsest = 12

// Flow returns where each pixel of im1 is in im2 (N, 3, H, W), for pictures of any size.
func (l *LucasKanade) Flow(im1, im2 *torch.Tensor) *torch.Tensor {
	pair("LucasKanade.Flow", im1, im2)
	return torch.Tidy(func() (flow *torch.Tensor) {
		torch.NoGrad(func() {
			a, b := pyramid(im1.ToDType(torch.Float32)), pyramid(im2.ToDType(torch.Float32))
			flow = a[len(a)-1].Narrow(1, 0, 2).ZerosLike()
			for i := len(a) - 1; i >= 0; i-- {
				flow = search(a[i], b[i], resizeFlow(flow, a[i].Shape()[2:]))
				for range l.o.Steps {
					flow = median(l.step(a[i], b[i], flow))
				}
			}
		})
		return flow
	})
}

// pyramid is x and its reductions by two, smoothed.
func pyramid(x *torch.Tensor) []*torch.Tensor {
	all := []*torch.Tensor{x}
	for {
		h, w := (x.Size(2)+1)/2, (x.Size(3)+1)/2
		if min(h, w) < coarsest {
			return all
		}
		x = resize(blur(x, 0.8), []int{h, w})
		all = append(all, x)
	}
}

const (
	reach        = 2    // of a search, in pixels
	toll         = 0.01 // on the square of what a search moves, of differences up to 1
	disagreement = 0.15 // of colours in [−1, 1], at which a pixel counts for half
	damping      = 2e-4 // of the squared gradients in a window, below which flow does not move
)

// search gives each pixel the flow of one nearby that leads the window around it to a place more like it, if there is one: so
// what is too small to be seen in the coarser picture gets a motion of its own.
func search(a, b, flow *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		h, w := flow.Size(2), flow.Size(3)
		edge := []int{reach, reach, reach, reach}
		moved := Warp(b, flow).Pad(edge, torch.PadOptions{Mode: "replicate"})
		flows := flow.Pad(edge, torch.PadOptions{Mode: "replicate"})
		// try is how unlike a window is at (dx, dy) from here, and the flow that leads there
		try := func(dx, dy int) []*torch.Tensor {
			return torch.TidyAll(func() []*torch.Tensor {
				there := func(x *torch.Tensor) *torch.Tensor { return x.Narrow(2, reach+dy, h).Narrow(3, reach+dx, w) }
				unlike := squared(there(moved).Sub(a))
				unlike = unlike.Div(unlike.AddScalar(disagreement * disagreement))
				way := torch.FromSlice([]float32{float32(dx), float32(dy)}, 1, 2, 1, 1).ToDevice(flow.Device())
				return []*torch.Tensor{blur(unlike, 1.5).AddScalar(toll * float64(dx*dx+dy*dy)), there(flows).Add(way)}
			})
		}
		best := try(0, 0)
		for dy := -reach; dy <= reach; dy++ {
			for dx := -reach; dx <= reach; dx++ {
				best = torch.TidyAll(func() []*torch.Tensor {
					other := try(dx, dy)
					better := other[0].Lt(best[0])
					return []*torch.Tensor{torch.Where(better, other[0], best[0]), torch.Where(better, other[1], best[1])}
				})
			}
		}
		return best[1]
	})
}

// step is flow after one least squares solution of every window.
func (l *LucasKanade) step(a, b, flow *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		moved := Warp(b, flow)
		dx, dy := slopes(a.Add(moved).MulScalar(0.5))
		dt := moved.Sub(a)
		// one weight a pixel: Geman and McClure's, and none for what comes from beyond the border
		weight := squared(dt).DivScalar(disagreement * disagreement).AddScalar(1).Reciprocal().Square().Mul(inside(flow))
		sum := func(x, y *torch.Tensor) *torch.Tensor {
			return x.Mul(y).SumDim([]int{1}, torch.SumDimOptions{Keepdim: true}).Mul(weight)
		}
		sums := blur(beside(sum(dx, dx), sum(dx, dy), sum(dy, dy), sum(dx, dt), sum(dy, dt)), l.o.Window)
		part := func(i int) *torch.Tensor { return sums.Narrow(1, i, 1) }
		xx, xy, yy, xt, yt := part(0).AddScalar(damping), part(1), part(2).AddScalar(damping), part(3), part(4)
		det := xx.Mul(yy).Sub(xy.Square())
		moveX := xy.Mul(yt).Sub(yy.Mul(xt)).Div(det)
		moveY := xy.Mul(xt).Sub(xx.Mul(yt)).Div(det)
		return flow.Add(beside(moveX, moveY).Clamp(torch.ClampOptions{Min: -1.5, Max: 1.5})) // what lies further is not linear
	})
}

// slopes are the derivatives of x to the right and down: central differences, smoothed across.
func slopes(x *torch.Tensor) (dx, dy *torch.Tensor) {
	n, c, h, w := x.Size(0), x.Size(1), x.Size(2), x.Size(3)
	kernel := torch.FromSlice([]float32{
		-3, 0, 3, -10, 0, 10, -3, 0, 3,
		-3, -10, -3, 0, 0, 0, 3, 10, 3,
	}, 2, 1, 3, 3).DivScalar(32).ToDevice(x.Device())
	edge := x.Reshape(n*c, 1, h, w).Pad([]int{1, 1, 1, 1}, torch.PadOptions{Mode: "replicate"})
	both := torch.Conv2d(edge, kernel).View(n, c, 2, h, w)
	return both.Select(2, 0), both.Select(2, 1)
}

// blur is x (N, C, H, W) under a Gaussian of so many pixels, up to three standard deviations.
func blur(x *torch.Tensor, deviation float64) *torch.Tensor {
	reach := int(math.Ceil(3 * deviation))
	bell, total := make([]float32, 2*reach+1), 0.0
	for i := range bell {
		d := float64(i-reach) / deviation
		bell[i] = float32(math.Exp(-d * d / 2))
		total += float64(bell[i])
	}
	return torch.Tidy(func() *torch.Tensor {
		n, c, h, w := x.Size(0), x.Size(1), x.Size(2), x.Size(3)
		kernel := torch.FromSlice(bell, 1, 1, 1, len(bell)).DivScalar(total).ToDevice(x.Device())
		edge := x.Reshape(n*c, 1, h, w).Pad([]int{reach, reach, reach, reach}, torch.PadOptions{Mode: "replicate"})
		return torch.Conv2d(torch.Conv2d(edge, kernel), kernel.Transpose(2, 3)).View(n, c, h, w)
	})
}

// median is the median of each component in a window of 5×5 pixels.
func median(flow *torch.Tensor) *torch.Tensor {
	return torch.Tidy(func() *torch.Tensor {
		n, h, w := flow.Size(0), flow.Size(2), flow.Size(3)
		edge := flow.Reshape(2*n, 1, h, w).Pad([]int{2, 2, 2, 2}, torch.PadOptions{Mode: "replicate"})
		windows := edge.Im2col([]int{5, 5}, []int{1, 1}, []int{0, 0}, 1, 1) // (2N, 25, H·W)
		middle, _ := windows.Transpose(1, 2).Contiguous().MedianDim(2)
		return middle.View(n, 2, h, w)
	})
}
