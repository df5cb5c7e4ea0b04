package dcgan

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// exchange is where scripts/exchange.sh puts files of the moment; otherwise the recorded ones are read.
func exchange(name string) string {
	dir := os.Getenv("FORGER_EXCHANGE")
	if dir == "" {
		dir = "testdata"
	}
	return filepath.Join(dir, name)
}

// tolerance is for losses near 1: Forger runs fused kernels, Python a loop over tensors, and another processor may sum in
// another order. Measured: at most 1.3e-7.
const tolerance = 1e-5

// moved is a small model with networks, optimisers, pictures and latents of a file.
func moved(t *testing.T, path string) (m *Model, x, z *torch.Tensor) {
	m, err := New(Config{Latent: 8, Width: 4, Channels: 1})
	require.NoError(t, err)
	require.NoError(t, train.Init(path, m))
	f, err := pth.Open(path)
	require.NoError(t, err)
	defer f.Close()
	state, err := f.StateDict()
	require.NoError(t, err)
	for _, e := range state {
		switch e.Name {
		case "x":
			x = e.Tensor
		case "z":
			z = e.Tensor
		}
	}
	return m, x, z
}

// steps makes one step for each row of latents and returns the losses.
func steps(m *Model, x, z *torch.Tensor) (losses [][]float64) {
	for k := range z.Size(0) {
		metrics, _ := m.update(train.NewBatch(map[string]*torch.Tensor{"image": x}), z.Select(0, k))
		var row []float64
		for _, l := range metrics.Losses {
			row = append(row, l.Value.Item())
		}
		losses = append(losses, row)
	}
	return losses
}

func requireEqualLosses(t *testing.T, want, got [][]float64) {
	require.Len(t, got, len(want))
	for k := range want {
		require.InDeltaSlice(t, want[k], got[k], tolerance, "step %d", k)
	}
	t.Log("Python", want, "Forger", got)
}

// The file is a DCGAN of dcgan/main.py after three steps in Python: networks, Adam's state, pictures, the latents of the
// next three steps and their losses. Under scripts/exchange.sh the run as it is then goes back to Python.
func TestARunSavedByPythonGoesOn(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, x, z := moved(t, exchange("python.pth"))
		f, err := pth.Open(exchange("python.pth"))
		require.NoError(t, err)
		defer f.Close()
		recorded, err := pth.At(f.Value(), "losses")
		require.NoError(t, err)
		var want [][]float64
		for _, row := range recorded.(*pth.List).Items {
			var values []float64
			for _, v := range row.(*pth.List).Items {
				values = append(values, v.(float64))
			}
			want = append(want, values)
		}
		requireEqualLosses(t, want, steps(m, x, z))

		if dir := os.Getenv("FORGER_EXCHANGE"); dir != "" {
			saveForPython(t, filepath.Join(dir, "forger.pth"), m, x, z)
		}
	})
}

// saveForPython writes what exchange_peer.py reads.
func saveForPython(t *testing.T, path string, m *Model, x, z *torch.Tensor) {
	tree := &pth.Dict{Items: []pth.Item{{Key: "x", Value: x}, {Key: "z", Value: z}}}
	for _, n := range m.Parts().Networks {
		tree.Items = append(tree.Items, pth.Item{Key: n.Name, Value: pth.FromState(nn.StateDict(n.Module))})
	}
	for _, o := range m.Parts().Optimizers {
		d, err := pth.FromOptimizer(o.Optimizer.State())
		require.NoError(t, err)
		tree.Items = append(tree.Items, pth.Item{Key: "optimizer." + o.Name, Value: d})
	}
	require.NoError(t, pth.Save(path, tree))
}

// The file was saved by Forger after six steps; forger.json has the losses of three more steps that Python made from it.
func TestARunSavedHereGoesOnInPython(t *testing.T) {
	torchtest.Native(t)
	text, err := os.ReadFile(exchange("forger.json"))
	require.NoError(t, err)
	var want [][]float64
	require.NoError(t, json.Unmarshal(text, &want))
	torch.Scope(func() {
		m, x, z := moved(t, exchange("forger.pth"))
		again := filepath.Join(t.TempDir(), "again.pth")
		saveForPython(t, again, m, x, z) // what is written today is what Python read then
		saved, err := os.ReadFile(exchange("forger.pth"))
		require.NoError(t, err)
		now, err := os.ReadFile(again)
		require.NoError(t, err)
		require.Equal(t, len(saved), len(now))
		requireEqualLosses(t, want, steps(m, x, z))
	})
}
