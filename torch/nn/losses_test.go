package nn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

func TestGumbelSoftmaxDrawsAsPyTorch(t *testing.T) {
	native(t, func() {
		torch.ManualSeed(0)
		x := torch.Randn([]int{2, 3}).SetRequiresGrad(true)
		startsWith(t, nn.GumbelSoftmax(x, nn.GumbelSoftmaxOptions{Tau: 0.5}), 0.9947193, 0.0052509, 2.98e-05, 0.9333519)
		hard := nn.GumbelSoftmax(x, nn.GumbelSoftmaxOptions{Hard: true, Dim: new(0)})
		startsWith(t, hard, 1, 1, 0, 0)
		hard.Mul(torch.Arange(0, 6).View(2, 3)).Sum().Backward()
		startsWith(t, x.Grad(), -0.5183264, -0.7445592, -0.3572063, 0.5183264)
	})
}

func TestLossesWithTheirOptionsArePyTorchs(t *testing.T) {
	native(t, func() {
		torch.ManualSeed(0)
		x, target := torch.Rand([]int{2, 3}).AddScalar(0.5), torch.Arange(0, 6).View(2, 3).ToDType(torch.Float32)
		startsWith(t, nn.PoissonNLLLoss(x, target, nn.PoissonNLLOptions{Rate: true, Full: true, Reduction: torch.NoReduction}),
			0.9962566, 1.030606, 2.3007174, 3.7725649)
		startsWith(t, nn.PoissonNLLLoss(x, target), 0.3423999)
		startsWith(t, nn.PoissonNLLLoss(x, target, nn.PoissonNLLOptions{Reduction: torch.Sum}), 2.0543995)

		v := torch.FromSlice([]float32{1e-9, 2}, 2, 1).SetRequiresGrad(true)
		startsWith(t, nn.GaussianNLLLoss(x, target, v, nn.GaussianNLLOptions{Full: true, Reduction: torch.NoReduction}),
			496257.59375, 35965.4921875, 996192.0625, 2.6673322)
		nn.GaussianNLLLoss(x, target, v, nn.GaussianNLLOptions{Eps: 0.1, Reduction: torch.Sum}).Backward()
		startsWith(t, v.Grad(), -137.8433075, -3.0931468)
		require.InDelta(t, 1e-9, v.At(0, 0).Item(), 1e-12, "the variance itself stays")
	})
}
