//go:build gotorch

package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/zoo/dcgan"
)

// Both make the same numbers: from the same seed the same weights, in each step the same losses, and the same weights in
// the end, bit for bit. Both call the same operators in the same order.
func TestTheStepsAreThoseOfOurDCGAN(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		torch.ManualSeed(7)
		theirs, err := New(Config{Width: 8})
		require.NoError(t, err)
		torch.ManualSeed(7)
		ours, err := dcgan.New(dcgan.Config{Size: 32, Channels: 1, Width: 8})
		require.NoError(t, err)
		requireEqualState(t, ours, theirs)

		for step := range 5 {
			batch := train.NewBatch(map[string]*torch.Tensor{"image": torch.Randn([]int{16, 1, 32, 32}).Tanh()})
			losses := func(m train.Model) (out []float64) {
				torch.ManualSeed(int64(step))
				torch.Scope(func() {
					for _, l := range m.Step(batch).Losses {
						out = append(out, l.Value.Item())
					}
				})
				return out
			}
			require.Equal(t, losses(ours), losses(theirs), "step %d", step)
		}
		requireEqualState(t, ours, theirs)
		require.Equal(t, ours.Preview().Bytes(), theirs.Preview().Bytes())
	})
}

func TestItLearnsAndResumesWithTheSameBits(t *testing.T) {
	torchtest.Native(t)
	set := zootest.Pictures{Items: 32, Channels: 1, Size: 32}
	m, err := New(Config{Latent: 8, Width: 4})
	require.NoError(t, err)
	losses := zootest.Learns(t, m, set, 8, 12, "D/real")
	require.Less(t, zootest.Mean(losses[9:]), losses[0])
	zootest.Resumes(t, func() (train.Model, error) { return New(Config{Latent: 8, Width: 4}) }, set)
}

// requireEqualState compares the networks. gotorch's batch norm does not count its batches.
func requireEqualState(t *testing.T, ours, theirs train.Model) {
	for i, network := range theirs.Parts().Networks {
		want := map[string]*torch.Tensor{}
		for _, e := range nn.StateDict(ours.Parts().Networks[i].Module) {
			want[e.Name] = e.Tensor
		}
		for _, e := range nn.StateDict(network.Module) {
			require.Contains(t, want, e.Name)
			require.Equal(t, want[e.Name].Bytes(), e.Tensor.Bytes(), "%s %s", network.Name, e.Name)
		}
	}
}
