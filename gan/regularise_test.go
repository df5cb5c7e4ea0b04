package gan_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestOrthogonalRowsCostNothing(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		rows := torch.FromSlice([]float32{0, 2, 0, 3, 0, 0}, 2, 3)
		bias := torch.FromSlice([]float32{7, 7})
		require.Zero(t, gan.Orthogonal([]*torch.Tensor{rows, bias}).Item())
		// W·Wᵀ − I = diag(3, 8).
		diagonal := gan.OrthogonalOptions{Diagonal: true}
		require.InDelta(t, 0.5*(9+64), gan.Orthogonal([]*torch.Tensor{rows, bias}, diagonal).Item(), 1e-4)
		require.Zero(t, gan.Orthogonal([]*torch.Tensor{bias}).Item())
		require.Zero(t, gan.Orthogonal(nil, diagonal).Item())

		// Rows (1, 1) and (1, 0) as a kernel (2, 1, 1, 2): W·Wᵀ has 1 off its diagonal, twice.
		kernel := torch.FromSlice([]float32{1, 1, 1, 0}, 2, 1, 1, 2).SetRequiresGrad(true)
		loss := gan.Orthogonal([]*torch.Tensor{rows, kernel})
		require.InDelta(t, 1, loss.Item(), 1e-6)
		loss.Backward() // 2·(W·Wᵀ ∘ (1 − I))·W
		require.Equal(t, []float32{2, 0, 2, 2}, torch.Values[float32](kernel.Grad()))
	})
}

func TestTheDivergenceFromTheStandardNormal(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		mean, logVar := torch.FromSlice([]float32{0, 2, 0, 0}, 2, 2), torch.FromSlice([]float32{0, 0, 1, 0}, 2, 2)
		kl := func(r torch.Reduction) *torch.Tensor { return gan.KLStandardNormal(mean, logVar, r) }
		want := []float64{0, 2, (math.E - 2) / 2, 0}
		for i, v := range torch.Values[float32](kl(torch.NoReduction)) {
			require.InDelta(t, want[i], float64(v), 1e-6)
		}
		require.Equal(t, []int{2, 2}, kl(torch.NoReduction).Shape())
		require.InDelta(t, want[1]+want[2], kl(torch.Sum).Item(), 1e-6)
		require.InDelta(t, (want[1]+want[2])/4, kl(torch.Mean).Item(), 1e-6)
	})
}

func TestACodeThatIsReadOffBearsAllItsInformation(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		code := torch.FromSlice([]int64{2, 0})
		blind := torch.Zeros([]int{2, 4})
		require.InDelta(t, 0, gan.CategoricalInformation(blind, code).Item(), 1e-6)
		sure := torch.FromSlice([]float32{0, 0, 1000, 0, 1000, 0, 0, 0}, 2, 4)
		require.InDelta(t, math.Log(4), gan.CategoricalInformation(sure, code).Item(), 1e-6)
		wrong := torch.FromSlice([]float32{1000, 0, 0, 0, 1000, 0, 0, 0}, 2, 4)
		require.InDelta(t, math.Log(4)-500, gan.CategoricalInformation(wrong, code).Item(), 1e-3, "and no infinity")
	})
}

func TestTheInformationOfContinuousCodes(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		code := torch.FromSlice([]float32{0.5, -1, 0, 1}, 2, 2)
		mean := torch.FromSlice([]float32{0.5, 0, 0, -1}, 2, 2)
		// log N(c; μ, 1) = −½·log 2π − ½·(c − μ)², with Σ (c − μ)² 1 and 4, and log 2 of entropy for each of two codes.
		want := -math.Log(2*math.Pi) - (1.+4)/4 + 2*math.Ln2
		require.InDelta(t, want, gan.GaussianInformation(mean, nil, code).Item(), 1e-6)
		require.InDelta(t, want, gan.GaussianInformation(mean, mean.ZerosLike(), code).Item(), 1e-6)
		// With a variance of 4 the squares count a quarter, and each density log 2 less.
		wide := mean.FullLike(math.Log(4))
		want = -math.Log(2*math.Pi) - (1.+4)/16 - 2*math.Ln2 + 2*math.Ln2
		require.InDelta(t, want, gan.GaussianInformation(mean, wide, code).Item(), 1e-6)
	})
}

func TestInfoMaxIsSmallWhereAPictureKnowsItsPlaces(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		// Two pictures of one place each, features (10, 0) and (0, 10); own negatives count e⁻¹⁰.
		local := torch.FromSlice([]float32{10, 0, 0, 10}, 2, 2, 1, 1)
		own := torch.FromSlice([]float32{1, 0, 0, 1}, 2, 2)
		other := torch.FromSlice([]float32{0, 1, 1, 0}, 2, 2)
		want := func(positive, negative float64) float64 {
			return math.Log(math.Exp(positive)+math.Exp(negative)+math.Exp(-10)) - positive
		}
		require.InDelta(t, want(10, 0), gan.InfoMax(local, own).Item(), 1e-6)
		require.InDelta(t, want(0, 10), gan.InfoMax(local, other).Item(), 1e-5)
	})
}

func ExampleOrthogonal() {
	torch.Scope(func() {
		w := torch.FromSlice([]float32{1, 0, 1, 1}, 2, 2).SetRequiresGrad(true)
		gan.Orthogonal([]*torch.Tensor{w}).MulScalar(1e-4).Backward() // added to the loss's gradients
		fmt.Printf("%.0e\n", w.Grad().At(0, 0).Item())
	})
	// Output: 2e-04
}
