package gan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// The recorded numbers are a small generator of DCGAN's layers made, initialised by Module.apply and run in Python
// after manual_seed(5).
func TestInitNormalDrawsWhatTheOfficialCodeDraws(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		entries, err := checkpoint.Load("../testdata/parity-core/random/dcgan_init/outputs.safetensors")
		require.NoError(t, err)
		want := map[string]*torch.Tensor{}
		for _, e := range entries {
			want[e.Name] = e.Tensor
		}
		torch.ManualSeed(5)
		net := nn.NewSequential(
			nn.NewConvTranspose2d(6, 8, 4, nn.Conv{NoBias: true}), nn.NewBatchNorm2d(8), nn.ReLU{},
			nn.NewConvTranspose2d(8, 3, 4, nn.Conv{Stride: 2, Padding: 1, NoBias: true}), nn.Tanh{},
		)
		gan.InitNormal(net)
		for _, p := range []string{"0.weight", "1.weight", "1.bias", "3.weight"} {
			require.Equal(t, want[p].Bytes(), named(net, p).Bytes(), p)
		}
		z := torch.Randn([]int{2, 6, 1, 1})
		require.Equal(t, want["z"].Bytes(), z.Bytes())

		// Sums may be taken in another order on another processor.
		near := func(name string, got *torch.Tensor) {
			diff, _ := torchtest.MaxDiff(t, got, want[name])
			require.LessOrEqual(t, diff, 1e-6, name)
		}
		near("out", net.Forward(z))
		near("state.1.running_mean", named(net, "1.running_mean"))
		near("1.running_var", named(net, "1.running_var")) // recorded after the pass
	})
}

func named(module any, name string) *torch.Tensor {
	for _, e := range nn.StateDict(module) {
		if e.Name == name {
			return e.Tensor
		}
	}
	return nil
}

func TestInitNormalHasTheMomentsOfThePaperAndLeavesOtherLayersAlone(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		torch.ManualSeed(1)
		conv, norm, linear := nn.NewConv2d(64, 64, 4), nn.NewBatchNorm2d(4096), nn.NewLinear(3, 3)
		bias, weight := conv.Bias.Bytes(), linear.Weight.Bytes()
		norm.Bias.SetData(torch.Ones([]int{4096}))
		gan.InitNormal(nn.NewSequential(conv, norm, linear, nn.NewBatchNorm2d(3, nn.BatchNorm{NoAffine: true})))
		// Four standard errors of the mean of 65,536 and 4,096 draws.
		require.InDelta(t, 0, conv.Weight.Mean().Item(), 4*0.02/256)
		require.InDelta(t, 0.02, conv.Weight.Std().Item(), 0.0003)
		require.InDelta(t, 1, norm.Weight.Mean().Item(), 4*0.02/64)
		require.InDelta(t, 0.02, norm.Weight.Std().Item(), 0.001)
		require.Zero(t, norm.Bias.Abs().Max().Item())
		require.Equal(t, bias, conv.Bias.Bytes(), "dcgan/main.py does not touch biases of convolutions")
		require.Equal(t, weight, linear.Weight.Bytes())
		require.True(t, conv.Weight.RequiresGrad())
	})
}
