package spade

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
)

func TestLabelMapsOfAnySizeBecomePicturesOfThatSize(t *testing.T) {
	m := model(t, small["instance maps, grey"])
	torch.Scope(func() {
		ids := torch.Zeros([]int{2, 64, 96}, torch.TensorOptions{DType: torch.Int64})
		b := train.NewBatch(map[string]*torch.Tensor{"label": ids, "instance": ids})
		x := m.Translate(b, false)
		require.Equal(t, []int{2, 1, 64, 96}, x.Shape())
		require.True(t, x.Equal(m.Translate(b, false)), "running statistics do not move")
		require.Equal(t, []string{"label", "instance"}, m.Translation().Inputs)
	})
}

func TestAPictureDependsOnThoseBesideItOnlyWithBatchStats(t *testing.T) {
	for _, batchStats := range []bool{false, true} {
		m := model(t, Config{Size: 64, BatchStats: batchStats})
		torch.Scope(func() {
			both := batch(t, m, 2)
			one := train.NewBatch(map[string]*torch.Tensor{"label": both.Tensor("label").Narrow(0, 0, 1)})
			x, y := m.Translate(one, false), m.Translate(both, false).Narrow(0, 0, 1)
			require.Equal(t, !batchStats, x.Sub(y).Abs().Max().Item() < 1e-5)
		})
	}
}

func TestAStyleIsReadFromThePictureOfTheBatchOrDrawn(t *testing.T) {
	m := model(t, small["a style"])
	torch.Scope(func() {
		whole := batch(t, m, 1)
		bare := train.NewBatch(map[string]*torch.Tensor{"label": whole.Tensor("label")})
		made := func(b *train.Batch) *torch.Tensor {
			torch.ManualSeed(5)
			return m.Translate(b, false)
		}
		require.True(t, made(bare).Equal(made(bare)))
		require.False(t, made(bare).Equal(m.Translate(bare, false)), "another draw, another style")
		require.False(t, made(bare).Equal(made(whole)))
	})
}

func TestTheGridShowsLabelMapsResultsAndTargets(t *testing.T) {
	for _, name := range []string{"instance maps, grey", "a style"} {
		m := model(t, small[name])
		torch.Scope(func() {
			b := batch(t, m, 2)
			m.Exhibit(b)
			x := m.Preview()
			require.Equal(t, []int{2 * m.Columns(), 3, 32, 32}, x.Shape())
			require.True(t, x.Select(0, 2).Narrow(0, 0, 1).Equal(b.Images().Select(0, 0).Narrow(0, 0, 1)))
			require.True(t, x.Equal(m.Preview()))
		})
	}
}

func TestBatchesThatCannotBeTranslatedAreRefused(t *testing.T) {
	ids := func(h, w int) *torch.Tensor {
		return torch.Zeros([]int{1, h, w}, torch.TensorOptions{DType: torch.Int64})
	}
	for _, test := range []struct {
		settings string
		fields   map[string]*torch.Tensor
		back     bool
		want     string
	}{
		{settings: "plain", fields: map[string]*torch.Tensor{"label": ids(32, 48)}, want: "sides are multiples of 32 with upsampling normal"},
		{settings: "instance maps, grey", fields: map[string]*torch.Tensor{"label": ids(32, 32)}, want: "the batch has no field instance"},
		{settings: "a style", fields: map[string]*torch.Tensor{"label": ids(64, 64)}, want: "with a style maps are 32 × 32, as in training"},
		{settings: "plain", fields: map[string]*torch.Tensor{"label": ids(32, 32)}, back: true, want: "pictures do not become label maps"},
	} {
		m := model(t, small[test.settings])
		err := torch.Try(func() { m.Translate(train.NewBatch(test.fields), test.back) })
		require.ErrorContains(t, err, test.want)
	}
}
