package video_test

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/video"
	"github.com/forgergan/forger/torch/vision"
)

// frame makes a picture whose values tell pixels and frames apart: red is the column, green the line, blue is given.
func frame(t testing.TB, h, w int, blue uint8, path ...string) {
	im := vision.NewImage(h, w, 3)
	for i := range h * w {
		im.Pix[3*i], im.Pix[3*i+1], im.Pix[3*i+2] = uint8(i%w), uint8(i/w), blue
	}
	file := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	out, err := os.Create(file)
	require.NoError(t, err)
	require.NoError(t, vision.EncodePNG(out, im))
	require.NoError(t, out.Close())
}

// clips writes sequences of those lengths; blue is 100 times the sequence and the frame's number, of A 50 more.
func clips(t testing.TB, dir, phase string, h, w int, lengths ...int) {
	for s, n := range lengths {
		for k := range n {
			name := fmt.Sprintf("f%d.png", k)
			frame(t, h, w, uint8(100*s+k), dir, phase+"_B", fmt.Sprint("seq", s), name)
			frame(t, h, w, uint8(100*s+k+50), dir, phase+"_A", fmt.Sprint("seq", s), name)
		}
	}
}

// ids writes a grey map of 16 bits whose values are base plus the column.
func ids(t testing.TB, h, w, base int, path ...string) {
	im := image.NewGray16(image.Rect(0, 0, w, h))
	for i := range h * w {
		im.SetGray16(i%w, i/w, color.Gray16{Y: uint16(base + i%w)})
	}
	file := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	out, err := os.Create(file)
	require.NoError(t, err)
	require.NoError(t, png.Encode(out, im))
	require.NoError(t, out.Close())
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

// at is the 8-bit value of channel c of frame f at (y, x).
func at(a data.Array, f, c, y, x int) int {
	return int((a.Float32[((f*a.Shape[1]+c)*a.Shape[2]+y)*a.Shape[3]+x]+1)*127.5 + 0.5)
}

func TestAWindowHasFramesOfOneSequenceAtOneStep(t *testing.T) {
	dir := t.TempDir()
	clips(t, dir, "train", 32, 64, 12, 30)
	set, err := video.Open(dir, video.Options{Frames: 4, MaxStep: 5, Load: 64, Flip: true})
	require.NoError(t, err)
	require.Equal(t, []data.Field{{Name: "A", Shape: []int{4, 3, 32, 64}}, {Name: "B", Shape: []int{4, 3, 32, 64}}}, set.Fields())
	require.Equal(t, 2, set.Len())
	steps, starts, flips := map[int]int{}, map[int]int{}, 0
	for seed := range uint64(300) {
		got := item(t, set, 0, seed)
		a, b := got["A"], got["B"]
		start, step := at(b, 0, 2, 0, 0), at(b, 1, 2, 0, 0)-at(b, 0, 2, 0, 0)
		starts[start]++
		steps[step]++
		flip := at(b, 0, 0, 0, 0) > at(b, 0, 0, 0, 63)
		if flip {
			flips++
		}
		for f := range 4 {
			require.Equal(t, start+f*step, at(b, f, 2, 5, 5))
			require.Equal(t, start+f*step+50, at(a, f, 2, 5, 5))
			require.Equal(t, flip, at(a, f, 0, 0, 0) > at(a, f, 0, 0, 63))
		}
		require.Less(t, start+3*step, 12)
	}
	require.Len(t, steps, 3, "the sequence of 12 allows steps of 1, 2 and 3")
	require.Len(t, starts, 9)
	require.InDelta(t, 150, flips, 45)
}

func TestWindowsPerFrameDrawSequencesByTheirLength(t *testing.T) {
	dir := t.TempDir()
	clips(t, dir, "train", 32, 32, 10, 40)
	set, err := video.Open(dir, video.Options{Frames: 2, PerFrame: true, Load: 32})
	require.NoError(t, err)
	require.Equal(t, 50, set.Len())
	second := 0
	for seed := range uint64(200) {
		if at(item(t, set, 7, seed)["B"], 0, 2, 0, 0) >= 100 {
			second++
		}
	}
	require.InDelta(t, 160, second, 30)
}

func TestPlainWindowsFollowEachOther(t *testing.T) {
	dir := t.TempDir()
	clips(t, dir, "val", 48, 64, 7, 4)
	set, err := video.Open(dir, video.Options{Split: data.Test, Frames: 3, MaxStep: 4, Plain: true, Flip: true,
		Load: 64, Size: 32, Resize: "randomScaleHeight_and_scaledCrop"})
	require.NoError(t, err)
	require.Equal(t, 3, set.Len())
	for i, want := range []struct{ sequence, frame, blue int }{{0, 0, 0}, {0, 3, 3}, {1, 0, 100}} {
		sequence, first := set.Sequence(i)
		require.Equal(t, []int{want.sequence, want.frame}, []int{sequence, first})
		b := item(t, set, i, uint64(i))["B"]
		require.Equal(t, []int{3, 3, 32, 32}, b.Shape)
		for f := range 3 {
			require.Equal(t, want.blue+f, at(b, f, 2, 0, 0))
		}
	}
	names, lengths := set.Sequences()
	require.Equal(t, []string{"seq0", "seq1"}, names)
	require.Equal(t, []int{7, 4}, lengths)
	single, err := set.Windows(1)
	require.NoError(t, err)
	require.Equal(t, 11, single.Len(), "every frame")
	require.Equal(t, []int{1, 3, 32, 32}, single.Fields()[0].Shape)
	require.Equal(t, 103, at(item(t, single, 10, 0)["B"], 0, 2, 0, 0))
	_, err = set.Windows(5)
	require.ErrorContains(t, err, "has 4 frames, less than a window of 5")
}

func TestSizesAreThoseOfTheOfficialModes(t *testing.T) {
	dir := t.TempDir()
	clips(t, dir, "train", 144, 176, 2) // 176 x 144
	for _, c := range []struct {
		o    video.Options
		h, w int
	}{
		{video.Options{Load: 256}, 192, 256},                        // 209 comes to 208, 6.5 times 32, and half goes to even
		{video.Options{Resize: "scaleHeight", Load: 128}, 128, 160}, // 156, 4.9 times 32
		{video.Options{Resize: "resize", Load: 100}, 96, 96},
		{video.Options{Resize: "none"}, 128, 192}, // 4.5 and 5.5 times 32
		{video.Options{Resize: "scaleWidth_and_crop", Load: 128, Size: 64}, 64, 64},
		{video.Options{Resize: "randomScaleHeight_and_scaledCrop", Load: 192, Size: 128}, 128, 160},
		{video.Options{Resize: "randomScaleWidth_and_scaledCrop", Load: 192, Size: 128}, 96, 128},
	} {
		set, err := video.Open(dir, c.o)
		require.NoError(t, err)
		require.Equal(t, []int{1, 3, c.h, c.w}, set.Fields()[1].Shape, "%+v", c.o)
		for seed := range uint64(20) {
			item(t, set, 0, seed)
		}
	}
}

func TestLabelsAndInstancesMoveWithTheFrames(t *testing.T) {
	dir := t.TempDir()
	for k := range 3 {
		frame(t, 32, 64, uint8(k), dir, "train_B", "city", fmt.Sprintf("f%d_leftImg8bit.png", k))
		ids(t, 32, 64, k, dir, "train_A", "city", fmt.Sprintf("f%d_label.png", k))
		ids(t, 32, 64, 24000, dir, "train_inst", "city", fmt.Sprintf("f%d_inst.png", k))
	}
	o := video.Options{Frames: 2, Load: 64, Flip: true, Labels: 66, Instances: true}
	set, err := video.Open(dir, o)
	require.NoError(t, err)
	require.Equal(t, data.Field{Name: "inst", Shape: []int{2, 1, 32, 64}, Int64: true}, set.Fields()[1])
	flips := 0
	for seed := range uint64(20) {
		got := item(t, set, 0, seed)
		column, number := at(got["B"], 1, 0, 3, 9), at(got["B"], 1, 2, 3, 9)
		require.EqualValues(t, number+column, got["label"].Int64[(32+3)*64+9])
		require.EqualValues(t, 24000+column, got["inst"].Int64[(32+3)*64+9])
		if column != 9 {
			flips++
		}
	}
	require.NotZero(t, flips)

	o.Labels = 65
	set, err = video.Open(dir, o)
	require.NoError(t, err)
	_, err = data.ReadItems(set, 0, 20)
	require.ErrorContains(t, err, "f2_label.png holds id 65 at (x 63, y 0), but labels run from 0 to 64")
}

func TestTheOrderOfFramesIsNatural(t *testing.T) {
	dir := t.TempDir()
	clips(t, dir, "train", 32, 32, 12) // f10 would come before f2
	set, err := video.Open(dir, video.Options{Frames: 12, Plain: true, Load: 32})
	require.NoError(t, err)
	b := item(t, set, 0, 0)["B"]
	for f := range 12 {
		require.Equal(t, f, at(b, f, 2, 0, 0))
	}
}

func TestAFolderOfFramesIsOneSequence(t *testing.T) {
	dir := t.TempDir()
	for k := range 3 {
		frame(t, 32, 32, uint8(k), dir, "train_A", fmt.Sprint(k, ".jpg.png"))
		frame(t, 32, 32, uint8(k), dir, "train_B", fmt.Sprint(k, ".jpg.png"))
	}
	set, err := video.Open(dir, video.Options{Frames: 3, Load: 32})
	require.NoError(t, err)
	require.Equal(t, 1, set.Len())
}

func TestWhatIsWrongWithASetIsOneSentence(t *testing.T) {
	for _, c := range []struct {
		name, want string
		spoil      func(dir string)
		o          video.Options
	}{
		{"no folder", "there are no folders train_A, train_B", func(dir string) {
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "train_A")))
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "train_B")))
		}, video.Options{}},
		{"one folder", "train_A beside", func(dir string) { require.NoError(t, os.RemoveAll(filepath.Join(dir, "train_A"))) }, video.Options{}},
		{"missing sequence", "the sequence", func(dir string) { require.NoError(t, os.RemoveAll(filepath.Join(dir, "train_A", "seq0"))) }, video.Options{}},
		{"missing frame", "f3.png has no partner: there are 4 frames in", func(dir string) {
			require.NoError(t, os.Remove(filepath.Join(dir, "train_A", "seq1", "f3.png")))
		}, video.Options{}},
		{"different names", "f9.png has no partner", func(dir string) {
			at := filepath.Join(dir, "train_A", "seq1")
			require.NoError(t, os.Rename(filepath.Join(at, "f1.png"), filepath.Join(at, "f9.png")))
		}, video.Options{}},
		{"empty sequence", "holds no frames", func(dir string) { require.NoError(t, os.Mkdir(filepath.Join(dir, "train_A", "a"), 0o755)) }, video.Options{}},
		{"too short", "seq0/f0.png has 5 frames, less than a window of 6", func(string) {}, video.Options{Frames: 6}},
		{"cut off", "f4.png is a damaged PNG file", func(dir string) {
			file := filepath.Join(dir, "train_B", "seq0", "f4.png")
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(file, raw[:len(raw)/2], 0o644))
		}, video.Options{Frames: 5}},
		{"another size", "f2.png is 32 x 32 (width x height), but the first frame of its window 64 x 32", func(dir string) {
			frame(t, 32, 32, 0, dir, "train_A", "seq0", "f2.png")
		}, video.Options{Frames: 5}},
		{"another shape", "comes to 64 x 64, the first of the set to 64 x 32", func(dir string) {
			for k := range 5 {
				for _, side := range []string{"train_A", "train_B"} {
					frame(t, 32, 32, 0, dir, side, "seq1", fmt.Sprintf("f%d.png", k))
				}
			}
		}, video.Options{Frames: 5}},
		{"mode", `there is no resize mode "scale"`, func(string) {}, video.Options{Resize: "scale"}},
		{"random without a crop", "gives frames of many sizes", func(string) {}, video.Options{Resize: "randomScaleWidth"}},
		{"crop larger", "a crop of 99 cannot be taken", func(string) {}, video.Options{Resize: "scaleWidth_and_crop", Size: 99}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			clips(t, dir, "train", 32, 64, 5, 5)
			c.spoil(dir)
			c.o.Load = 64
			set, err := video.Open(dir, c.o)
			if err == nil {
				_, err = data.ReadItems(set, 0, set.Len())
			}
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestALoaderGoesOnWithTheSameWindows(t *testing.T) {
	dir := t.TempDir()
	clips(t, dir, "train", 32, 48, 9, 14, 11)
	set, err := video.Open(dir, video.Options{Frames: 3, MaxStep: 2, PerFrame: true, Load: 48, Size: 32, Flip: true, Resize: "scaleWidth_and_crop"})
	require.NoError(t, err)
	o := data.LoaderOptions{Batch: 2, Shuffle: true, Seed: 5, DropLast: true}
	first, err := data.NewLoader(set, o)
	require.NoError(t, err)
	defer first.Close()
	for range 20 {
		_, err := first.Next(context.Background())
		require.NoError(t, err)
	}
	o.Workers = 1
	second, err := data.NewLoader(set, o)
	require.NoError(t, err)
	defer second.Close()
	require.NoError(t, second.Restore(first.State()))
	for range 20 {
		a, err := first.Next(context.Background())
		require.NoError(t, err)
		b, err := second.Next(context.Background())
		require.NoError(t, err)
		require.Equal(t, a.Arrays, b.Arrays)
	}
}

// film writes a GIF of n grey frames.
func film(t *testing.T, h, w, n int, path ...string) {
	g := &gif.GIF{}
	for i := range n {
		p := image.NewPaletted(image.Rect(0, 0, w, h), color.Palette{color.Gray{Y: uint8(10 * i)}})
		g.Image, g.Delay = append(g.Image, p), append(g.Delay, 1)
	}
	file := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	out, err := os.Create(file)
	require.NoError(t, err)
	require.NoError(t, gif.EncodeAll(out, g))
	require.NoError(t, out.Close())
}

func TestVideoFilesStandForFoldersOfFrames(t *testing.T) {
	t.Setenv("FORGER_CACHE", t.TempDir())
	dir := filepath.Join(t.TempDir(), "films [2019]")
	clips(t, dir, "train", 32, 32, 4)
	film(t, 32, 32, 5, dir, "train_A", "walk.gif")
	film(t, 32, 32, 5, dir, "train_B", "walk.gif")
	said := 0
	for range 2 {
		unpacked, err := video.Folder(context.Background(), dir, func(string) { said++ })
		require.NoError(t, err)
		set, err := video.Open(unpacked, video.Options{Frames: 4, Load: 32, Plain: true})
		require.NoError(t, err)
		names, lengths := set.Sequences()
		require.Equal(t, []string{"seq0", "walk"}, names)
		require.Equal(t, []int{4, 5}, lengths)
		require.Equal(t, 30, at(item(t, set, 1, 0)["A"], 3, 0, 0, 0))
	}
	require.Equal(t, 2, said, "each video is read once")

	film(t, 32, 32, 5, dir, "train_A", "seq0.gif")
	unpacked, err := video.Folder(context.Background(), dir, nil)
	require.Error(t, err, unpacked)
	require.NoError(t, os.Remove(filepath.Join(dir, "train_A", "seq0.gif")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "train_A", "walk.gif"), []byte("GIF89a"), 0o666))
	_, err = video.Folder(context.Background(), dir, nil)
	require.ErrorContains(t, err, "walk.gif: it is no GIF, or a damaged one")
	_, err = video.Folder(context.Background(), filepath.Join(dir, "nowhere"), nil)
	require.ErrorContains(t, err, "there is no such set and no such folder; known sets are carphone")
}
