package zootest

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/translation"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/nn"
)

// SavesNames checks that a file of the network, written for Python, holds tensors of these names in this order.
func SavesNames(t *testing.T, net any, names []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "net.pth")
	require.NoError(t, pth.Save(path, pth.FromState(nn.StateDict(net))))
	f, err := pth.Open(path)
	require.NoError(t, err)
	defer f.Close()
	state, err := f.StateDict()
	require.NoError(t, err)
	var saved []string
	for _, e := range state {
		saved = append(saved, e.Name)
	}
	require.Equal(t, names, saved)
}

// LoadsBack writes each network of a model to a file for Python, loads it into other, a model of the same settings, and checks
// that all tensors are the same. It returns the names in the files, NETWORK.TENSOR in their order.
func LoadsBack(t *testing.T, m, other train.Model) (names []string) {
	t.Helper()
	for i, n := range m.Parts().Networks {
		path := filepath.Join(t.TempDir(), "latest_net_"+n.Name+".pth")
		require.NoError(t, pth.Save(path, pth.FromState(nn.StateDict(n.Module))))
		state, err := checkpoint.Load(path)
		require.NoError(t, err)
		for _, e := range state {
			names = append(names, n.Name+"."+e.Name)
		}
		to := other.Parts().Networks[i].Module
		require.NoError(t, translation.Load(path, to))
		for k, e := range nn.StateDict(to) {
			require.True(t, e.Tensor.Equal(nn.StateDict(n.Module)[k].Tensor), e.Name)
		}
	}
	return names
}
