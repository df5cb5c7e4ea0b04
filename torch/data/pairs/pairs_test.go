package pairs_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/pairs"
	"github.com/forgergan/forger/torch/vision"
)

// write makes a picture whose values tell pixels apart: red is the column, green the line, blue is given.
func write(t testing.TB, w, h int, blue uint8, path ...string) {
	im := vision.NewImage(h, w, 3)
	for i := range h * w {
		im.Pix[3*i], im.Pix[3*i+1], im.Pix[3*i+2] = uint8(i%w), uint8(i/w), blue
	}
	file := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, vision.SavePNG(file, im))
}

// item reads one item with a stream of its own.
func item(t testing.TB, set data.Dataset, i int, seed uint64) map[string]data.Array {
	row, out := make([]data.Array, len(set.Fields())), map[string]data.Array{}
	for k, f := range set.Fields() {
		row[k] = data.Array{Name: f.Name, Shape: f.Shape}
		if f.Int64 {
			row[k].Int64 = make([]int64, f.Size())
		} else {
			row[k].Float32 = make([]float32, f.Size())
		}
	}
	require.NoError(t, set.Read(i, rand.New(rand.NewPCG(seed, 0)), row))
	for _, a := range row {
		out[a.Name] = a
	}
	return out
}

// byteAt is the 8-bit value of channel c at (0, x).
func byteAt(a data.Array, c, x int) int {
	n := len(a.Shape)
	return int((a.Float32[c*a.Shape[n-2]*a.Shape[n-1]+x]+1)*127.5 + 0.5)
}

func TestAlignedReadsEveryLayout(t *testing.T) {
	for _, c := range []struct {
		name, dir string // dir is what follows the folder
		o         pairs.Options
		write     func(dir string)
	}{
		{"trainA trainB", "", pairs.Options{Size: 8}, func(dir string) {
			write(t, 8, 8, 10, dir, "trainA", "x.png")
			write(t, 8, 8, 20, dir, "trainB", "x.png")
		}},
		{"train/A train/B", "", pairs.Options{Size: 8}, func(dir string) {
			write(t, 8, 8, 10, dir, "train", "A", "x.png")
			write(t, 8, 8, 20, dir, "train", "B", "x.png")
		}},
		{"A/train B/train", "", pairs.Options{Size: 8}, func(dir string) {
			write(t, 8, 8, 10, dir, "A", "train", "x.png")
			write(t, 8, 8, 20, dir, "B", "train", "x.png")
		}},
		{"named sides", ":noto-fluent", pairs.Options{Size: 8}, func(dir string) {
			write(t, 8, 8, 10, dir, "noto", "train", "x.png")
			write(t, 8, 8, 20, dir, "fluent", "train", "x.png")
			write(t, 8, 8, 30, dir, "twemoji", "train", "x.png")
		}},
		{"exchanged", "", pairs.Options{Size: 8, Back: true}, func(dir string) {
			write(t, 8, 8, 20, dir, "trainA", "x.png")
			write(t, 8, 8, 10, dir, "trainB", "x.png")
		}},
		{"test falls back to val", "", pairs.Options{Size: 8, Split: data.Test}, func(dir string) {
			write(t, 8, 8, 30, dir, "trainA", "x.png")
			write(t, 8, 8, 30, dir, "trainB", "x.png")
			write(t, 8, 8, 10, dir, "valA", "x.png")
			write(t, 8, 8, 20, dir, "valB", "x.png")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.write(dir)
			set, err := pairs.OpenAligned(dir+c.dir, c.o)
			require.NoError(t, err)
			require.Equal(t, 1, set.Len())
			got := item(t, set, 0, 1)
			require.Equal(t, 10, byteAt(got["A"], 2, 0))
			require.Equal(t, 20, byteAt(got["B"], 2, 0))
		})
	}
}

func TestDoublePicturesAreCutInTheMiddle(t *testing.T) {
	for _, c := range []struct {
		name   string
		o      pairs.Options
		a, b   int // column that the sides begin with
		widthB int
	}{
		{"even", pairs.Options{Preprocess: "none", Multiple: 1, Plain: true}, 0, 8, 8},
		{"exchanged", pairs.Options{Preprocess: "none", Multiple: 1, Plain: true, Back: true}, 8, 0, 8},
		{"grey and colour", pairs.Options{Preprocess: "none", Multiple: 1, Plain: true, ChannelsA: 1}, 0, 8, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, 16, 8, 0, dir, "train", "x.png")
			set, err := pairs.OpenAligned(dir, c.o)
			require.NoError(t, err)
			got := item(t, set, 0, 1)
			require.Equal(t, []int{3, 8, c.widthB}, got["B"].Shape)
			require.Equal(t, c.b, byteAt(got["B"], 0, 0))
			if c.o.ChannelsA == 0 {
				require.Equal(t, c.a, byteAt(got["A"], 0, 0))
			} else {
				require.Equal(t, []int{1, 8, 8}, got["A"].Shape)
				require.Equal(t, 2, byteAt(got["A"], 0, 7), "0.299 of a red of 7")
			}
		})
	}
	dir := t.TempDir()
	write(t, 17, 8, 0, dir, "train", "odd.png")
	set, err := pairs.OpenAligned(dir, pairs.Options{Preprocess: "crop", Size: 8, Plain: true})
	require.NoError(t, err)
	require.Equal(t, 8, byteAt(item(t, set, 0, 1)["B"], 0, 0), "of 17 columns A takes 8")
}

func TestBothSidesOfAPairShareCropAndFlipAndDomainsDoNot(t *testing.T) {
	dir := t.TempDir()
	write(t, 12, 12, 0, dir, "trainA", "x.png")
	write(t, 12, 12, 0, dir, "trainB", "x.png")
	o := pairs.Options{Size: 8, Preprocess: "crop", Flip: true}
	aligned, err := pairs.OpenAligned(dir, o)
	require.NoError(t, err)
	unpaired, err := pairs.OpenUnpaired(dir, o)
	require.NoError(t, err)
	require.True(t, unpaired.Paired())
	type spot struct {
		top, left int
		flip      bool
	}
	at := func(a data.Array) spot {
		first, last := byteAt(a, 0, 0), byteAt(a, 0, 7)
		return spot{byteAt(a, 1, 0), min(first, last), last < first}
	}
	seen, differ := map[spot]bool{}, 0
	for seed := range uint64(2000) {
		got := item(t, aligned, 0, seed)
		require.Equal(t, got["A"].Float32, got["B"].Float32)
		seen[at(got["A"])] = true
		if got = item(t, unpaired, 0, seed); at(got["A"]) != at(got["B"]) {
			differ++
		}
	}
	require.Len(t, seen, 5*5*2, "every place from 0 to 4 is drawn, mirrored or not")
	require.Greater(t, differ, 1900)

	o.Plain = true
	aligned, err = pairs.OpenAligned(dir, o)
	require.NoError(t, err)
	for seed := range uint64(20) {
		require.Equal(t, spot{2, 2, false}, at(item(t, aligned, 0, seed)["A"]), "plain is the middle")
	}
}

func TestUnpairedTakesAInOrderAndBAtRandom(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"a.png", "b.png"} {
		write(t, 4, 4, uint8(10+i), dir, "trainA", name)
	}
	for i, name := range []string{"p.png", "q.png", "r.png", "s.png", "t.png"} {
		write(t, 4, 4, uint8(20+i), dir, "trainB", name)
	}
	for _, o := range []pairs.Options{{Size: 4}, {Size: 4, Serial: true}, {Size: 4, Plain: true}} {
		set, err := pairs.OpenUnpaired(dir, o)
		require.NoError(t, err)
		require.False(t, set.Paired())
		require.Equal(t, 5, set.Len())
		drawn := map[int]bool{}
		for seed := range uint64(100) {
			got := item(t, set, 3, seed)
			require.Equal(t, 11, byteAt(got["A"], 2, 0), "item 3 of 2")
			drawn[byteAt(got["B"], 2, 0)] = true
		}
		if o.Plain || o.Serial {
			require.Equal(t, map[int]bool{23: true}, drawn)
		} else {
			require.Len(t, drawn, 5)
		}
	}
}

func TestUnpairedOfDoublePicturesSeesNoPairInTraining(t *testing.T) {
	dir := t.TempDir()
	for i, name := range []string{"a.png", "b.png", "c.png", "d.png"} {
		write(t, 8, 4, uint8(i), dir, "train", name)
		write(t, 8, 4, uint8(i), dir, "test", name)
	}
	for _, back := range []bool{false, true} {
		set, err := pairs.OpenUnpaired(dir, pairs.Options{Size: 4, Back: back, Serial: true})
		require.NoError(t, err)
		require.Equal(t, 2, set.Len())
		require.False(t, set.Paired())
		a, b := "A", "B"
		if back {
			a, b = b, a
		}
		got := item(t, set, 0, 1)
		require.Equal(t, [2]int{0, 0}, [2]int{byteAt(got[a], 0, 0), byteAt(got[a], 2, 0)}, "left half of the first")
		require.Equal(t, [2]int{4, 2}, [2]int{byteAt(got[b], 0, 0), byteAt(got[b], 2, 0)}, "right half of the third")
	}
	set, err := pairs.OpenUnpaired(dir, pairs.Options{Size: 4, Split: data.Test, Plain: true})
	require.NoError(t, err)
	require.Equal(t, 4, set.Len())
	require.True(t, set.Paired())
}

func TestColourGivesLightnessAndTwoColourChannels(t *testing.T) {
	dir := t.TempDir()
	write(t, 6, 6, 200, dir, "train", "x.png")
	set, err := pairs.OpenColour(dir, pairs.Options{Size: 4, Load: 5, Flip: true})
	require.NoError(t, err)
	got := item(t, set, 0, 1)
	require.Equal(t, []int{1, 4, 4}, got["A"].Shape)
	require.Equal(t, []int{2, 4, 4}, got["B"].Shape)
	require.Less(t, got["B"].Float32[16], float32(-0.5), "blue has a negative b")
}

func TestTheLoaderRepeatsAugmentationWhateverItsWorkers(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.png", "b.png", "c.png"} {
		write(t, 12, 12, 0, dir, "trainA", name)
		write(t, 12, 12, 0, dir, "trainB", name)
	}
	set, err := pairs.OpenUnpaired(dir, pairs.Options{Size: 8, Load: 10, Flip: true})
	require.NoError(t, err)
	var runs [2][]float32
	for i, workers := range []int{1, 3} {
		loader, err := data.NewLoader(set, data.LoaderOptions{Batch: 2, Shuffle: true, Seed: 7, Workers: workers})
		require.NoError(t, err)
		defer loader.Close()
		for range 6 {
			b, err := loader.Next(context.Background())
			require.NoError(t, err)
			runs[i] = append(append(runs[i], b.Find("A").Float32...), b.Find("B").Float32...)
		}
	}
	require.Equal(t, runs[0], runs[1])
}

func TestFolderFindsKnownSetsAndFolders(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{dir, dir + ":noto-fluent"} {
		got, err := pairs.Folder(context.Background(), name, nil)
		require.NoError(t, err)
		require.Equal(t, name, got)
	}
	_, err := pairs.Folder(context.Background(), filepath.Join(dir, "facades"), nil)
	require.ErrorContains(t, err, "there is no such set and no such folder; known sets are")
}
