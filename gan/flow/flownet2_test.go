package flow

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/goldentest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// golden are numbers that testdata/golden.py computes from the definitions.
func golden(t *testing.T) (numbers map[string]*torch.Tensor, near func(name string, got *torch.Tensor)) {
	t.Helper()
	state, err := checkpoint.Load(filepath.Join("testdata", "golden.safetensors"))
	require.NoError(t, err)
	numbers = map[string]*torch.Tensor{}
	for _, e := range state {
		numbers[e.Name] = e.Tensor
	}
	return numbers, func(name string, got *torch.Tensor) {
		t.Helper()
		require.NotNil(t, numbers[name], name)
		diff, magnitude := torchtest.MaxDiff(t, got, numbers[name])
		require.Less(t, diff, 2e-5*magnitude, name)
	}
}

func TestOperatorsComputeWhatTheirDefinitionsSay(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		numbers, near := golden(t)
		a, b := numbers["correlation.a"], numbers["correlation.b"]
		near("correlation.4_2", Correlation(a, b, 4, 2))
		near("correlation.3_2", Correlation(a, b, 3, 2))
		near("resample", Resample(a, numbers["resample.flow"]))
		near("resample", Warp(a, numbers["resample.flow"]))
		near("channelnorm", ChannelNorm(a))
	})
}

// draw gives f the weights of golden.py, from where the random stream is.
func draw(f *FlowNet2) {
	torch.NoGrad(func() {
		for _, e := range nn.StateDict(f) {
			bound, small := 0.1, 1.0
			if shape := e.Tensor.Shape(); len(shape) == 4 {
				bound = math.Sqrt(6 / float64(shape[1]*shape[2]*shape[3]))
			}
			if strings.Contains(e.Name, ".predict") && strings.HasSuffix(e.Name, "weight") {
				small = 0.125
			}
			e.Tensor.UniformInPlace(torch.UniformInPlaceOptions{From: -bound, To: &bound}).MulScalarInPlace(small)
		}
	})
}

func TestFlowNet2ComputesWhatItsDefinitionSays(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		_, near := golden(t)
		var f *FlowNet2
		torch.SkipInit(func() { f = NewFlowNet2() })
		defer free(f)
		torch.NoGrad(func() {
			torch.ManualSeed(4)
			im1 := torch.Rand([]int{2, 3, 64, 128}).MulScalar(2).SubScalar(1)
			im2 := torch.Rand([]int{2, 3, 64, 128}).MulScalar(2).SubScalar(1)
			draw(f)

			a, b := centred(im1, im2)
			flow := f.C.forward(a, b)
			near("flownetc", flow)
			flow = f.S1.forward(mending(a, b, fourfold(flow.MulScalar(unit))))
			near("flownets_1", flow)
			near("flownets_2", f.S2.forward(mending(a, b, fourfold(flow.MulScalar(unit)))))
			near("flownets_d", f.SD.forward(beside(a, b)))
			near("flow", f.Flow(im1, im2))
		})
	})
}

func free(f *FlowNet2) {
	for _, e := range nn.StateDict(f) {
		e.Tensor.Free()
	}
}

func TestFlowNet2IsLoadedFromItsPublishedFile(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	var f *FlowNet2
	torch.SkipInit(func() { f = NewFlowNet2() })
	defer free(f)
	require.Equal(t, 162518834, nn.NumParameters(f))

	// a file of its tree whose tensors share memory, so that it is a twentieth as large
	shared := torch.Randn([]int{1024 * 1024 * 9})
	defer shared.Free()
	storage := pth.NewTensor(torch.Float32, shared.Bytes(), shared.Numel()).Storage
	state := &pth.Dict{Class: "OrderedDict"}
	for _, e := range nn.StateDict(f) {
		x := &pth.Tensor{DType: torch.Float32, Shape: e.Tensor.Shape(), Stride: e.Tensor.Stride(), Storage: storage}
		state.Items = append(state.Items, pth.Item{Key: e.Name, Value: x})
	}
	path := filepath.Join(t.TempDir(), "FlowNet2_checkpoint.pth.tar")
	save := func(state *pth.Dict) {
		require.NoError(t, pth.Save(path, &pth.Dict{Items: []pth.Item{
			{Key: "arch", Value: "FlowNet2"}, {Key: "epoch", Value: 0}, {Key: "state_dict", Value: state}, {Key: "best_EPE", Value: 1.5},
		}}))
	}
	save(state)
	loaded, err := LoadFlowNet2(path, torch.Device{})
	require.NoError(t, err)
	defer free(loaded)
	torch.Scope(func() {
		for _, e := range nn.StateDict(loaded) {
			require.False(t, e.Tensor.RequiresGrad(), e.Name)
			want := shared.Narrow(0, 0, e.Tensor.Numel()).View(e.Tensor.Shape()...)
			require.Equal(t, 1, e.Tensor.Eq(want).All().Int(), e.Name)
		}
	})

	state.Items = state.Items[1:]
	save(state)
	_, err = LoadFlowNet2(path, torch.Device{})
	require.EqualError(t, err, path+": it is not FlowNet2: the state does not fit *flow.FlowNet2: it lacks: flownetc.conv1.0.weight")
}

func TestAFileOfSomethingElseIsNamed(t *testing.T) {
	torchtest.Native(t)
	path := filepath.Join(goldentest.Kit("", "parity"), "vid2vid", "resample", "inputs.safetensors")
	_, err := LoadFlowNet2(path, torch.Device{})
	require.ErrorContains(t, err, path+": it has no tensor of FlowNet2, such as flownetc.conv1.0.weight; the file to give is")

	broken := filepath.Join(t.TempDir(), "broken.pth.tar")
	require.NoError(t, os.WriteFile(broken, []byte("<html>quota exceeded</html>"), 0o644))
	_, err = LoadFlowNet2(broken, torch.Device{})
	require.ErrorContains(t, err, broken)
}

func TestFlowNet2RefusesSidesThatItsEncodersCannotHalve(t *testing.T) {
	torchtest.Native(t)
	x := torch.Zeros([]int{1, 3, 64, 96})
	err := torch.Try(func() { (&FlowNet2{}).Flow(x, x) })
	require.ErrorContains(t, err, "multiples of 64")
}
