package nn_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/parity"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

// block is a layer of DCGAN's generator, nested as a network's part.
type block struct {
	Conv *nn.ConvTranspose2d `nn:"conv"`
	Norm *nn.BatchNorm2d     `nn:"norm"`
}

func (b *block) Forward(x *torch.Tensor) *torch.Tensor { return b.Norm.Forward(b.Conv.Forward(x)) }

// tower has a tensor of its own, a list of children and a child that may be missing.
type tower struct {
	Scale  *torch.Tensor `nn:"scale"`
	Blocks []*block      `nn:"blocks"`
	Head   *nn.Linear    `nn:"head"`
	Extra  *nn.Linear    `nn:"extra"` // nil
	Count  int
}

func newTower() *tower {
	blocks := []*block{
		{nn.NewConvTranspose2d(4, 3, 2), nn.NewBatchNorm2d(3)},
		{nn.NewConvTranspose2d(3, 2, 2, nn.Conv{NoBias: true}), nn.NewBatchNorm2d(2, nn.BatchNorm{NoAffine: true})},
	}
	return &tower{Scale: torch.Ones([]int{2}).Own().SetRequiresGrad(true), Blocks: blocks, Head: nn.NewLinear(2, 1)}
}

func names(state []nn.Entry) (out []string) {
	for _, e := range state {
		out = append(out, e.Name)
	}
	return out
}

func native(t *testing.T, f func()) {
	t.Helper()
	torchtest.Native(t)
	torch.Scope(f)
}

func TestNamesAreDottedPathsWithParametersBeforeBuffersBeforeChildren(t *testing.T) {
	native(t, func() {
		state := nn.StateDict(newTower())
		require.Equal(t, []string{
			"scale",
			"blocks.0.conv.weight", "blocks.0.conv.bias",
			"blocks.0.norm.weight", "blocks.0.norm.bias",
			"blocks.0.norm.running_mean", "blocks.0.norm.running_var", "blocks.0.norm.num_batches_tracked",
			"blocks.1.conv.weight",
			"blocks.1.norm.running_mean", "blocks.1.norm.running_var", "blocks.1.norm.num_batches_tracked",
			"head.weight", "head.bias",
		}, names(state))
		for _, e := range state {
			require.Equal(t, e.Buffer, !e.Tensor.RequiresGrad(), e.Name)
		}
	})
}

func TestTheOrderOfDCGANsStateIsTheOfficialOne(t *testing.T) {
	torchtest.Native(t)
	// The kit's order of the generator's keys, for the same layers in a struct called main.
	text, err := os.ReadFile("../../testdata/parity/dcgan/generator_train/meta.json")
	require.NoError(t, err)
	var meta parity.Meta
	require.NoError(t, json.Unmarshal(text, &meta))
	torch.Scope(func() {
		var layers []nn.Layer
		for i, c := range [][2]int{{8, 16}, {16, 8}, {8, 4}, {4, 2}, {2, 3}} {
			layers = append(layers, nn.NewConvTranspose2d(c[0], c[1], 4, nn.Conv{NoBias: true}))
			if i < 4 {
				layers = append(layers, nn.NewBatchNorm2d(c[1]), nn.ReLU{InPlace: true})
			}
		}
		g := &struct {
			Main *nn.Sequential `nn:"main"`
		}{nn.NewSequential(append(layers, nn.Tanh{})...)}
		require.Equal(t, meta.KeyOrder, names(nn.StateDict(g)))
	})
}

func TestLoadStateDictCopiesByNameAndConverts(t *testing.T) {
	native(t, func() {
		from, to := newTower(), newTower()
		nn.To(from, nn.ToOptions{DType: torch.Float64})
		state := nn.StateDict(from)
		for i, j := 0, len(state)-1; i < j; i, j = i+1, j-1 { // the order does not matter
			state[i], state[j] = state[j], state[i]
		}
		kept := to.Head.Weight
		require.NoError(t, nn.LoadStateDict(to, state, true))
		require.Same(t, kept, to.Head.Weight, "values are copied, tensors stay")
		require.Equal(t, torch.Float32, to.Head.Weight.DType())
		require.True(t, to.Head.Weight.RequiresGrad())
		require.True(t, to.Head.Weight.Equal(from.Head.Weight.ToDType(torch.Float32)))
	})
}

func TestLoadStateDictRefusesAndCopiesNothing(t *testing.T) {
	native(t, func() {
		full := func() []nn.Entry {
			state := nn.StateDict(nn.NewLinear(3, 2))
			for _, e := range state {
				torch.NoGrad(func() { e.Tensor.FillInPlace(7) })
			}
			return state
		}
		wrong := nn.Entry{Name: "weight", Tensor: torch.Zeros([]int{2, 4})}
		unknown := nn.Entry{Name: "gain", Tensor: torch.Zeros(nil)}
		many := full()
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
			many = append(many, nn.Entry{Name: name, Tensor: unknown.Tensor})
		}
		for _, test := range []struct {
			state   []nn.Entry
			strict  bool
			message string // "" where it loads
		}{
			{full()[:1], true, "the state does not fit *nn.Linear: it lacks: bias"},
			{full()[:1], false, ""},
			{append(full(), unknown), true, "the state does not fit *nn.Linear: it has unknown tensors: gain"},
			{append(full(), unknown), false, ""},
			{append(full()[1:], wrong), true, "the state does not fit *nn.Linear: it has wrong shapes: weight is [2 4], not [2 3]"},
			{append(full()[1:], wrong), false, "the state does not fit *nn.Linear: it has wrong shapes: weight is [2 4], not [2 3]"},
			{[]nn.Entry{wrong, unknown}, true, "the state does not fit *nn.Linear: it has wrong shapes: weight is [2 4], not [2 3]; it lacks: bias; it has unknown tensors: gain"},
			{many, true, "the state does not fit *nn.Linear: it has unknown tensors: a, b, c, d, e and 2 more"},
		} {
			l := nn.NewLinear(3, 2)
			before := [][]byte{l.Weight.Bytes(), l.Bias.Bytes()}
			err := nn.LoadStateDict(l, test.state, test.strict)
			if test.message == "" {
				require.NoError(t, err)
				require.Equal(t, 7.0, l.Weight.Select(0, 0).Select(0, 0).Item())
				continue
			}
			require.EqualError(t, err, test.message)
			require.Equal(t, before, [][]byte{l.Weight.Bytes(), l.Bias.Bytes()})
		}
	})
}

func TestAModuleDictNamesItsModules(t *testing.T) {
	native(t, func() {
		layer := func() *nn.Sequential { return nn.NewSequential(nn.NewLinear(1, 1, nn.LinearOptions{NoBias: true})) }
		net := &struct {
			Plain nn.ModuleDict `nn:""`
			Under nn.ModuleDict `nn:"nets"`
		}{nn.ModuleDict{{"scale0_layer1", layer()}, {"scale0_layer0", layer()}}, nn.ModuleDict{{"a", layer()}}}
		require.Equal(t, []string{"scale0_layer1.0.weight", "scale0_layer0.0.weight", "nets.a.0.weight"}, names(nn.StateDict(net)))
		visited := 0
		nn.Apply(net, func(m any) {
			if _, ok := m.(*nn.Sequential); ok {
				visited++
			}
		})
		require.Equal(t, 3, visited)
	})
}
