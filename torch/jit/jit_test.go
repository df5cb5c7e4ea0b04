package jit

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// golden is what the module gives in Python; testdata/make.py writes it.
type golden struct {
	X, Y, Grad, Head, Scaled []float32
	Mean, Largest            float64
	State                    map[string][2]json.RawMessage // shape, values
}

func load(t *testing.T) (*Module, golden) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	m, err := Load("testdata/small.pt", torch.Device{})
	require.NoError(t, err)
	t.Cleanup(m.Free)
	text, err := os.ReadFile("testdata/small.json")
	require.NoError(t, err)
	var want golden
	require.NoError(t, json.Unmarshal(text, &want))
	return m, want
}

func TestForwardAndGradientsAreThoseOfPython(t *testing.T) {
	m, want := load(t)
	torch.Scope(func() {
		x := torch.FromSlice(want.X, 2, 1, 4, 4).SetRequiresGrad(true)
		var layer nn.Layer = m
		y := layer.Forward(x)
		require.InDeltaSlice(t, want.Y, torch.Values[float32](y.Detach()), 1e-6)
		y.Square().Sum().Backward()
		require.InDeltaSlice(t, want.Grad, torch.Values[float32](x.Grad()), 1e-5)
		for _, e := range m.StateDict() {
			require.Equal(t, !e.Buffer, e.Tensor.RequiresGrad(), e.Name)
			if e.Name == "head.weight" {
				require.InDeltaSlice(t, want.Head, torch.Values[float32](e.Tensor.Grad()), 1e-5)
			}
		}
	})
}

func TestMethodsReturnTuplesAndLists(t *testing.T) {
	m, want := load(t)
	require.ElementsMatch(t, []string{"forward", "features", "table", "refuse"}, m.Methods())
	torch.Scope(func() {
		out := m.Call("features", torch.FromSlice(want.X, 2, 1, 4, 4), torch.Of(float32(2)))
		require.Len(t, out.Parts, 2)
		require.InDeltaSlice(t, want.Scaled, torch.Values[float32](out.Parts[0].Tensor.Detach()), 1e-6)
		require.InDelta(t, want.Mean, out.Parts[1].Parts[0].Tensor.Item(), 1e-6)
		require.InDelta(t, want.Largest, out.Tensors()[2].Item(), 1e-6)
	})
}

func TestMethodsOfAPartAreReached(t *testing.T) {
	m, want := load(t)
	torch.Scope(func() {
		x := torch.FromSlice(want.X, 2, 1, 4, 4)
		state := map[string]*torch.Tensor{}
		for _, e := range m.StateDict() {
			state[e.Name] = e.Tensor
		}
		got := m.Call("conv.forward", x).Tensor
		diff, _ := torchtest.MaxDiff(t, got.Detach(), torch.Conv2d(x, state["conv.weight"], torch.Conv2dOptions{
			Bias: state["conv.bias"], Padding: []int{(got.Size(2) - 2) / 2},
		}).Detach())
		require.Zero(t, diff)
	})
	for method, want := range map[string]string{
		"conv.backward":     "the module has no method conv.backward",
		"nothing.forward":   "the module has no module nothing",
		"conv.weight.shape": "the module has no module conv.weight",
	} {
		err := torch.Try(func() { m.Call(method, torch.Ones([]int{1})) })
		require.ErrorContains(t, err, want)
	}
}

func TestItsWeightsAreKeptAsSafetensors(t *testing.T) {
	m, want := load(t)
	file := filepath.Join(t.TempDir(), "small.safetensors")
	torch.Scope(func() {
		state := m.StateDict()
		require.Len(t, state, len(want.State))
		require.NoError(t, checkpoint.Save(file, checkpoint.FromState(state), nil))
		back, err := checkpoint.Load(file)
		require.NoError(t, err)
		for i, e := range back {
			require.Equal(t, state[i].Name, e.Name)
			var shape []int
			var values []float64
			require.NoError(t, json.Unmarshal(want.State[e.Name][0], &shape))
			require.NoError(t, json.Unmarshal(want.State[e.Name][1], &values))
			require.Equal(t, shape, append([]int{}, e.Tensor.Shape()...), e.Name)
			require.Equal(t, values, torch.Values[float64](e.Tensor.ToDType(torch.Float64).Detach()), e.Name)
		}
		head := nn.NewLinear(32, 3)
		require.NoError(t, nn.LoadStateDict(head, []nn.Entry{{Name: "weight", Tensor: back[7].Tensor}, {Name: "bias", Tensor: back[8].Tensor}}, true))
		for _, p := range nn.Parameters(head) {
			p.Free()
		}
	})
}

func TestTrainingModeAndTypesChange(t *testing.T) {
	m, want := load(t)
	torch.Scope(func() {
		x := torch.FromSlice(want.X, 2, 1, 4, 4)
		m.Train()
		require.False(t, m.Forward(x).Equal(m.Forward(x)), "dropout draws")
		m.Eval()
		require.True(t, m.Forward(x).Equal(m.Forward(x)))
		m.ToDType(torch.Float64)
		m.ToDevice(torch.Device{})
		require.Equal(t, torch.Float64, m.Forward(x.ToDType(torch.Float64)).DType())
	})
}

func TestSeveralGoroutinesRunOneModule(t *testing.T) {
	m, want := load(t)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 20 {
				torch.Scope(func() {
					y := m.Forward(torch.FromSlice(want.X, 2, 1, 4, 4)).Detach()
					assert.InDeltaSlice(t, want.Y, torch.Values[float32](y), 1e-6)
				})
			}
		})
	}
	wait.Wait()
}

func TestMisusePanicsWithOneLine(t *testing.T) {
	m, want := load(t)
	freed, err := Load("testdata/small.pt", torch.Device{})
	require.NoError(t, err)
	freed.Free()
	freed.Free()
	pair, err := Load("testdata/pair.pt", torch.Device{})
	require.NoError(t, err)
	t.Cleanup(pair.Free)
	torch.Scope(func() {
		x := torch.FromSlice(want.X, 2, 1, 4, 4)
		for says, f := range map[string]func(){
			"the module has no method backward":                                     func() { m.Call("backward", x) },
			"the module was already freed":                                          func() { freed.Forward(x) },
			"the method returned GenericDict, not tensors":                          func() { m.Call("table", x) },
			"no such thing":                                                         func() { m.Call("refuse", x) },
			"mat1 and mat2 shapes cannot be multiplied (2x128 and 32x3)":            func() { m.Forward(torch.Zeros([]int{2, 1, 8, 8})) },
			"forward() is missing value for argument 'x'":                           func() { m.Call("forward") },
			"Expected at most 2 argument(s) for operator 'forward', but received 3": func() { m.Call("forward", x, x) },
			"the module returned a tuple or list: use Call":                         func() { pair.Forward(x) },
		} {
			var e *torch.Error
			require.ErrorAs(t, torch.Try(f), &e, says)
			require.Contains(t, e.Msg, says)
			require.NotContains(t, e.Error(), "\n")
		}
	})
}

func TestFilesThatAreNoModuleAreRefusedInASentence(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	good, err := os.ReadFile("testdata/small.pt")
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, text, 0o644))
		return path
	}
	archive, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
	require.NoError(t, err)
	at, err := archive.File[0].DataOffset()
	require.NoError(t, err)
	flipped := bytes.Clone(good)
	flipped[at] ^= 1
	for path, says := range map[string]string{
		filepath.Join(dir, "missing.pt"):    "no such file or directory",
		dir:                                 "is a folder",
		write("empty.pt", nil):              "is not a TorchScript file, or cut off",
		write("text.pt", []byte("hello")):   "is not a TorchScript file, or cut off",
		write("cut.pt", good[:len(good)/2]): "is not a TorchScript file, or cut off",
		write("flipped.pt", flipped):        "is damaged: small/data/0: zip: checksum error",
		"testdata/state.pth":                "holds no TorchScript module: what torch.save wrote is for package checkpoint",
		write("code.pt", with(t, good, map[string][]byte{"small/code/__torch__.py": []byte("def forward(")})): "LibTorch cannot load",
	} {
		_, err := Load(path, torch.Device{})
		require.ErrorContains(t, err, says)
		require.ErrorContains(t, err, path)
		require.NotContains(t, err.Error(), "\n")
	}
}

// with is a module's file with other parts, and checksums that are right.
func with(t testing.TB, file []byte, parts map[string][]byte) []byte {
	from, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	require.NoError(t, err)
	var out bytes.Buffer
	to := zip.NewWriter(&out)
	for _, part := range from.File {
		r, err := part.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		if other, ok := parts[part.Name]; ok {
			text = other
		}
		w, err := to.CreateHeader(&zip.FileHeader{Name: part.Name, Method: zip.Store})
		require.NoError(t, err)
		_, err = w.Write(text)
		require.NoError(t, err)
	}
	require.NoError(t, to.Close())
	return out.Bytes()
}

// The loader parses code and pickles; what is wrong there may only be an error.
func FuzzLoad(f *testing.F) {
	torchtest.Native(f)
	good, err := os.ReadFile("testdata/small.pt")
	require.NoError(f, err)
	archive, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
	require.NoError(f, err)
	read := func(name string) []byte {
		r, err := archive.Open(name)
		require.NoError(f, err)
		text, err := io.ReadAll(r)
		require.NoError(f, err)
		return text
	}
	f.Add(read("small/code/__torch__.py"), read("small/data.pkl"))
	f.Fuzz(func(t *testing.T, code, pickle []byte) {
		path := filepath.Join(t.TempDir(), "x.pt")
		file := with(t, good, map[string][]byte{"small/code/__torch__.py": code, "small/data.pkl": pickle})
		require.NoError(t, os.WriteFile(path, file, 0o644))
		if m, err := Load(path, torch.Device{}); err == nil {
			m.Free()
		}
	})
}
