package train_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// The state of networks and optimisers is that of the checkpoint, through a .pth file or directly.
func TestARunBeginsFromACheckpointAndFromItsExport(t *testing.T) {
	torchtest.Native(t)
	from := latest(trained(t, options()))
	exported := filepath.Join(t.TempDir(), "run.pth")
	require.NoError(t, train.Export(from, exported))
	for _, file := range []string{from, exported} {
		o := options()
		o.Seed, o.Init = 7, file
		dir := t.TempDir()
		r, m := open(t, dir, o)
		want, err := checkpoint.Load(from)
		require.NoError(t, err)
		for _, n := range m.Parts().Networks {
			for i, e := range nn.StateDict(n.Module) {
				require.True(t, e.Tensor.Equal(checkpoint.Under(want, n.Name+".")[i].Tensor), "%s: %s.%s", file, n.Name, e.Name)
			}
		}
		for _, opt := range m.Parts().Optimizers {
			for i, e := range opt.Optimizer.State().Tensors {
				require.True(t, e.Tensor.Equal(checkpoint.Under(want, "optimizer."+opt.Name+".")[i].Tensor), "%s: %s.%s", file, opt.Name, e.Name)
			}
		}
		require.Zero(t, r.Step())
		require.NoError(t, r.Train(t.Context()))
		r.Close()

		o.Init = ""
		require.Contains(t, refused(t, dir, tiny, set, o), "--init")
	}
}

func TestAnExportHoldsTheAverageOfAGeneratorAsADictionaryOfItsOwn(t *testing.T) {
	torchtest.Native(t)
	o := options()
	o.EMA = "0.9"
	from := latest(trained(t, o))
	to := filepath.Join(t.TempDir(), "run.pth")
	require.NoError(t, train.Export(from, to))
	f, err := pth.Open(to)
	require.NoError(t, err)
	defer f.Close()
	tree := f.Value().(*pth.Dict)
	var keys []any
	for _, item := range tree.Items {
		keys = append(keys, item.Key)
		if item.Key == "ema.G" {
			require.Equal(t, "main.0.weight", item.Value.(*pth.Dict).Items[0].Key)
		}
	}
	require.Contains(t, keys, "G")
	require.Contains(t, keys, "ema.G")
	require.NotContains(t, keys, "ema")
}

func TestWhatCannotBeginARunIsNamed(t *testing.T) {
	torchtest.Native(t)
	dir := t.TempDir()
	lacking := filepath.Join(dir, "lacking.pth")
	require.NoError(t, pth.Save(lacking, &pth.Dict{Items: []pth.Item{{Key: "D", Value: &pth.Dict{}}, {Key: "step", Value: 3}}}))
	text := filepath.Join(dir, "text.pth")
	require.NoError(t, os.WriteFile(text, []byte("hello"), 0o666))
	for path, want := range map[string]string{
		lacking:                           "it lacks the network G",
		text:                              "text.pth",
		filepath.Join(dir, "missing.pth"): "missing.pth",
	} {
		require.ErrorContains(t, train.Init(path, newModel(t, tiny, 1)), want)
	}
}
