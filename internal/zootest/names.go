package zootest

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

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
