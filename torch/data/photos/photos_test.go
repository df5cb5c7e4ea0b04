package photos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

func TestMain(m *testing.M) {
	cache, err := os.MkdirTemp("", "forger-photos-*")
	if err != nil {
		panic(err)
	}
	os.Setenv("FORGER_CACHE", cache)
	code := m.Run()
	os.RemoveAll(cache)
	os.Exit(code)
}

// photo is a picture of which every pixel tells its place: red is its row, green its column, blue the picture.
func photo(h, w int, number uint8) *vision.Image {
	im := vision.NewImage(h, w, 3)
	for y := range h {
		for x := range w {
			copy(im.Pix[3*(y*w+x):], []uint8{uint8(y), uint8(x), number})
		}
	}
	return im
}

func folder(t testing.TB, pictures map[string]*vision.Image) string {
	dir := t.TempDir()
	for name, im := range pictures {
		require.NoError(t, vision.SavePNG(filepath.Join(dir, name), im))
	}
	return dir
}

func row(s *Set) []data.Array {
	var out []data.Array
	for _, f := range s.Fields() {
		out = append(out, data.Array{Name: f.Name, Shape: f.Shape, Float32: make([]float32, f.Size())})
	}
	return out
}

func bytes(a data.Array) *vision.Image {
	s := a.Shape[len(a.Shape)-3:]
	return vision.FromFloats(a.Float32, s[0], s[1], s[2], -1, 1, vision.HalfUp)
}

func TestAPairIsACropAndItsReduction(t *testing.T) {
	dir := folder(t, map[string]*vision.Image{"a.png": photo(40, 50, 1), "b.png": photo(60, 32, 2)})
	set, err := Open(t.Context(), dir, Options{Crop: 32, Scale: 4})
	require.NoError(t, err)
	require.Equal(t, 1000, set.Len())
	places := map[[2]uint8]bool{}
	for i := range 20 { // the first two are decoded, the others read from the spool
		got := row(set)
		require.NoError(t, set.Read(i, rand.New(rand.NewPCG(1, uint64(i))), got))
		high := bytes(got[1])
		top, left := high.Pix[0], high.Pix[1]
		require.Equal(t, photo(60, 50, uint8(1+i%2)).Crop(int(top), int(left), 32, 32), high, "item %d", i)
		require.Equal(t, high.Imresize(8, 8), bytes(got[0]), "item %d", i)
		places[[2]uint8{top, left}] = true
	}
	require.Greater(t, len(places), 10)
}

func TestAnItemFollowsFromItsStreamWhetherItWasDecodedOrKept(t *testing.T) {
	dir := folder(t, map[string]*vision.Image{"a.png": photo(90, 90, 1)})
	set, err := Open(t.Context(), dir, Options{Crop: 16, Scale: 2, Flip: true, Turn: true})
	require.NoError(t, err)
	first, second := row(set), row(set)
	require.NoError(t, set.Read(0, rand.New(rand.NewPCG(3, 4)), first))
	require.NotNil(t, set.spool.find(0))
	require.NoError(t, set.Read(0, rand.New(rand.NewPCG(3, 4)), second))
	require.Equal(t, first, second)
}

func TestPhotographsThatTheSpoolHasNoRoomForAreDecodedEachTime(t *testing.T) {
	dir := folder(t, map[string]*vision.Image{"a.png": photo(90, 90, 1)})
	set, err := Open(t.Context(), dir, Options{Crop: 16, Scale: 2})
	require.NoError(t, err)
	set.spool.used = limit
	for range 2 {
		require.NoError(t, set.Read(0, rand.New(rand.NewPCG(3, 4)), row(set)))
		require.Nil(t, set.spool.find(0))
	}
}

func TestCropsAreMirroredAndTurned(t *testing.T) {
	dir := folder(t, map[string]*vision.Image{"a.png": photo(16, 16, 1)})
	set, err := Open(t.Context(), dir, Options{Crop: 16, Scale: 2, Flip: true, Turn: true})
	require.NoError(t, err)
	seen := map[[2]uint8]bool{}
	for i := range 100 {
		got := row(set)
		require.NoError(t, set.Read(i, rand.New(rand.NewPCG(5, uint64(i))), got))
		high := bytes(got[1])
		seen[[2]uint8{high.Pix[0] + 16*high.Pix[1], high.Pix[3] + 16*high.Pix[4]}] = true // two corners' neighbours
	}
	require.Len(t, seen, 8)
}

func TestPlainItemsAreTheMiddleOfEachPhotograph(t *testing.T) {
	dir := folder(t, map[string]*vision.Image{"a.png": photo(40, 50, 1), "b.png": photo(60, 32, 2)})
	set, err := Open(t.Context(), dir, Options{Crop: 32, Scale: 4, Flip: true, Turn: true, Plain: true})
	require.NoError(t, err)
	require.Equal(t, 2, set.Len())
	got := row(set)
	require.NoError(t, set.Read(0, rand.New(rand.NewPCG(1, 1)), got))
	require.Equal(t, photo(40, 50, 1).Crop(4, 9, 32, 32), bytes(got[1]))
}

func TestAWholePhotographIsCutToAMultipleOfTheScale(t *testing.T) {
	dir := folder(t, map[string]*vision.Image{"a.png": photo(41, 50, 1)})
	set, err := Open(t.Context(), dir, Options{Crop: 32, Scale: 4, Plain: true})
	require.NoError(t, err)
	got, err := set.Whole(0)
	require.NoError(t, err)
	require.Equal(t, []int{1, 3, 10, 12}, got[0].Shape)
	require.Equal(t, photo(40, 48, 1), bytes(got[1]))
	require.Equal(t, photo(40, 48, 1).Imresize(10, 12), bytes(got[0]))
}

func TestGreyAndTransparentPicturesBecomeColour(t *testing.T) {
	grey, clear := vision.NewImage(16, 16, 1), vision.NewImage(16, 16, 4)
	for i := range grey.Pix {
		grey.Pix[i] = 9
		copy(clear.Pix[4*i:], []uint8{7, 8, 9, 0})
	}
	dir := folder(t, map[string]*vision.Image{"clear.png": clear, "grey.png": grey})
	set, err := Open(t.Context(), dir, Options{Crop: 16, Scale: 2})
	require.NoError(t, err)
	for i, want := range [][]uint8{{7, 8, 9}, {9, 9, 9}} {
		got := row(set)
		require.NoError(t, set.Read(i, rand.New(rand.NewPCG(1, 1)), got))
		require.Equal(t, want, bytes(got[1]).Pix[:3])
	}
}

func TestAPictureOf16BitsKeepsTheHighByte(t *testing.T) {
	set, err := Open(t.Context(), "testdata", Options{Crop: 8, Scale: 2})
	require.NoError(t, err)
	got := row(set)
	require.NoError(t, set.Read(0, rand.New(rand.NewPCG(1, 1)), got))
	require.Equal(t, []uint8{0x12, 0x34, 0x56}, bytes(got[1]).Pix[:3])
}

func TestWhatCannotBeReadIsNamed(t *testing.T) {
	small := folder(t, map[string]*vision.Image{"small.png": photo(20, 31, 1)})
	broken := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(broken, "broken.png"), []byte("no picture"), 0o600))
	for dir, want := range map[string]string{
		small:  "small.png: 20 x 31 pixels (height x width) are too few for crops of 32: remove it or take smaller crops",
		broken: "broken.png",
	} {
		for _, plain := range []bool{false, true} {
			set, err := Open(t.Context(), dir, Options{Crop: 32, Scale: 4, Plain: plain})
			require.NoError(t, err)
			require.ErrorContains(t, set.Read(0, rand.New(rand.NewPCG(1, 1)), row(set)), want)
		}
	}
	set, err := Open(t.Context(), folder(t, map[string]*vision.Image{"a.png": photo(3, 3, 1)}), Options{Crop: 32, Scale: 4})
	require.NoError(t, err)
	_, err = set.Whole(0)
	require.ErrorContains(t, err, "a.png: 3 x 3 pixels (height x width) cannot be made 4 times smaller")
	_, err = Open(t.Context(), small, Options{Crop: 30, Scale: 4})
	require.ErrorContains(t, err, "crops of 30 are no multiple of the scale 4")
	_, err = Open(t.Context(), "nowhere", Options{Crop: 32, Scale: 4})
	require.ErrorContains(t, err, "nowhere")
}

// The photographs are noise of 2 megapixels, which as JPEG is slower to decode than most.
func BenchmarkLoader(b *testing.B) {
	dir, rng := b.TempDir(), rand.New(rand.NewPCG(1, 1))
	small := vision.NewImage(150, 200, 3)
	for i := range small.Pix {
		small.Pix[i] = uint8(rng.IntN(256))
	}
	for i := range 8 {
		require.NoError(b, vision.SaveJPEG(filepath.Join(dir, fmt.Sprintf("%d.jpg", i)), small.Resize(1200, 1600, vision.Bicubic), 90))
	}
	for name, room := range map[string]int64{"spooled": 0, "decoded": limit} {
		b.Run(name, func(b *testing.B) {
			set, err := Open(b.Context(), dir, Options{Crop: 96, Scale: 4, Flip: true})
			require.NoError(b, err)
			set.spool.used = room
			loader, err := data.NewLoader(set, data.LoaderOptions{Batch: 16, Shuffle: true, DropLast: true, Workers: 1})
			require.NoError(b, err)
			defer loader.Close()
			for b.Loop() {
				batch, err := loader.Next(context.Background())
				require.NoError(b, err)
				batch.Release()
			}
			b.ReportMetric(16*float64(b.N)/b.Elapsed().Seconds(), "crops/s")
		})
	}
}
