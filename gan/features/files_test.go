package features

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// home gives a test a cache and a configuration of its own, both empty.
func home(t *testing.T) {
	torchtest.Native(t)
	t.Setenv("FORGER_CACHE", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("FORGER_WEIGHTS", "")
}

// headState is a file of LPIPS's weights for those channels.
func headState(channels ...int) []nn.Entry {
	var state []nn.Entry
	for i, c := range channels {
		state = append(state, nn.Entry{Name: fmt.Sprintf("lin%d.model.1.weight", i), Tensor: torch.Rand([]int{1, c, 1, 1})})
	}
	return state
}

func TestEveryFileIsDescribed(t *testing.T) {
	torchtest.Native(t)
	for _, f := range Files() {
		require.NotEmpty(t, f.Holds, f.Name)
		require.NotEmpty(t, f.Uses, f.Name)
		require.NotEmpty(t, f.Licence, f.Name)
		for _, s := range f.Sources {
			require.NotEmpty(t, s.From, s.File)
			require.True(t, len(s.SHA256) == 64 || len(s.SHA256) == 8 || s.SHA256 == "", s.File)
		}
		if f.Packaged() {
			require.Len(t, f.Sources[0].SHA256, 64, f.Name)
		}
	}
	_, err := FindFile("vgg11")
	require.ErrorContains(t, err, `there are no weights called "vgg11", only inception-2015, effnet-lite0, vgg16`)
}

func TestAddedWeightsAreFoundAndLoaded(t *testing.T) {
	home(t)
	torch.Scope(func() {
		state := headState(64, 192, 384, 256, 256)
		path := filepath.Join(t.TempDir(), "mine.pt")
		require.NoError(t, pth.Save(path, pth.FromState(state)))
		f, w, err := Add(path, "")
		require.NoError(t, err)
		require.Equal(t, "lpips-alex", f.Name)
		require.Equal(t, "lpips-alex.safetensors", filepath.Base(w.Path))
		require.Empty(t, w.Published)
		require.Equal(t, "weights="+w.SHA256[:8], w.String(), "nobody published these")

		var l struct {
			Lin0 *torch.Tensor `nn:"lin0.model.1.weight"`
		}
		l.Lin0 = torch.Zeros([]int{1, 64, 1, 1})
		found, err := Load("lpips-alex", &l, "")
		require.NoError(t, err)
		require.Equal(t, w, found, "the converted file knows what it was made of")
		require.Equal(t, torch.Values[float32](state[0].Tensor), torch.Values[float32](l.Lin0))
	})
}

func TestWeightsAreLookedForInOrder(t *testing.T) {
	home(t)
	f, err := FindFile("lpips-vgg")
	require.NoError(t, err)
	_, err = f.Find("")
	var missing *Missing
	require.ErrorAs(t, err, &missing)
	require.NotContains(t, err.Error(), "\n")
	require.Contains(t, err.Error(), "run: forger weights get lpips-vgg")
	inception, err := FindFile("inception-2015")
	require.NoError(t, err)
	_, err = inception.Find("")
	require.ErrorContains(t, err, "run: forger weights add weights-inception-2015-12-05-6726825d.pth")

	cache, err := Folder()
	require.NoError(t, err)
	config, err := os.UserConfigDir()
	require.NoError(t, err)
	variable, flag := t.TempDir(), t.TempDir()
	t.Setenv("FORGER_WEIGHTS", t.TempDir()+string(filepath.ListSeparator)+variable)
	for _, dir := range []string{cache, filepath.Join(config, "forger", "weights"), variable, flag} {
		require.NoError(t, os.MkdirAll(dir, 0o777))
		file := filepath.Join(dir, "vgg.pth")
		require.NoError(t, os.WriteFile(file, nil, 0o666))
		path, err := f.Find(flag)
		require.NoError(t, err)
		require.Equal(t, file, path)
	}
	path, err := f.Find(filepath.Join(cache, "vgg.pth"))
	require.NoError(t, err)
	require.Equal(t, filepath.Join(cache, "vgg.pth"), path, "a file is taken as it is")
	t.Setenv("FORGER_WEIGHTS", filepath.Join(variable, "vgg.pth"))
	path, err = f.Find("")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(variable, "vgg.pth"), path)
	_, err = inception.Find("")
	require.ErrorAs(t, err, &missing, "a file in the variable is that of its name")
	_, err = f.Find("/nowhere")
	require.True(t, errors.Is(err, os.ErrNotExist) && strings.Contains(err.Error(), "/nowhere"), "a place that was named must be there")
}

func TestFilesOfOtherNetworksAreRefused(t *testing.T) {
	home(t)
	torch.Scope(func() {
		dir := t.TempDir()
		save := func(name string, state []nn.Entry) string {
			path := filepath.Join(dir, name)
			require.NoError(t, checkpoint.Save(path, checkpoint.FromState(state), nil))
			return path
		}
		good := headState(64, 192, 384, 256, 256)
		for _, test := range []struct {
			path, name, want string
		}{
			{save("a.safetensors", good[:4]), "lpips-alex", "lpips-alex: it has no tensor lin4.model.1.weight"},
			{save("b.safetensors", headState(64, 192, 384, 256, 255)), "lpips-alex", "lin4.model.1.weight has the shape [1 255 1 1], not [1 256 1 1]"},
			{save("c.safetensors", append(good, nn.Entry{Name: "x", Tensor: torch.Ones([]int{1})})), "lpips-alex", "the channel weights of LPIPS 0.1, alex has no tensor x"},
			{save("d.safetensors", good), "vgg19", "fits none of the known networks (vgg19: it has no tensor features.0.weight)"},
			{save("e.safetensors", good), "vgg", `there are no weights called "vgg"`},
			{filepath.Join(dir, "f.pth"), "vgg19", "no such file"},
		} {
			_, _, err := Add(test.path, test.name)
			require.ErrorContains(t, err, test.want)
		}
		_, err := Load("vgg19", NewVGG19(), save("vgg19.safetensors", good))
		require.ErrorContains(t, err, "does not hold the weights vgg19: it has no tensor features.0.weight")
		left, err := Folder()
		require.NoError(t, err)
		entries, err := os.ReadDir(left)
		require.NoError(t, err)
		require.Empty(t, entries)
	})
}

func TestTheClassifierOfATrunkIsLeftOut(t *testing.T) {
	home(t)
	torch.Scope(func() {
		state := nn.StateDict(NewSqueezeNet())
		state = append(state, nn.Entry{Name: "classifier.1.weight", Tensor: torch.Ones([]int{1000, 512, 1, 1})})
		path := filepath.Join(t.TempDir(), "squeezenet1_1-b8a52dc0.pth")
		require.NoError(t, pth.Save(path, pth.FromState(state)))
		f, w, err := Add(path, "")
		require.NoError(t, err)
		require.Equal(t, "squeezenet", f.Name)
		require.Empty(t, w.Published, "the name is right, the checksum is not")
		kept, err := checkpoint.Load(w.Path)
		require.NoError(t, err)
		require.Len(t, kept, len(state)-1)
	})
}

func TestNVIDIAsScriptGivesFeaturesAndLogits(t *testing.T) {
	home(t)
	f, w, err := Add("testdata/script.pt", "inception-2015")
	require.NoError(t, err)
	require.Equal(t, "inception-2015", f.Name)
	path, err := f.Find("")
	require.NoError(t, err)
	require.Equal(t, w.Path, path)
	net, err := OpenScript(path, torch.Device{})
	require.NoError(t, err)
	torch.Scope(func() {
		bytes := make([]float32, 2*3*8*8)
		for i := range bytes {
			bytes[i] = float32(i%256-128) / 128
		}
		x := torch.FromSlice(bytes, 2, 3, 8, 8)
		features, logits := net.Embed(x)
		require.InDeltaSlice(t, []float32{0.4306, 0.8380, 0.0499, 0.2201, 0.2070, 0, 0, 0.3683, 0, 0.0116},
			torch.Values[float32](features.Detach()), 1e-4) // as script.py prints them
		require.InDeltaSlice(t, []float32{-0.1797, 0.1801, 0.4102, 0.1094, 0.0055, -0.1545, 0.0296, 0.0037},
			torch.Values[float32](logits.Detach()), 1e-4)
	})
	_, _, err = Add("../../torch/jit/testdata/small.pt", "")
	require.ErrorContains(t, err, "it has no matrix output.weight; ")
	_, err = OpenScript("../../torch/jit/testdata/small.pt", torch.Device{})
	require.ErrorContains(t, err, "is not NVIDIA's Inception: it has no matrix output.weight")
}
