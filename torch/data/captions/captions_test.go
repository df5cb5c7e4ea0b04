package captions_test

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/captions"
	"github.com/forgergan/forger/torch/vision"
)

// hashes is an encoder that counts its sentences.
type hashes struct {
	size int
	seen int
}

func (h *hashes) Name() string { return fmt.Sprintf("hashes-%d", h.size) }
func (h *hashes) Size() int    { return h.size }
func (h *hashes) Encode(_ context.Context, sentences []string) ([]float32, error) {
	var out []float32
	for _, s := range sentences {
		h.seen++
		out = append(out, h.of(s)...)
	}
	return out, nil
}

func (h *hashes) of(sentence string) []float32 {
	sum := fnv.New64a()
	sum.Write([]byte(sentence))
	rng := rand.New(rand.NewPCG(sum.Sum64(), 0))
	out := make([]float32, h.size)
	for i := range out {
		out[i] = rng.Float32()
	}
	return out
}

// describe writes a grey picture of that value, and its captions.
func describe(t *testing.T, dir, name string, value uint8, captions string) {
	t.Helper()
	im := vision.NewImage(8, 8, 3)
	for i := range im.Pix {
		im.Pix[i] = value
	}
	path := filepath.Join(dir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, vision.SavePNG(path+".png", im))
	require.NoError(t, os.WriteFile(path+".txt", []byte(captions), 0o644))
}

// item reads item i with draws of a seed.
func item(t *testing.T, set data.Dataset, i int, seed uint64) map[string]data.Array {
	t.Helper()
	var row []data.Array
	for _, f := range set.Fields() {
		a := data.Array{Name: f.Name, Float32: make([]float32, f.Size())}
		if f.Int64 {
			a = data.Array{Name: f.Name, Int64: make([]int64, f.Size())}
		}
		row = append(row, a)
	}
	require.NoError(t, set.Read(i, rand.New(rand.NewPCG(seed, 1)), row))
	out := map[string]data.Array{}
	for _, a := range row {
		out[a.Name] = a
	}
	return out
}

func TestPicturesStandBesideTheirCaptions(t *testing.T) {
	t.Setenv("FORGER_CACHE", t.TempDir())
	dir, e := t.TempDir(), &hashes{size: 5}
	describe(t, dir, "a", 0, "a black square\n\n  a dark square \n")
	describe(t, dir, "b", 255, "a white square")
	describe(t, dir, "c", 100, "a grey square\na dark square\r\n")
	set, err := captions.Open(t.Context(), dir, captions.Options{Size: 8, Wrong: true, Encoder: e})
	require.NoError(t, err)
	require.Equal(t, 3, set.Len())
	require.Equal(t, 5, set.TextSize())
	require.Equal(t, 4, e.seen, "a sentence that two pictures have is embedded once")
	require.Equal(t, "a dark square", set.Caption(0, 1))
	require.Equal(t, [][]float32{e.of("a grey square"), e.of("a dark square")}, set.Embeddings(2))

	seen, wrong := map[float32]bool{}, map[float32]bool{}
	for seed := range uint64(40) {
		x := item(t, set, 0, seed)
		require.EqualValues(t, -1, x["image"].Float32[0])
		require.Contains(t, set.Embeddings(0), x["text"].Float32)
		seen[x["text"].Float32[0]] = true
		wrong[x["wrong"].Float32[0]] = true
	}
	require.Len(t, seen, 2, "each caption is drawn")
	require.Len(t, wrong, 2, "each other picture is drawn")
	require.NotContains(t, wrong, float32(-1))
}
