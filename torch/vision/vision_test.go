package vision

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The files in testdata were written by Pillow 13, and each NAME.png holds what it decodes NAME to.

func TestWebPDecodesAsLibwebpDoes(t *testing.T) {
	for name, mode := range map[string]Mode{"lossy.webp": RGB, "lossy_alpha.webp": RGBA} {
		got, err := Decode(filepath.Join("testdata", name), mode)
		require.NoError(t, err)
		want, err := Decode(filepath.Join("testdata", name+".png"), mode)
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
}

func TestResizingWeighsColoursByAlpha(t *testing.T) {
	im, err := Decode("testdata/rgba.png", RGBA)
	require.NoError(t, err)
	want, err := Decode("testdata/rgba_15x24_bicubic.png", RGBA)
	require.NoError(t, err)
	require.Equal(t, want, im.Resize(15, 24, Bicubic))
}

func TestTurningWeighsColoursByAlpha(t *testing.T) {
	im, err := Decode("testdata/rgba.png", RGBA)
	require.NoError(t, err)
	w, h := float64(im.W), float64(im.H)
	start, end := [4][2]float64{{0, 0}, {w - 1, 0}, {w - 1, h - 1}, {0, h - 1}}, [4][2]float64{{2, 1}, {w - 4, 0}, {w - 2, h - 3}, {0, h - 2}}
	for name, got := range map[string]*Image{
		"perspective": im.Perspective(start, end, Warp{}),
		"turned":      im.Rotate(25, Warp{Expand: true, Fill: []uint8{10, 200, 30, 255}}),
	} {
		want, err := Decode("testdata/rgba_"+name+".png", RGBA)
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
}

func TestOrientationOfWebPIsFound(t *testing.T) {
	data, err := Read("testdata/exif6.webp")
	require.NoError(t, err)
	require.Equal(t, 6, Orientation(data))
}

func TestOrientationsUndoTheCameraTurn(t *testing.T) {
	im := noise(5, 7, 3)
	for orientation, back := range map[int]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6} {
		require.Equal(t, im, im.Upright(orientation).Upright(back), "orientation %d", orientation)
	}
}

func TestModes(t *testing.T) {
	rgba := NewImage(1, 2, 4)
	copy(rgba.Pix, []uint8{200, 100, 50, 0, 10, 20, 30, 255})
	require.Equal(t, []uint8{200, 100, 50, 10, 20, 30}, rgba.Convert(RGB).Pix, "RGB drops alpha")
	require.Equal(t, []uint8{255, 255, 255, 10, 20, 30}, rgba.Over(255, 255, 255).Pix, "Over blends")
	require.Equal(t, []uint8{124, 18}, rgba.Convert(Gray).Pix)
	require.Equal(t, []uint8{124, 124, 124, 255, 18, 18, 18, 255}, rgba.Convert(Gray).Convert(RGBA).Pix)
}

func TestSavedPicturesReadBackTheSame(t *testing.T) {
	for _, mode := range []Mode{Gray, RGB, RGBA} {
		im := noise(6, 5, int(mode))
		path := filepath.Join(t.TempDir(), "x.png")
		require.NoError(t, SavePNG(path, im))
		back, err := Decode(path, mode)
		require.NoError(t, err)
		require.Equal(t, im, back)
	}
}

func TestSavingJPEGChecksWhatItIsGiven(t *testing.T) {
	var file bytes.Buffer
	require.ErrorContains(t, EncodeJPEG(&file, noise(2, 2, 4), 90), "alpha")
	require.ErrorContains(t, EncodeJPEG(&file, noise(2, 2, 3), 0), "1..100")
	require.NoError(t, EncodeJPEG(&file, noise(2, 2, 1), 90))
	back, err := DecodeBytes("x", file.Bytes(), Gray)
	require.NoError(t, err)
	require.Equal(t, []int{2, 2, 1}, []int{back.H, back.W, back.C})
}

func TestFailedSaveLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.jpg")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o644))
	require.ErrorContains(t, SaveJPEG(path, noise(2, 2, 4), 90), "x.jpg")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "old", string(content))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1, "no temporary file is left")
	require.ErrorContains(t, SavePNG(filepath.Join(dir, "none", "x.png"), noise(2, 2, 3)), "no such file")
}

func TestErrorsNameTheFileAndTheReason(t *testing.T) {
	var small bytes.Buffer
	require.NoError(t, EncodePNG(&small, noise(8, 8, 3)))
	tall := append([]byte(nil), small.Bytes()...)
	binary.BigEndian.PutUint32(tall[16:], 10000)
	binary.BigEndian.PutUint32(tall[20:], 10000)
	binary.BigEndian.PutUint32(tall[29:], crc32.ChecksumIEEE(tall[12:29]))
	for reason, data := range map[string][]byte{
		"is an empty file":        {},
		"the BMP data end":        []byte("BM......"),
		"the GIF data end":        []byte("GIF89a"),
		"is a TIFF file":          []byte("II*\x00...."),
		"is not a PNG":            []byte("<!DOCTYPE html>"),
		"is cut off":              small.Bytes()[:30],
		"refused as too large":    tall,
		"the WebP data end":       []byte("RIFF\x10\x00\x00\x00WEBPVP8 \x00\x00\x00\x00\x00\x00\x00\x00"),
		"is a damaged WebP file":  []byte("RIFF\x16\x00\x00\x00WEBPVP8 \x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		"is a HEIF or AVIF file":  []byte("\x00\x00\x00\x20ftypheic"),
		"announces 10000 x 10000": tall,
	} {
		_, err := DecodeBytes("cats/1.png", data, RGB)
		require.ErrorContains(t, err, reason)
		require.ErrorContains(t, err, "picture cats/1.png ")
	}
	_, err := Decode("testdata/none.png", RGB)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.EqualError(t, err, "picture testdata/none.png: file does not exist")
}

func TestRandomCropStaysInsideAndIsReproducible(t *testing.T) {
	im := noise(9, 11, 3)
	for seed := range uint64(50) {
		a := im.RandomCrop(4, 5, rand.New(rand.NewPCG(seed, 0)))
		require.Equal(t, a, im.RandomCrop(4, 5, rand.New(rand.NewPCG(seed, 0))))
		require.NotContains(t, a.Pix, uint8(0), "black comes only from outside")
		b := im.RandomResizedCrop(6, 6, [2]float64{0.1, 1}, [2]float64{0.5, 2}, Box, rand.New(rand.NewPCG(seed, 0)))
		require.NotContains(t, b.Pix, uint8(0))
	}
	whole := im.RandomCrop(12, 11, rand.New(rand.NewPCG(1, 0)))
	require.Equal(t, []int{12, 11}, []int{whole.H, whole.W})
}

func TestGridRefusesShapesThatAreNotPictures(t *testing.T) {
	for _, shape := range [][]int{{2, 3, 4}, {0, 3, 4, 4}, {1, 2, 4, 4}, {1, 3, 4, 5}} {
		_, _, _, err := MakeGrid(make([]float32, 48), shape, Grid{})
		require.Error(t, err, "%v", shape)
	}
}

func TestGridOfBadValuesIsStillAPicture(t *testing.T) {
	x := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 0}
	grid, h, w, err := MakeGrid(x, []int{1, 1, 2, 2}, Grid{})
	require.NoError(t, err)
	im := FromFloats(grid, 3, h, w, 0, 1, HalfUp)
	require.Equal(t, []uint8{0, 255, 0, 128}, im.Convert(Gray).Pix)
}

func TestColourJitterIsReproducibleAndCanBeOff(t *testing.T) {
	im := noise(6, 7, 3)
	j := ColorJitter{0.4, 0.4, 0.4, 0.1}
	draw := func(j ColorJitter, seed uint64) *Image { return j.Apply(im, rand.New(rand.NewPCG(seed, 0))) }
	require.Equal(t, draw(j, 1), draw(j, 1))
	require.NotEqual(t, draw(j, 1), draw(j, 2))
	require.Equal(t, im, draw(ColorJitter{}, 1))
}

func TestColourChangesLeaveAlphaAlone(t *testing.T) {
	im := noise(6, 7, 4)
	for name, got := range map[string]*Image{
		"brightness": im.Brightness(0.5), "contrast": im.Contrast(2), "saturation": im.Saturation(0), "hue": im.Hue(0.3),
		"gamma": im.Gamma(2), "sharpness": im.Sharpness(0),
	} {
		changed := false
		for i := range im.Pix {
			if i%4 == 3 {
				require.Equal(t, im.Pix[i], got.Pix[i], name)
			} else {
				changed = changed || im.Pix[i] != got.Pix[i]
			}
		}
		require.True(t, changed, name)
	}
}

func TestMisusePanics(t *testing.T) {
	im := noise(4, 4, 3)
	for name, f := range map[string]func(){
		"resize":    func() { im.Resize(0, 3, Bilinear) },
		"filter":    func() { im.Resize(2, 3, Filter(99)) },
		"crop":      func() { im.Crop(0, 0, -1, 2) },
		"pad":       func() { im.Pad(4, 0, 0, 0, Reflect, 0) },
		"five crop": func() { im.FiveCrop(5, 2) },
		"normalize": func() { im.Normalize(make([]float32, 5), Half, Half) },
		"floats":    func() { FromFloats(make([]float32, 5), 3, 2, 2, -1, 1, HalfUp) },
		"channels":  func() { NewImage(1, 1, 2) },
		"factor":    func() { im.Contrast(-1) },
		"hue":       func() { im.Hue(0.6) },
		"blur":      func() { im.GaussianBlur(4, 1) },
		"turn":      func() { im.Rotate(10, Warp{Filter: Bicubic}) },
		"fill":      func() { im.Rotate(10, Warp{Fill: []uint8{1}}) },
		"corners":   func() { im.Perspective([4][2]float64{}, [4][2]float64{}, Warp{}) },
		"scale":     func() { im.Affine(Affine{Scale: -1}, Warp{}) },
	} {
		require.Panics(t, f, name)
	}
	require.NotPanics(t, func() { im.Pad(4, 3, 4, 3, Symmetric, 0) })
}

// noise is a picture of values in 1..255, the same each time.
func noise(h, w, c int) *Image {
	im, rng := NewImage(h, w, c), rand.New(rand.NewPCG(7, uint64(h*w*c)))
	for i := range im.Pix {
		im.Pix[i] = uint8(1 + rng.IntN(255))
	}
	return im
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("../../testdata/parity-core/vision/files/*.*")
	require.NoError(f, err)
	own, err := filepath.Glob("testdata/*.*")
	require.NoError(f, err)
	for _, file := range append(files, own...) {
		if data, err := os.ReadFile(file); err == nil && len(data) < 5000 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if o := Orientation(data); o < 1 || o > 8 {
			t.Fatalf("orientation %d", o)
		}
		im, err := DecodeBytes("fuzz", data, RGB)
		if err == nil && (len(im.Pix) != im.H*im.W*3 || len(im.Pix) == 0) {
			t.Fatalf("%d values for %d x %d", len(im.Pix), im.H, im.W)
		}
	})
}

func BenchmarkResize28To64(b *testing.B) {
	im := noise(28, 28, 1)
	for b.Loop() {
		im.Resize(64, 64, Bilinear)
	}
}

func BenchmarkResize256To64(b *testing.B) {
	im := noise(256, 256, 3)
	for b.Loop() {
		im.Resize(64, 64, Bilinear)
	}
}

func BenchmarkDecodeJPEG256(b *testing.B) {
	var file bytes.Buffer
	require.NoError(b, EncodeJPEG(&file, noise(16, 16, 3).Resize(256, 256, Bicubic), 90))
	for b.Loop() {
		if _, err := DecodeBytes("x", file.Bytes(), RGB); err != nil {
			b.Fatal(err)
		}
	}
}
