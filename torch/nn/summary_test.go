package nn_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// twin has a layer under two names, a list of blocks and a tensor of its own, and takes two inputs.
type twin struct {
	Gain   *torch.Tensor `nn:"gain"`
	Blocks []*block      `nn:"blocks"`
	First  *nn.Linear    `nn:"first"`
	Again  *nn.Linear    `nn:"again"`
	Table  *nn.Embedding `nn:"table"`
	Unused *nn.Linear    `nn:"unused"`
}

func newTwin() *twin {
	l := nn.NewLinear(4, 4)
	return &twin{
		Gain:   torch.Ones([]int{1}).Own().SetRequiresGrad(true),
		Blocks: []*block{{nn.NewConvTranspose2d(2, 1, 2), nn.NewBatchNorm2d(1)}},
		First:  l, Again: l, Table: nn.NewEmbedding(3, 4), Unused: nn.NewLinear(1, 1),
	}
}

func (w *twin) Forward(x, ids *torch.Tensor) *torch.Tensor {
	y := w.Blocks[0].Forward(x).Flatten(torch.FlattenOptions{StartDim: 1})
	return w.Again.Forward(w.First.Forward(y)).Add(w.Table.Forward(ids)).Mul(w.Gain)
}

func TestSummaryShowsShapesFrozenAndSharedParametersAndTotals(t *testing.T) {
	native(t, func() {
		w := newTwin()
		nn.Freeze(w.Table)
		s := nn.Summary(w, []int{5, 2, 1, 1}, torch.FromSlice([]int64{0, 1, 2, 0, 1}))
		require.Equal(t, []nn.Row{
			{Name: "", Type: "twin", Parameters: 1},
			{Name: "blocks.0.conv", Type: "ConvTranspose2d", Output: []int{5, 1, 2, 2}, Parameters: 9},
			{Name: "blocks.0.norm", Type: "BatchNorm2d", Output: []int{5, 1, 2, 2}, Parameters: 2, Buffers: 3},
			{Name: "first", Type: "Linear", Output: []int{5, 4}, Parameters: 20},
			{Name: "again", Type: "Linear", Output: []int{5, 4}, Parameters: 20, Shared: true},
			{Name: "table", Type: "Embedding", Output: []int{5, 4}, Parameters: 12, Frozen: true},
			{Name: "unused", Type: "Linear", Parameters: 2},
		}, s.Rows)
		require.Equal(t, []int{5, 4}, s.Output)
		require.Equal(t, nn.NumParameters(w), s.Parameters)
		require.Equal(t, s.Parameters-12, s.Trainable)
		require.Equal(t, 3, s.Buffers)

		text, err := json.Marshal(s.Rows[4])
		require.NoError(t, err)
		require.JSONEq(t, `{"name": "again", "type": "Linear", "output": [5, 4], "parameters": 20, "buffers": 0,
			"frozen": false, "shared": true}`, string(text))
		require.Contains(t, s.String(), "shared\n")
	})
}

func TestSummaryLeavesTheModuleAndTheRandomStreamAlone(t *testing.T) {
	native(t, func() {
		net := nn.NewSequential(nn.SpectralNorm(nn.NewConv2d(1, 2, 3)), nn.NewBatchNorm2d(2), nn.NewDropout(0.5))
		var before []*torch.Tensor
		for _, e := range nn.StateDict(net) {
			before = append(before, e.Tensor.Detach().Clone())
		}
		torch.ManualSeed(1)
		want := torch.Rand([]int{3})
		torch.ManualSeed(1)
		live := torch.Live()
		s := nn.Summary(net, []int{2, 1, 5, 5})
		require.Equal(t, live, torch.Live())
		require.True(t, torch.Rand([]int{3}).Equal(want))
		require.Equal(t, []int{2, 2, 3, 3}, s.Rows[2].Output, "a layer without parameters in a Sequential")
		for i, e := range nn.StateDict(net) {
			require.True(t, before[i].Equal(e.Tensor.Detach()), e.Name)
			require.Nil(t, e.Tensor.Grad())
		}
	})
}

func TestSummaryUsesTheTypeOfTheModuleAndEndsAfterAPanic(t *testing.T) {
	native(t, func() {
		net := nn.NewSequential(nn.NewLinear(2, 3), nn.ReLU{}, nn.ReLU{})
		nn.To(net, nn.ToOptions{DType: torch.Float64})
		require.ErrorContains(t, torch.Try(func() { nn.Summary(net, []int{1, 5}) }), "shapes")
		s := nn.Summary(net, []int{7, 2})
		require.Len(t, s.Rows, 3)
		for _, r := range s.Rows {
			require.Equal(t, []int{7, 3}, r.Output, r.Name)
		}
	})
}
