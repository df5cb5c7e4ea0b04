package data

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/vision"
)

// colourful writes n noisy pictures of different sizes into two class folders.
func colourful(t testing.TB, n int) string {
	t.Helper()
	dir, rng := t.TempDir(), rand.New(rand.NewPCG(5, 6))
	for i := range n {
		im := vision.NewImage(20+i, 24, 3)
		for k := range im.Pix {
			im.Pix[k] = uint8(rng.Uint32())
		}
		path := filepath.Join(dir, string(rune('a'+i%2)), string(rune('0'+i))+".png")
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, vision.SavePNG(path, im))
	}
	return dir
}

func pack(t testing.TB, dir string, o Options) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "set.safetensors")
	n, err := Pack(context.Background(), dir, out, o)
	require.NoError(t, err)
	require.Positive(t, n)
	return out
}

func TestShardTrainsOnTheBatchesOfItsFolder(t *testing.T) {
	dir := colourful(t, 7)
	o := Options{Size: 16, Filter: vision.Bicubic, Flip: true}
	folder, err := Open(context.Background(), dir, o)
	require.NoError(t, err)
	shard, err := Open(context.Background(), pack(t, dir, o), o)
	require.NoError(t, err)
	require.Equal(t, folder.Fields(), shard.Fields())
	require.Equal(t, []string{"a", "b"}, shard.(Labelled).Classes())
	require.Equal(t, filepath.Join("b", "1.png"), shard.(*Shard).Path(4))
	loaders := LoaderOptions{Batch: 3, Shuffle: true, Seed: 2}
	want, got := draw(t, newLoader(t, folder, loaders), 6), draw(t, newLoader(t, shard, loaders), 6)
	for i := range want {
		require.Equal(t, want[i].Arrays, got[i].Arrays, "batch %d", i)
	}
}

func TestShardWithABorderGivesCropsAtRandom(t *testing.T) {
	path := pack(t, colourful(t, 2), Options{Size: 12, Load: 16})
	shard, err := OpenShard(path, Options{Size: 12, Load: 16})
	require.NoError(t, err)
	defer shard.Close()
	require.Equal(t, []int{3, 12, 12}, shard.Fields()[0].Shape)
	crops := map[float32]bool{}
	for seed := range uint64(40) {
		row := []Array{{Float32: make([]float32, 3*12*12)}, {Int64: make([]int64, 1)}}
		require.NoError(t, shard.Read(0, rand.New(rand.NewPCG(seed, 0)), row))
		crops[row[0].Float32[0]] = true
	}
	require.Greater(t, len(crops), 10)
}

func TestFlatFolderPacksWithoutLabels(t *testing.T) {
	dir := t.TempDir()
	write(t, paint(t, 9, 5, red), dir, "1.png")
	shard, err := OpenShard(pack(t, dir, Options{Size: 4, Channels: 1}), Options{})
	require.NoError(t, err)
	defer shard.Close()
	require.Nil(t, shard.Classes())
	require.Equal(t, []Field{{Name: "image", Shape: []int{1, 4, 4}}}, shard.Fields())
	require.InDelta(t, 76/127.5-1, readItem(t, shard, 0)[0].Float32[0], 1e-6, "Pillow's grey of red")
}

func TestShardMadeForAnotherRunIsRefused(t *testing.T) {
	path := pack(t, colourful(t, 2), Options{Size: 16})
	for want, o := range map[string]Options{
		"a side of 16, not the 32":           {Size: 32},
		"a side of 16, not the 20":           {Size: 16, Load: 20},
		"3 channels, not the 1":              {Channels: 1},
		"resized with bilinear, not bicubic": {Filter: vision.Bicubic},
		"turned upright":                     {Upright: true},
	} {
		_, err := OpenShard(path, o)
		require.ErrorContains(t, err, "data "+path+": its pictures ")
		require.ErrorContains(t, err, want)
	}
}

func TestDamagedShardIsRefusedInOneSentence(t *testing.T) {
	path := pack(t, colourful(t, 3), Options{Size: 16})
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	flipped := append([]byte(nil), whole...)
	flipped[len(flipped)-900]++
	for want, content := range map[string][]byte{
		"the checksum of the data does not match": flipped,
		"the file is cut off":                     whole[:len(whole)-1],
		"not a safetensors file":                  {},
	} {
		file := write(t, content, t.TempDir(), "x.safetensors")
		_, err := Open(context.Background(), file, Options{})
		require.ErrorContains(t, err, "data "+file+": ")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "\n")
		r, err := Check(context.Background(), file)
		require.NoError(t, err)
		require.Len(t, r.Broken, 1)
	}
}

func TestFileThatIsNoShardIsRefused(t *testing.T) {
	image := checkpoint.Tensor{Name: "image", DType: torch.Uint8, Shape: []int{1, 2, 2, 3}, Data: make([]byte, 12)}
	names := checkpoint.Tensor{Name: "names", DType: torch.Uint8, Shape: []int{5}, Data: []byte(`["a"]`)}
	label := checkpoint.Tensor{Name: "label", DType: torch.Int64, Shape: []int{1}, Data: []byte{3, 0, 0, 0, 0, 0, 0, 0}}
	flat := checkpoint.Tensor{Name: "image", DType: torch.Uint8, Shape: []int{12}, Data: make([]byte, 12)}
	meta := func(more ...string) map[string]string {
		m := map[string]string{shardKey: shardVersion, "filter": "bilinear"}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	for want, c := range map[string]struct {
		tensors []checkpoint.Tensor
		meta    map[string]string
	}{
		"not a shard of pictures":      {[]checkpoint.Tensor{image, names}, nil},
		`a shard of version "9"`:       {[]checkpoint.Tensor{image, names}, meta(shardKey, "9")},
		"has no tensor \"names\"":      {[]checkpoint.Tensor{image}, meta()},
		"not bytes (N, S, S, C)":       {[]checkpoint.Tensor{flat, names}, meta()},
		`there is no filter "round"`:   {[]checkpoint.Tensor{image, names}, meta("filter", "round")},
		"label 3 of 1 classes":         {[]checkpoint.Tensor{image, names, label}, meta("classes", `["a"]`)},
		"classes are not a list":       {[]checkpoint.Tensor{image, names, label}, meta("classes", "a")},
		"0 names for 1 pictures":       {[]checkpoint.Tensor{image, {Name: "names", DType: torch.Uint8, Shape: []int{2}, Data: []byte("[]")}}, meta()},
		"has no tensor \"label\"":      {[]checkpoint.Tensor{image, names}, meta("classes", `["a"]`)},
		"not a number for each of 1 p": {[]checkpoint.Tensor{image, names, {Name: "label", DType: torch.Uint8, Shape: []int{1}, Data: []byte{0}}}, meta("classes", `["a"]`)},
	} {
		path := filepath.Join(t.TempDir(), "x.safetensors")
		require.NoError(t, checkpoint.Save(path, c.tensors, c.meta))
		_, err := OpenShard(path, Options{})
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, path)
	}
}

func TestPackNamesTheBrokenPictureAndLeavesNothing(t *testing.T) {
	dir, outDir := t.TempDir(), t.TempDir()
	bad := write(t, paint(t, 4, 4, red)[:40], dir, "1.png")
	_, err := Pack(context.Background(), dir, filepath.Join(outDir, "x"), Options{Size: 4})
	require.ErrorContains(t, err, "picture "+bad+" is cut off")
	left, err := os.ReadDir(outDir)
	require.NoError(t, err)
	require.Empty(t, left)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Pack(ctx, dir, filepath.Join(outDir, "x"), Options{Size: 4})
	require.ErrorIs(t, err, context.Canceled)
}

func TestCheckReportsAShard(t *testing.T) {
	r, err := Check(context.Background(), pack(t, colourful(t, 5), Options{Size: 16}))
	require.NoError(t, err)
	require.Equal(t, "shard", r.Kind)
	require.Equal(t, "verified", r.Checksum)
	require.Empty(t, r.Broken)
	require.Equal(t, []SizeCount{{16, 16, 5}}, r.Parts[0].Sizes)
	require.Equal(t, []ClassCount{{"a", 3}, {"b", 2}}, r.Parts[0].Classes)
	require.Len(t, r.Parts[0].Mean, 3)
}

func TestAShardThatIsCutOffInUseIsAnErrorOfItsItems(t *testing.T) {
	path := pack(t, colourful(t, 4), Options{Size: 128})
	shard, err := OpenShard(path, Options{})
	require.NoError(t, err)
	defer shard.Close()
	row := []Array{{Float32: make([]float32, 3*128*128)}, {Int64: make([]int64, 1)}}
	rng := rand.New(rand.NewPCG(1, 2))
	require.NoError(t, shard.Read(3, rng, row))
	require.NoError(t, os.Truncate(path, 100))
	require.EqualError(t, shard.Read(3, rng, row), "the file was cut off while it was read, or its disk fails")
}
