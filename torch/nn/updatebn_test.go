package nn_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestUpdateBNTakesTheMeanOfAllBatchesInAnyMode(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		torch.ManualSeed(1)
		norm := nn.NewBatchNorm2d(3)
		net := nn.NewSequential(norm, nn.ReLU{})
		net.Forward(torch.Randn([]int{4, 3, 2, 2}).AddScalar(100)) // what is to be forgotten
		mean, variance := torch.Zeros([]int{3}), torch.Zeros([]int{3})
		nn.Eval(net)
		nn.UpdateBN(net, func() {
			for range 4 {
				x := torch.Randn([]int{8, 3, 2, 2})
				net.Forward(x)
				mean.AddInPlace(x.MeanDim([]int{0, 2, 3}).MulScalar(0.25))
				variance.AddInPlace(x.Var(torch.VarOptions{Dim: []int{0, 2, 3}}).MulScalar(0.25))
			}
		})
		require.True(t, norm.RunningMean.AllClose(mean, torch.AllCloseOptions{Atol: new(1e-6)}))
		require.True(t, norm.RunningVar.AllClose(variance, torch.AllCloseOptions{Atol: new(1e-6)}))
		require.Equal(t, 4, norm.NumBatchesTracked.Int())

		was := norm.RunningMean.Clone()
		net.Forward(torch.Randn([]int{8, 3, 2, 2})) // still in evaluation mode
		require.True(t, was.Equal(norm.RunningMean))
		nn.Train(net)
		x := torch.Randn([]int{8, 3, 2, 2})
		net.Forward(x) // with the momentum of before
		require.True(t, norm.RunningMean.AllClose(was.MulScalar(0.9).Add(x.MeanDim([]int{0, 2, 3}).MulScalar(0.1)), torch.AllCloseOptions{Atol: new(1e-6)}))
	})
}

func TestUntrackedNormsLeaveTheirAveragesAlone(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		norm := nn.NewBatchNorm2d(3)
		net := nn.NewSequential(norm, nn.ReLU{})
		x := torch.Randn([]int{4, 3, 2, 2}).AddScalar(1)
		undo := nn.Untracked(net)
		untracked := net.Forward(x)
		require.Equal(t, 0, norm.NumBatchesTracked.Int())
		require.True(t, norm.RunningMean.Equal(torch.Zeros([]int{3})))
		undo()
		require.True(t, untracked.Equal(net.Forward(x)))
		require.Equal(t, 1, norm.NumBatchesTracked.Int())
		require.False(t, norm.RunningMean.Equal(torch.Zeros([]int{3})))
	})
}
