package flow_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// texture is a picture (1, 3, h, w) in [−1, 1] with contrast at every scale, as photographs have: noise of all octaves.
func texture(seed int64, h, w int) *torch.Tensor {
	torch.ManualSeed(seed)
	x := torch.Zeros([]int{1, 3, h, w})
	for side := 3; side < h; side *= 2 {
		noise := torch.Randn([]int{1, 3, side, side * w / h}).MulScalar(1 / math.Sqrt(float64(side)))
		x = x.Add(noise.UpsampleBicubic2d([]int{h, w}, false))
	}
	return x.Tanh()
}

// motion turns by an angle in degrees, and scales, around the middle, and then moves by x and y pixels.
type motion struct{ angle, scale, x, y float64 }

// flow is where each pixel goes (1, 2, h, w), and back is where it comes from.
func (m motion) flow(h, w int) (flow, back *torch.Tensor) {
	x := torch.Arange(0, w).ToDType(torch.Float32).SubScalar(float64(w-1) / 2).Expand([]int{h, w})
	y := torch.Arange(0, h).ToDType(torch.Float32).SubScalar(float64(h-1)/2).View(-1, 1).Expand([]int{h, w})
	turn := func(x, y *torch.Tensor, angle, scale float64) (u, v *torch.Tensor) {
		c, s := scale*math.Cos(angle*math.Pi/180), scale*math.Sin(angle*math.Pi/180)
		return x.MulScalar(c).Sub(y.MulScalar(s)), x.MulScalar(s).Add(y.MulScalar(c))
	}
	pack := func(u, v *torch.Tensor) *torch.Tensor {
		return torch.Stack([]*torch.Tensor{u.Sub(x), v.Sub(y)}).Unsqueeze(0)
	}
	u, v := turn(x, y, m.angle, m.scale)
	flow = pack(u.AddScalar(m.x), v.AddScalar(m.y))
	return flow, pack(turn(x.SubScalar(m.x), y.SubScalar(m.y), -m.angle, 1/m.scale))
}

// pairOf is a picture and the same after a motion, with the flows there and back; all are cut out of a larger one, so that no border comes in.
func pairOf(large *torch.Tensor, m motion, margin int) (im1, im2, want, returns *torch.Tensor) {
	h, w := large.Size(2), large.Size(3)
	want, back := m.flow(h, w)
	cut := func(x *torch.Tensor) *torch.Tensor {
		return x.Narrow(2, margin, h-2*margin).Narrow(3, margin, w-2*margin).Contiguous()
	}
	return cut(large), cut(flow.Warp(large, back)), cut(want), cut(back)
}

// endpoint is the mean distance of two flows in pixels, where sure is not 0.
func endpoint(got, want, sure *torch.Tensor) float64 {
	return flow.ChannelNorm(got.Sub(want)).Mul(sure).Sum().Item() / sure.Sum().Item()
}

func TestLucasKanadeFindsKnownMotions(t *testing.T) {
	torchtest.Native(t)
	for name, c := range map[string]struct {
		motion
		h, w   int
		within float64 // pixels, on average
	}{
		"none":                     {motion{0, 1, 0, 0}, 96, 128, 0.001},
		"less than a pixel":        {motion{0, 1, 0.3, -0.4}, 96, 128, 0.1},
		"a few pixels":             {motion{0, 1, 3.5, 2}, 96, 128, 0.1},
		"a tenth of the width":     {motion{0, 1, -12, 5}, 96, 128, 0.1},
		"a turn":                   {motion{6, 1, 0, 0}, 96, 128, 0.1},
		"a zoom":                   {motion{0, 1.08, 0, 0}, 96, 128, 0.1},
		"all of it, and odd sides": {motion{-3, 0.95, 4, -2}, 131, 187, 0.1},
		"a large picture":          {motion{2, 1.02, 6, 1}, 192, 256, 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			torch.Scope(func() {
				im1, im2, want, back := pairOf(texture(1, c.h+64, c.w+64), c.motion, 32)
				got := flow.NewLucasKanade().Flow(im1, im2)
				require.Less(t, endpoint(got, want, flow.Visible(want, back)), c.within)
			})
		})
	}
}

// body is an upright ellipse, 1 inside (1, 1, h, w), in the middle or moved.
func body(h, w int, dx, dy float64) *torch.Tensor {
	x := torch.Arange(0, w).ToDType(torch.Float32).SubScalar(float64(w)/2 + dx).Expand([]int{h, w})
	y := torch.Arange(0, h).ToDType(torch.Float32).SubScalar(float64(h)/2+dy).View(-1, 1).Expand([]int{h, w})
	return x.Square().Add(y.DivScalar(2.5).Square()).LtScalar(10*10).ToDType(torch.Float32).View(1, 1, h, w)
}

func TestABodyMovesBeforeARestingBackground(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		const h, w, dx, dy = 96, 128, 6, 2
		behind, front := texture(2, h, w), texture(3, h, w)
		here, there := body(h, w, 0, 0), body(h, w, dx, dy)
		im1 := torch.Where(here.GtScalar(0), front, behind)
		im2 := torch.Where(there.GtScalar(0), front.Roll([]int{dy, dx}, torch.RollOptions{Dims: []int{2, 3}}), behind)
		want := torch.Cat([]*torch.Tensor{here.MulScalar(dx), here.MulScalar(dy)}, torch.CatOptions{Dim: 1})

		got, sure := flow.Reference(flow.NewLucasKanade(), im1, im2)
		require.Less(t, endpoint(got, want, torch.Ones(here.Shape())), 0.15)
		require.Less(t, endpoint(got, want, here), 1.0, "on the body, of 6.3")
		require.Less(t, endpoint(got, want, sure), 0.05, "where it is sure")
		hidden := there.Mul(here.Neg().AddScalar(1)) // the body moves over it
		require.Less(t, sure.Mul(hidden).Sum().Item()/hidden.Sum().Item(), 0.4)
		seen := hidden.Neg().AddScalar(1)
		require.Greater(t, sure.Mul(seen).Sum().Item()/seen.Sum().Item(), 0.97)
	})
}

func TestLucasKanadeIsDeterministicAndTakesPairsOneByOne(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		a1, a2, _, _ := pairOf(texture(4, 128, 144), motion{2, 1, 3, 1}, 32)
		b1, b2, _, _ := pairOf(texture(5, 128, 144), motion{0, 1, -5, 2}, 32)
		e := flow.NewLucasKanade()
		require.Equal(t, "lucas-kanade-w2-s3", e.Name())
		im1, im2 := torch.Cat([]*torch.Tensor{a1, b1}), torch.Cat([]*torch.Tensor{a2, b2})
		both := e.Flow(im1.SetRequiresGrad(true), im2)
		require.False(t, both.RequiresGrad())
		require.Equal(t, 1, both.Eq(e.Flow(im1, im2)).All().Int())
		for i, single := range []*torch.Tensor{e.Flow(a1, a2), e.Flow(b1, b2)} {
			require.Less(t, flow.ChannelNorm(both.Narrow(0, i, 1).Sub(single)).Mean().Item(), 1e-3)
		}
	})
}

func TestPicturesOfOneColourDoNotMove(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := torch.Zeros([]int{1, 3, 20, 9}) // sides that no pyramid is made of
		require.Less(t, flow.NewLucasKanade().Flow(x, x.AddScalar(0.3)).Abs().Max().Item(), 1e-5)
	})
}
