package gan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestUpdateBNCollectsTheStatisticsOfBigGANsNorms(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		torch.ManualSeed(2)
		norm := gan.NewBigGANBatchNorm2d(2)
		x, y := torch.Randn([]int{8, 2, 4, 4}), torch.Randn([]int{8, 2, 4, 4}).AddScalar(3)
		nn.Eval(norm)
		nn.UpdateBN(norm, func() {
			norm.Forward(x)
			norm.Forward(y)
		})
		mean := func(x *torch.Tensor) *torch.Tensor { return x.MeanDim([]int{0, 2, 3}) }
		diff, _ := torchtest.MaxDiff(t, norm.StoredMean, mean(x).Add(mean(y)).DivScalar(2))
		require.LessOrEqual(t, diff, 1e-5) // float32 sums in another order
	})
}
