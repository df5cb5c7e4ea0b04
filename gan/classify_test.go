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

func TestForwardCorrectionPredictsCleanClassesFromNoisyLabels(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		logits := torch.FromSlice([]float32{0, float32(math.Log(3))}, 1, 2).SetRequiresGrad(true) // ¼ and ¾
		label := torch.FromSlice([]int64{0})
		require.InDelta(t, math.Log(4), gan.ClassLoss(logits, label, nil).Item(), 1e-6)
		clean := torch.Eye(2)
		require.InDelta(t, math.Log(4), gan.ClassLoss(logits, label, clean).Item(), 1e-6)
		// Of class 1, two in five are labelled 0: ¼ + ¾·0.4.
		noisy := torch.FromSlice([]float32{1, 0, 0.4, 0.6}, 2, 2)
		loss := gan.ClassLoss(logits, label, noisy)
		require.InDelta(t, -math.Log(0.55), loss.Item(), 1e-6)
		loss.Backward()
		// By the first logit −(0.6/0.55)·¼·¾, by the second the opposite.
		require.InDelta(t, -0.6/0.55*3/16, logits.Grad().At(0, 0).Item(), 1e-6)
		require.InDelta(t, 0.6/0.55*3/16, logits.Grad().At(0, 1).Item(), 1e-6)

		impossible := torch.FromSlice([]float32{0, 1, 0, 1}, 2, 2)
		require.InDelta(t, -math.Log(1e-8), gan.ClassLoss(logits, label, impossible).Item(), 1e-4, "finite")
		require.ErrorContains(t, torch.Try(func() { gan.ClassLoss(logits, label, torch.Eye(3)) }),
			"a transition matrix of 2 classes has shape (2, 2)")
	})
}

func TestAttributesAreSummedAndSamplesAveraged(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		logits, attributes := torch.FromSlice([]float32{0, 2, 0, -1}, 2, 2), torch.FromSlice([]float32{1, 0, 0, 1}, 2, 2)
		want := (math.Ln2 + softplus(2) + math.Ln2 + softplus(1)) / 2
		require.InDelta(t, want, gan.AttributeLoss(logits, attributes).Item(), 1e-6)
	})
}

func TestAPosteriorThatIsMetCostsNothing(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		posterior := torch.FromSlice([]float32{0.5, 0.5, 0, 1, 0, 0}, 2, 3)
		met := torch.FromSlice([]float32{500, 500, 0, 1000, 0, 0}, 2, 3)
		require.InDelta(t, 0, gan.PosteriorLoss(met, posterior).Item(), 1e-6)
		even := torch.Zeros([]int{2, 3})
		require.InDelta(t, (math.Log(3)-math.Ln2+math.Log(3))/2, gan.PosteriorLoss(even, posterior).Item(), 1e-6)
	})
}

func ExampleClassLoss() {
	torch.Scope(func() {
		logits := torch.FromSlice([]float32{2, 0, 0, 3}, 2, 2)
		labels := torch.FromSlice([]int64{0, 0}) // the second one wrong
		flips := torch.FromSlice([]float32{0.7, 0.3, 0.3, 0.7}, 2, 2)
		fmt.Printf("%.3f %.3f\n", gan.ClassLoss(logits, labels, nil).Item(), gan.ClassLoss(logits, labels, flips).Item())
	})
	// Output: 1.588 0.785
}
