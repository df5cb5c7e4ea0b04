package pictures

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/torch/vision"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// dots are grey images of one pixel with these values in [0, 255].
func dots(values ...float32) *torch.Tensor {
	x := make([]float32, len(values))
	for i, v := range values {
		x[i] = v/127.5 - 1
	}
	return torch.FromSlice(x, len(x), 1, 1, 1)
}

// at is the grey of the picture in that row and column of a grid of pictures of one pixel.
func at(im *vision.Image, row, column int) int {
	return int(im.Pix[3*((2+3*row)*im.W+2+3*column)])
}

func TestAGridByClassHasARowForEachClass(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		im := ByClass(dots(10, 20, 30, 40, 50, 60), []int64{2, 0, 2, -1, 2, 7}, 3, 2)
		require.Equal(t, []int{3*3 + 2, 2*3 + 2}, []int{im.H, im.W})
		for row, want := range [][]int{{20, 0}, {0, 0}, {10, 30}} {
			require.Equal(t, want, []int{at(im, row, 0), at(im, row, 1)})
		}
	})
}

func TestStripsStandSideBySideInColourAndGrey(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		colour := torch.FromSlice([]float32{1, -1, -1, -1, -1, 1}, 2, 3, 1, 1)
		im := Strips(dots(10, 20), colour, dots(30, 40))
		require.Equal(t, 3*3+2, im.W)
		require.Equal(t, []int{10, 255, 30}, []int{at(im, 0, 0), at(im, 0, 1), at(im, 0, 2)})
		require.Equal(t, []int{20, 0, 40}, []int{at(im, 1, 0), at(im, 1, 1), at(im, 1, 2)})
	})
}

func TestWalksReachBothEnds(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	half := float32(math.Sqrt(0.5))
	for name, c := range map[string]struct {
		walk             func(from, to *torch.Tensor, n int) *torch.Tensor
		from, to, middle []float32
	}{
		"straight":                      {Lerp, []float32{1, 0}, []float32{0, 1}, []float32{0.5, 0.5}},
		"on an arc":                     {Slerp, []float32{1, 0}, []float32{0, 1}, []float32{half, half}},
		"on an arc of growing lengths":  {Slerp, []float32{2, 0}, []float32{0, 4}, []float32{2 * half, 4 * half}},
		"nowhere":                       {Slerp, []float32{1, 2}, []float32{1, 2}, []float32{1, 2}},
		"from nothing":                  {Slerp, []float32{0, 0}, []float32{2, 2}, []float32{2 * half, 2 * half}},
		"to the opposite, so not round": {Slerp, []float32{1, 0}, []float32{-1, 0}, []float32{0, 0}},
	} {
		torch.Scope(func() {
			from := torch.FromSlice(append(c.from, 7, 8), 2, 2, 1)
			to := torch.FromSlice(append(c.to, 7, 8), 2, 2, 1)
			z := c.walk(from, to, 3)
			require.Equal(t, []int{6, 2, 1}, z.Shape(), name)
			got := torch.Values[float32](z)
			require.InDeltaSlice(t, append(append(append([]float32{}, c.from...), c.middle...), c.to...), got[:6], 1e-6, name)
			require.InDeltaSlice(t, []float32{7, 8, 7, 8, 7, 8}, got[6:], 1e-6, name)
		})
	}
}

func TestTruncationDrawsAnewWhatIsBeyondAndKeepsTheRest(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		draw := func() *torch.Tensor { return torch.Randn([]int{100, 100}) }
		torch.ManualSeed(1)
		first := torch.Values[float32](draw())
		torch.ManualSeed(1)
		z := torch.Values[float32](Truncated(draw, 0.5))
		var squares float64
		for i, v := range z {
			require.LessOrEqual(t, math.Abs(float64(v)), 0.5)
			if math.Abs(float64(first[i])) <= 0.5 {
				require.Equal(t, first[i], v)
			}
			squares += float64(v) * float64(v)
		}
		// Of a normal distribution cut off at ±a the variance is 1 − 2aφ(a)/(2Φ(a) − 1).
		a := 0.5
		variance := 1 - 2*a*math.Exp(-a*a/2)/math.Sqrt(2*math.Pi)/math.Erf(a/math.Sqrt2)
		require.InDelta(t, variance, squares/float64(len(z)), 0.003)

		w := torch.FromSlice([]float32{1, 2, 3, 4}, 2, 2)
		require.Equal(t, []float32{3, 1.5, 4, 2.5}, torch.Values[float32](Psi(w, torch.FromSlice([]float32{5, 1}), 0.5)))
	})
}

// pixels is a set of grey pictures of two pixels.
type pixels [][2]float32

func (p pixels) Name() string { return "pixels" }
func (p pixels) Len() int     { return len(p) }
func (p pixels) Fields() []data.Field {
	return []data.Field{{Name: "label", Int64: true}, {Name: "image", Shape: []int{1, 1, 2}}}
}

func (p pixels) Read(i int, _ *rand.Rand, row []data.Array) error {
	copy(row[1].Float32, p[i][:])
	return nil
}

// numbers is a set without pictures.
type numbers struct{ pixels }

func (numbers) Fields() []data.Field { return []data.Field{{Name: "label", Int64: true}} }

func TestTheNearestItemsAreThoseOfASearchByHand(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	rng := rand.New(rand.NewPCG(1, 2))
	set := make(pixels, 700) // more than two batches
	for i := range set {
		set[i] = [2]float32{rng.Float32()*2 - 1, rng.Float32()*2 - 1}
	}
	set[650] = set[3] // equal pictures: both are found at distance 0
	torch.Scope(func() {
		images := torch.FromSlice(append([]float32{0.1, 0.2}, set[3][:]...), 2, 1, 1, 2)
		n, err := Nearest(context.Background(), images, set, 3, nil)
		require.NoError(t, err)
		require.ElementsMatch(t, []int{3, 650}, n.Items[1][:2])
		require.InDelta(t, 0, n.Distances[1][1], 1e-6)
		best := math.Inf(1)
		for _, p := range set {
			best = min(best, math.Hypot(float64(p[0]-0.1), float64(p[1]-0.2)))
		}
		require.InDelta(t, best, n.Distances[0][0], 1e-6)
		require.IsNonDecreasing(t, n.Distances[0])

		im, err := n.Picture(images, set)
		require.NoError(t, err)
		require.Equal(t, 4*(2+2)+2, im.W)
		require.Equal(t, im.Pix[3*(5*im.W+2):][:6], im.Pix[3*(5*im.W+6):][:6], "the copy stands beside its image")

		first := func(x *torch.Tensor) *torch.Tensor { return x.Narrow(3, 0, 1) } // the left pixel is the feature
		n, err = Nearest(context.Background(), images, set, 1, first)
		require.NoError(t, err)
		for _, p := range set {
			require.GreaterOrEqual(t, math.Abs(float64(p[0])-0.1)+1e-6, n.Distances[0][0])
		}
		_, err = Nearest(context.Background(), images, set, 701, nil)
		require.EqualError(t, err, "data pixels: a set of 700 items has no 701 neighbours of a picture")
		_, err = Nearest(context.Background(), images, numbers{set}, 1, nil)
		require.EqualError(t, err, "data pixels: the set has no pictures to compare with")
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		_, err = Nearest(ended, images, set, 1, nil)
		require.ErrorIs(t, err, context.Canceled)
		_, err = n.Picture(dots(1, 2), set)
		require.EqualError(t, err, "data pixels: its pictures are of shape [1 1 2], those to compare of [1 1 1]")
	})
}

func TestMisuseSaysWhatDoesNotFit(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	for want, f := range map[string]func(){
		"1 labels for images of shape [2 1 1 1], in 3 rows of 2": func() { ByClass(dots(1, 2), []int64{1}, 3, 2) },
		"there are no images": func() { Strips() },
		"images of shapes [2 1 1 1] and [1 1 1 1] do not stand side by side":       func() { Strips(dots(1, 2), dots(1)) },
		"no walk of 1 steps leads from latents of shape [2 1 1 1] to [2 1 1 1]":    func() { Lerp(dots(1, 2), dots(1, 2), 1) },
		"no walk of 3 steps leads from latents of shape [2 1 1 1] to [1 1 1 1]":    func() { Slerp(dots(1, 2), dots(1), 3) },
		"a threshold of 0 is below 0.01":                                           func() { Truncated(nil, 0) },
		"4 values of shape [4] are not pictures (N, C, H, W) with 1 or 3 channels": func() { Grid(torch.Zeros([]int{4}), 2) },
	} {
		err := torch.Try(func() { torch.Scope(f) })
		require.ErrorContains(t, err, want)
	}
}
