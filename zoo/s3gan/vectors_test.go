package s3gan

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// native loads LibTorch for a test, which runs on one thread: its tensors are small.
func native(t *testing.T) {
	torchtest.Native(t)
	threads := torch.Threads()
	torch.SetThreads(1)
	t.Cleanup(func() { torch.SetThreads(threads) })
}

// The vectors are worked out by hand from compare_gan's code.

func matrix(rows, cols int, v ...float32) *torch.Tensor { return torch.FromSlice(v, rows, cols) }

func TestUnpoolingPutsZerosBetweenPixels(t *testing.T) {
	native(t)
	torch.Scope(func() {
		x := unpool(torch.FromSlice([]float32{1, 2, 3, 4}, 1, 1, 2, 2))
		require.Equal(t, []int{1, 1, 4, 4}, x.Shape())
		require.Equal(t, []float32{1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4, 0, 0, 0, 0, 0}, torch.Values[float32](x))
	})
}

func TestTheLastPicturesOfABatchAreTurned(t *testing.T) {
	native(t)
	torch.Scope(func() {
		x := torch.Cat([]*torch.Tensor{torch.Zeros([]int{1, 1, 2, 2}), torch.FromSlice([]float32{1, 2, 3, 4}, 1, 1, 2, 2)})
		pictures, labels := withTurns(x, matrix(2, 3, 1, 0, 0, 0, 0, 1), 1)
		require.Equal(t, []float32{0, 0, 0, 0, 1, 2, 3, 4, 2, 4, 1, 3, 4, 3, 2, 1, 3, 1, 4, 2}, torch.Values[float32](pictures))
		require.Equal(t, []float32{1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1}, torch.Values[float32](labels))
	})
}

func TestABatchOf16HasTwoPicturesOfEachTurn(t *testing.T) {
	native(t)
	c := Config{SelfSupervision: "rotation", RotatedFraction: 2}
	require.Equal(t, 2, c.turnedItems(16))
	torch.Scope(func() {
		x, y := withTurns(torch.Zeros([]int{16, 1, 2, 2}), torch.Zeros([]int{16, 3}), 2)
		require.Equal(t, []int{22, 1, 2, 2}, x.Shape(), "44 with the fakes")
		require.Equal(t, []int{22, 3}, y.Shape())
		// The turn loss reads rows 14 … 21: logits that name 0, 0, 1, 1, 2, 2, 3, 3 there, and nonsense before.
		logits := torch.Ones([]int{22, 4}).MulScalar(7)
		right := gan.OneHot(torch.FromSlice([]int64{0, 0, 1, 1, 2, 2, 3, 3}), 4).MulScalar(100)
		logits.Narrow(0, 14, 8).CopyInPlace(right)
		require.InDelta(t, 0, turnLoss(logits, 2).Item(), 1e-6)
		require.InDelta(t, 23.0258509, turnLoss(logits.Flip(1), 2).Item(), 1e-4, "−log 1e-10")
	})
}

func TestAMissingLabelIsThePredictors(t *testing.T) {
	native(t)
	torch.Scope(func() {
		y, logits := matrix(2, 3, 0, 0, 0, 0, 0, 1), matrix(2, 3, 1, 3, 2, 9, 0, 0)
		require.Equal(t, []float32{0, 1, 0, 0, 0, 1}, torch.Values[float32](complete(y, logits, false)))
		soft := torch.Values[float32](complete(y, logits.SetRequiresGrad(true), true))
		require.InDeltaSlice(t, []float32{0.0900, 0.6652, 0.2447, 0, 0, 1}, soft, 1e-4)
		require.False(t, complete(y, logits, true).RequiresGrad())
	})
}

func TestAMissingLabelWithoutPredictorLeavesTheScoreUnconditional(t *testing.T) {
	native(t)
	torch.Scope(func() {
		c, err := small["S3GAN"].withDefaults()
		require.NoError(t, err)
		d := NewDiscriminator(c)
		x := torch.Rand([]int{2, 1, 32, 32})
		for range 20 {
			d.Forward(x, torch.Zeros([]int{2, 3}))
		}
		none := d.Forward(x, torch.Zeros([]int{2, 3})).Score
		d.Projection = nil
		diff, _ := torchtest.MaxDiff(t, none, d.Forward(x, torch.Zeros([]int{2, 3})).Score)
		require.Less(t, diff, 1e-4)
	})
}

func TestRowsWithoutALabelDoNotCountInTheClassLoss(t *testing.T) {
	native(t)
	torch.Scope(func() {
		logits := matrix(3, 2, 0, 0, 5, -5, 0, 2)
		require.InDelta(t, (0.6931472+0.1269280)/2, classLoss(logits, matrix(3, 2, 1, 0, 0, 0, 0, 1)).Item(), 1e-6)
		require.Zero(t, classLoss(logits, torch.Zeros([]int{3, 2})).Item())
		require.InDelta(t, 0.6931472, classLoss(logits.Narrow(0, 0, 1), matrix(1, 2, 0.3, 0.7)).Item(), 1e-6, "soft labels")
	})
}

// The counts at 128 and 256 pixels are those in resnet_biggan.py; the others, and those of the heads, follow from its
// tables.
func TestParameterCountsAreTheReferences(t *testing.T) {
	torch.SkipInit(func() {
		native(t)
		for _, test := range []struct{ size, g, d int }{
			{32, 9487619, 2522113}, {64, 70037891, 87706177}, {128, 70433988, 87982370}, {256, 82097604, 98635298},
		} {
			torch.Scope(func() {
				c, err := Config{Size: test.size, SelfSupervision: "none"}.withDefaults()
				require.NoError(t, err)
				g := NewGenerator(c)
				require.Equal(t, test.g, nn.NumParameters(g), test.size)
				free(g)
				d := NewDiscriminator(c)
				require.Equal(t, test.d, nn.NumParameters(d), test.size)
				free(d)
			})
		}
		torch.Scope(func() {
			c, err := Config{Size: 32, Predictor: true}.withDefaults()
			require.NoError(t, err)
			d := NewDiscriminator(c)
			require.Equal(t, 2522113+192*4+4+192*1000+1000, nn.NumParameters(d))
			require.Equal(t, 192*4+4, nn.NumParameters(d.Rotation))
		})
	})
}

func free(module any) {
	for _, e := range nn.StateDict(module) {
		e.Tensor.Free()
	}
}
