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
		official, own := gan.NewBigGANBatchNorm2d(2), gan.NewBigGANOwnNorm(2)
		x, y := torch.Randn([]int{8, 2, 4, 4}), torch.Randn([]int{8, 2, 4, 4}).AddScalar(3)
		mean := func(x *torch.Tensor) *torch.Tensor { return x.MeanDim([]int{0, 2, 3}) }
		near := func(a, b *torch.Tensor) {
			diff, _ := torchtest.MaxDiff(t, a, b)
			require.LessOrEqual(t, diff, 1e-5) // float32 sums in another order
		}
		for norm, stored := range map[nn.Layer]*torch.Tensor{official: official.StoredMean, own: own.BN.StoredMean} {
			nn.Eval(norm)
			nn.UpdateBN(norm, func() {
				norm.Forward(x)
				norm.Forward(y)
			})
			near(stored, mean(x).Add(mean(y)).DivScalar(2))
		}
		variance := func(x *torch.Tensor) *torch.Tensor { return mean(x.Square()).Sub(mean(x).Square()) }
		near(own.BN.StoredVar, variance(x).Add(variance(y)).DivScalar(2))
		near(own.Forward(x).Mul(own.BN.StoredVar.AddScalar(1e-5).Sqrt().View(-1, 1, 1)), x.Sub(own.BN.StoredMean.View(-1, 1, 1)))
	})
}
