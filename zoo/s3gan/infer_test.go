package s3gan

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/labels"
	"github.com/forgergan/forger/torch/torchtest"
)

// strokes are pictures of two classes, a bar on the left and a bar on top, with noise.
type strokes struct{ items int }

func (strokes) Name() string      { return "strokes" }
func (s strokes) Len() int        { return s.items }
func (strokes) Classes() []string { return []string{"left", "top"} }
func (strokes) Label(i int) int   { return i % 2 }
func (strokes) Fields() []data.Field {
	return []data.Field{{Name: "image", Shape: []int{1, 16, 16}}, {Name: "label", Int64: true}}
}

func (s strokes) Read(i int, _ *rand.Rand, row []data.Array) error {
	rng := rand.New(rand.NewPCG(uint64(i), 1))
	for p := range row[0].Float32 {
		row[0].Float32[p] = 0.2 * float32(rng.NormFloat64())
		if place := [2]int{p % 16, p / 16}[s.Label(i)]; place < 4 {
			row[0].Float32[p]++
		}
	}
	row[1].Int64[0] = int64(s.Label(i))
	return nil
}

func changed(t *testing.T, text string) *labels.Set {
	t.Helper()
	o, err := labels.Parse(text)
	require.NoError(t, err)
	s, err := labels.Apply(strokes{60}, o)
	require.NoError(t, err)
	return s
}

func TestLabelsAreInferredFromAFewAndReadBack(t *testing.T) {
	native(t)
	torchtest.NoLeaks(t)
	set := changed(t, "items:0.9,keep:0.2,seed:5")
	var told []string
	o := InferOptions{Steps: 40, Batch: 8, LR: 0.02, Seed: 1, Probabilities: true, Log: func(line string) { told = append(told, line) }}
	file, right, err := InferLabels(t.Context(), set, o)
	require.NoError(t, err)
	require.Greater(t, right, 0.9)
	require.Len(t, told, 10)
	for i := range set.Len() {
		if k := set.Label(i); k >= 0 {
			require.EqualValues(t, k, file.Labels[i])
			require.EqualValues(t, 1, file.Probabilities[i][k])
		}
		require.InDelta(t, 1, file.Probabilities[i][0]+file.Probabilities[i][1], 1e-5)
	}

	path := filepath.Join(t.TempDir(), "labels.json")
	require.NoError(t, labels.Write(path, file))
	again := changed(t, "file:"+path)
	require.Equal(t, 54, again.Len())
	wrong := 0
	for i := range again.Len() {
		require.Equal(t, set.Clean(i), again.Clean(i), "the file says which items it is of")
		if again.Label(i) != again.Clean(i) {
			wrong++
		}
	}
	require.InDelta(t, right, 1-float64(wrong)/44, 1e-9, "10 of 54 were known")
}

func TestLabelsAreInferredOnlyWhereSomeAreMissing(t *testing.T) {
	for text, want := range map[string]string{
		"symmetric:0": "s3gan: 60 of 60 items have a label: keep a share of them with --labels keep:SHARE",
		"only:0.5":    "s3gan: labels only:0.5 change the classes or the items, so labels inferred would not fit the set",
	} {
		_, _, err := InferLabels(t.Context(), changed(t, text), InferOptions{})
		require.EqualError(t, err, want)
	}
	native(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := InferLabels(ctx, changed(t, "keep:0.5"), InferOptions{})
	require.ErrorIs(t, err, context.Canceled)
}
