package flow_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/flow"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestDirectionsHaveTheColoursOfTheMiddleburyWheel(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		x := []float32{1, 0, -1, 0, 0, 2}
		y := []float32{0, 1, 0, -1, 0, 0}
		f := torch.FromSlice(append(x, y...), 1, 2, 1, 6)
		got := flow.Colour(f).AddScalar(1).DivScalar(2)
		require.Equal(t, []int{1, 3, 1, 6}, got.Shape())
		for i, want := range [][]float64{ // half as far as the last: half white
			{1, 0.5, 0.5}, {1, 0.95, 0.5}, {0.5, 1 - 1.0/11, 1}, {0.5 + 4.5/26, 0.5, 1}, {1, 1, 1}, {1, 0, 0},
		} {
			for c := range 3 {
				require.InDelta(t, want[c], got.At(0, c, 0, i).Item(), 1e-5, "pixel %d, channel %d", i, c)
			}
		}
		still := flow.Colour(f.ZerosLike())
		require.Equal(t, 1.0, still.Min().Item())
	})
}

func TestAFloFileHasTheLayoutOfTheBenchmark(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		path := filepath.Join(t.TempDir(), "a.flo")
		f := torch.FromSlice([]float32{1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6}, 2, 2, 3)
		require.NoError(t, flow.Save(path, f))
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "PIEH\x03\x00\x00\x00\x02\x00\x00\x00\x00\x00\x80\x3f\x00\x00\x80\xbf", string(data[:20])) // 1, −1
		again, err := flow.Load(path)
		require.NoError(t, err)
		require.Equal(t, torch.Values[float32](f), torch.Values[float32](again))
		require.Equal(t, []int{2, 2, 3}, again.Shape())
	})
}

func TestAFloFileThatIsNoneIsNamed(t *testing.T) {
	torchtest.Native(t)
	for content, want := range map[string]string{
		"":                     "does not begin with PIEH",
		"PNG9\x01\x00\x00\x00": "does not begin with PIEH",
		"PIEH\x01\x00\x00\x00\x01\x00\x00\x00123456789":     "9 bytes of flow, which are not 1 × 1 pixels",
		"PIEH\x00\x00\x00\x00\x00\x00\x00\x00":              "0 bytes of flow, which are not 0 × 0 pixels",
		"PIEH\x00\x00\x00\x80\x00\x00\x00\x80" + "12345678": "not 2147483648 × 2147483648",
	} {
		path := filepath.Join(t.TempDir(), "b.flo")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
		_, err := flow.Load(path)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, path)
	}
}

func FuzzLoad(f *testing.F) {
	torchtest.Native(f)
	f.Add([]byte("PIEH\x01\x00\x00\x00\x01\x00\x00\x0012345678"))
	f.Add([]byte("PIEH\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "c.flo")
		require.NoError(t, os.WriteFile(path, data, 0o644))
		torch.Scope(func() {
			x, err := flow.Load(path)
			if err != nil {
				return
			}
			require.NoError(t, flow.Save(path, x))
			again, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, data, again)
		})
	})
}
