package flow_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) {
	if torch.Available() == nil {
		torch.SetThreads(1) // small operations: where other programs run, a team of threads waits for itself
	}
	torchtest.Main(m)
}

// fixed is an estimator of one motion, for sides that are multiples of 16.
type fixed struct {
	t    *testing.T
	x, y float64
}

func (fixed) Name() string  { return "fixed" }
func (fixed) Multiple() int { return 16 }

func (f fixed) Flow(im1, im2 *torch.Tensor) *torch.Tensor {
	require.Equal(f.t, []int{2, 3, 32, 48}, im1.Shape())
	require.Equal(f.t, im1.Shape(), im2.Shape())
	return torch.FromSlice([]float32{float32(f.x), float32(f.y)}, 1, 2, 1, 1).Expand([]int{2, 2, 32, 48})
}

func TestReferenceResizesForAnEstimatorThatNeedsMultiples(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		x := torch.Zeros([]int{2, 3, 40, 60})
		f, sure := flow.Reference(fixed{t, 3, -2}, x, x)
		require.Equal(t, []int{2, 2, 40, 60}, f.Shape())
		require.InDelta(t, 3*60.0/48, f.At(1, 0, 20, 30).Item(), 1e-5)
		require.InDelta(t, -2*40.0/32, f.At(1, 1, 20, 30).Item(), 1e-5)
		require.InDelta(t, 1, sure.Min().Item(), 1e-6)
	})
}

func TestTheConfidenceIsWhereSquaredDifferencesAreBelowTwoHundredths(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		im1 := torch.Zeros([]int{2, 3, 32, 48})
		im2 := im1.Clone()
		im2.Narrow(0, 1, 1).FillInPlace(0.083) // 3 · 0.083² = 0.0207
		im2.Narrow(0, 1, 1).Narrow(3, 0, 24).FillInPlace(0.081)
		f, sure := flow.Reference(fixed{t, 0, 0}, im1, im2)
		require.Equal(t, []int{2, 2, 32, 48}, f.Shape())
		for _, c := range []struct {
			n, x int
			want float64
		}{{0, 0, 1}, {0, 47, 1}, {1, 23, 1}, {1, 24, 0}} {
			require.Equal(t, c.want, sure.At(c.n, 0, 7, c.x).Item(), "picture %d, column %d", c.n, c.x)
		}
	})
}

func TestPicturesThatAreNoPairAreRefused(t *testing.T) {
	torchtest.Native(t)
	grey, colour := torch.Zeros([]int{1, 1, 8, 8}), torch.Zeros([]int{1, 3, 8, 8})
	e := flow.NewLucasKanade()
	for name, f := range map[string]func(){
		"grey":        func() { e.Flow(grey, grey) },
		"two sizes":   func() { flow.Reference(e, colour, torch.Zeros([]int{1, 3, 8, 9})) },
		"a flow of 3": func() { flow.Warp(colour, colour) },
		"one pixel":   func() { flow.Warp(torch.Zeros([]int{1, 3, 1, 1}), torch.Zeros([]int{1, 2, 1, 1})) },
		"no step":     func() { flow.Correlation(colour, colour, 4, 0) },
		"a picture":   func() { flow.Colour(colour) },
	} {
		var misused *torch.Error
		require.ErrorAs(t, torch.Try(f), &misused, name)
	}
}

// A square moves three pixels to the right: the pixels of the second picture are found in the first, further left.
func ExampleLucasKanade() {
	torch.Scope(func() {
		first := torch.Full([]int{1, 3, 48, 64}, -1.0)
		first.Narrow(2, 16, 16).Narrow(3, 20, 16).FillInPlace(1)
		second := first.Roll([]int{3}, torch.RollOptions{Dims: []int{3}})

		f := flow.NewLucasKanade().Flow(second, first)
		fmt.Printf("at its upper left corner: %.1f\n", f.At(0, 0, 16, 23).Item())

		again := flow.Warp(first, f)
		fmt.Println("made of the first picture:", again.Sub(second).Abs().Mean().Item() < 0.01)
	})
	// Output:
	// at its upper left corner: -3.0
	// made of the first picture: true
}
