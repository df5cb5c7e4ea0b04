package pairs_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/pairs"
)

// encoded is a PNG of w x h pixels, which at gives.
func encoded(t testing.TB, im interface {
	image.Image
	Set(x, y int, c color.Color)
}, at func(x, y int) color.Color) []byte {
	for y := range im.Bounds().Dy() {
		for x := range im.Bounds().Dx() {
			im.Set(x, y, at(x, y))
		}
	}
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, im))
	return out.Bytes()
}

// paletted is a label map with misleading colours: all ids look the same.
func paletted(t testing.TB, w, h int, id func(x, y int) uint8) []byte {
	im := image.NewPaletted(image.Rect(0, 0, w, h), make(color.Palette, 256))
	for i := range im.Palette {
		im.Palette[i] = color.NRGBA{90, 90, 90, 255}
	}
	for y := range h {
		for x := range w {
			im.SetColorIndex(x, y, id(x, y))
		}
	}
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, im))
	return out.Bytes()
}

func save(t testing.TB, content []byte, path ...string) {
	file := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, content, 0o644))
}

func rect(w, h int) image.Rectangle { return image.Rect(0, 0, w, h) }

// town writes one item of 16 x 8: labels are columns modulo 5, instances count the columns from 24000.
func town(t testing.TB, dir, phase, name string) {
	save(t, paletted(t, 16, 8, func(x, y int) uint8 { return uint8(x % 5) }), dir, phase+"_label", name+"_gtFine_labelIds.png")
	save(t, encoded(t, image.NewGray16(rect(16, 8)), func(x, y int) color.Color { return color.Gray16{uint16(24000 + x)} }),
		dir, phase+"_inst", name+"_gtFine_instanceIds.png")
	write(t, 16, 8, 0, dir, phase+"_img", name+"_leftImg8bit.png")
}

func TestLabelMapsInstancesAndPicturesMoveTogether(t *testing.T) {
	dir := t.TempDir()
	town(t, dir, "train", "aachen_0")
	town(t, dir, "val", "ulm_0")
	set, err := pairs.OpenLabelled(dir, pairs.Options{Width: 8, Height: 4, Preprocess: "crop", Flip: true, Labels: 5, Instances: true})
	require.NoError(t, err)
	require.Equal(t, []data.Field{
		{Name: "label", Shape: []int{4, 8}, Int64: true}, {Name: "instance", Shape: []int{4, 8}, Int64: true}, {Name: "image", Shape: []int{3, 4, 8}},
	}, set.Fields())
	flips := 0
	for seed := range uint64(50) {
		got := item(t, set, 0, seed)
		for x := range 8 {
			column := byteAt(got["image"], 0, x)
			require.EqualValues(t, column%5, got["label"].Int64[x])
			require.EqualValues(t, 24000+column, got["instance"].Int64[x])
		}
		if byteAt(got["image"], 0, 7) < byteAt(got["image"], 0, 0) {
			flips++
		}
	}
	require.InDelta(t, 25, flips, 12)

	test, err := pairs.OpenLabelled(dir, pairs.Options{Load: 32, Preprocess: "scale_width", Labels: 5, Split: data.Test, Plain: true})
	require.NoError(t, err)
	require.Equal(t, []int{16, 32}, test.Fields()[0].Shape)
	require.Equal(t, filepath.Join(dir, "val_label", "ulm_0_gtFine_labelIds.png"), test.Path(0))
	require.NotContains(t, item(t, test, 0, 1), "instance")
}

func TestWithoutLabelsAPictureTakesTheirPlace(t *testing.T) {
	for _, names := range [][2]string{{"train_A", "train_B"}, {"trainA", "trainB"}} {
		dir := t.TempDir()
		write(t, 8, 8, 10, dir, names[0], "x.png")
		write(t, 8, 8, 20, dir, names[1], "x.png")
		set, err := pairs.OpenLabelled(dir, pairs.Options{Size: 4, Load: 6, ChannelsA: 1})
		require.NoError(t, err)
		got := item(t, set, 0, 1)
		require.Equal(t, []int{1, 4, 4}, got["condition"].Shape)
		require.Equal(t, 20, byteAt(got["image"], 2, 0))
	}
}

func TestIDsThatAreNoLabelsAreRefusedWithTheirPlace(t *testing.T) {
	at := func(id uint8) []byte {
		return paletted(t, 6, 6, func(x, y int) uint8 {
			if x == 4 && y == 2 {
				return id
			}
			return 1
		})
	}
	rgb := encoded(t, image.NewNRGBA(rect(6, 6)), func(x, y int) color.Color { return color.NRGBA{1, 1, 1, 255} })
	for _, c := range []struct {
		name, want string
		label      []byte
		o          pairs.Options
	}{
		{"last label", "", at(6), pairs.Options{Labels: 7}},
		{"beyond", "x.png holds id 7 at (x 4, y 2), but labels run from 0 to 6", at(7), pairs.Options{Labels: 7}},
		{"no class", "holds id 255 at (x 4, y 2), but labels run from 0 to 6; where it stands for no class, ask for a don't-care label", at(255), pairs.Options{Labels: 7}},
		{"no class wanted", "", at(255), pairs.Options{Labels: 7, DontCare: true}},
		{"colours", "holds colours, not ids: store it as PNG with one number a pixel, grey or with a palette", rgb, pairs.Options{Labels: 7}},
		{"another format", "is a GIF file: store it as PNG", []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff;"), pairs.Options{Labels: 7}},
		{"cut off", "is cut off", at(3)[:60], pairs.Options{Labels: 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			save(t, c.label, dir, "train_label", "x.png")
			write(t, 6, 6, 0, dir, "train_img", "x.png")
			c.o.Size = 6
			err := read(pairs.OpenLabelled(dir, c.o))
			_, single := pairs.LabelInput("x.png", c.label, nil, c.o)
			if c.want == "" {
				require.NoError(t, err)
				require.NoError(t, single)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, single, c.want)
		})
	}
	got, err := pairs.LabelInput("x.png", at(255), nil, pairs.Options{Labels: 7, DontCare: true, Multiple: 1})
	require.NoError(t, err)
	require.EqualValues(t, 7, got[0].Int64[2*6+4])
}

func TestInputsComeInTheirOwnSizeRoundedToAMultiple(t *testing.T) {
	grey := encoded(t, image.NewGray(rect(10, 7)), func(x, y int) color.Color { return color.Gray{uint8(40 * y)} })
	for _, c := range []struct{ multiple, channels, h, w int }{{1, 3, 7, 10}, {4, 3, 8, 8}, {4, 1, 8, 8}, {3, 1, 6, 9}, {16, 3, 16, 16}} {
		got, err := pairs.PictureInput("A", "x.png", grey, c.channels, c.multiple)
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.Equal(t, []int{1, c.channels, c.h, c.w}, got[0].Shape)
	}
	got, err := pairs.LightnessInput("x.png", grey, 1)
	require.NoError(t, err)
	require.Equal(t, []int{1, 1, 7, 10}, got[0].Shape)
	require.InDelta(t, -1, got[0].Float32[0], 1e-6, "black")

	ids := encoded(t, image.NewGray(rect(10, 7)), func(x, y int) color.Color { return color.Gray{uint8(y)} })
	o := pairs.Options{Labels: 7, Instances: true, Multiple: 8}
	got, err = pairs.LabelInput("x.png", ids, grey, o)
	require.NoError(t, err)
	require.Equal(t, []int{1, 8, 8}, got[0].Shape)
	require.Equal(t, "instance", got[1].Name)
	require.EqualValues(t, 240, got[1].Int64[63])
	_, err = pairs.LabelInput("x.png", ids, nil, o)
	require.ErrorContains(t, err, "label map x.png needs its instance map")
	_, err = pairs.LabelInput("x.png", ids, paletted(t, 9, 7, func(x, y int) uint8 { return 0 }), o)
	require.ErrorContains(t, err, "is 10 x 7 (width x height) but its instance map 9 x 7")
	_, err = pairs.PictureInput("A", "x.png", []byte("text"), 3, 4)
	require.ErrorContains(t, err, "picture x.png is not a PNG")
}

func TestPicturesOf16BitsKeepTheirPrecision(t *testing.T) {
	for _, c := range []struct {
		name     string
		content  []byte
		channels int
	}{
		{"grey", encoded(t, image.NewGray16(rect(4, 4)), func(x, y int) color.Color { return color.Gray16{uint16(1000 + x)} }), 1},
		{"grey as colour", encoded(t, image.NewGray16(rect(4, 4)), func(x, y int) color.Color { return color.Gray16{uint16(1000 + x)} }), 3},
		{"colour", encoded(t, image.NewRGBA64(rect(4, 4)), func(x, y int) color.Color { return color.RGBA64{uint16(1000 + x), 9, 9, 65535} }), 3},
		{"alpha", encoded(t, image.NewNRGBA64(rect(4, 4)), func(x, y int) color.Color { return color.NRGBA64{uint16(1000 + x), 9, 9, 500} }), 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			save(t, c.content, dir, "trainA", "x.png")
			write(t, 4, 4, 0, dir, "trainB", "x.png")
			set, err := pairs.OpenAligned(dir, pairs.Options{Size: 4, ChannelsA: c.channels})
			require.NoError(t, err)
			a := item(t, set, 0, 1)["A"].Float32
			for x := range 4 {
				require.InDelta(t, float64(1000+x)/65535*2-1, a[x], 1e-7)
			}
		})
	}
}
