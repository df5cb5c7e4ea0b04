package pix2pixhd

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/torchtest"
)

// encoded is a PNG file.
func encoded(t *testing.T, im image.Image) []byte {
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, im))
	return b.Bytes()
}

// ids is a label map whose pixels are all k, but for one at (2, 1).
func ids(t *testing.T, w, h int, k, other uint8) []byte {
	im := image.NewGray(image.Rect(0, 0, w, h))
	for i := range im.Pix {
		im.Pix[i] = k
	}
	im.Pix[w+2] = other
	return encoded(t, im)
}

func write(t *testing.T, path string, content []byte) {
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, content, 0o666))
}

// town is a data set of one street, whose label map is as given.
func town(t *testing.T, label []byte) string {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "train_label", "a.png"), label)
	write(t, filepath.Join(dir, "train_img", "a.png"), encoded(t, image.NewRGBA(image.Rect(0, 0, 64, 32))))
	return dir
}

func open32(t *testing.T, dir string, c Config) (data.Dataset, error) {
	return System.OpenData(t.Context(), &c, train.DataRequest{Name: dir, Plain: true})
}

func TestDataAreOpenedInTheSizeOfTheSettings(t *testing.T) {
	torchtest.Native(t)
	dir := town(t, ids(t, 64, 32, 1, 2))
	write(t, filepath.Join(dir, "train_inst", "a.png"), ids(t, 64, 32, 7, 9))
	set, err := open32(t, dir, with(func(c *Config) { c.Size = 64 }))
	require.NoError(t, err)
	torch.Scope(func() {
		b, err := train.Items(set, 0, 1, torch.Device{})
		require.NoError(t, err)
		require.Equal(t, []int{1, 32, 64}, b.Labels().Shape())
		require.Equal(t, 9, b.Tensor("instance").Select(0, 0).Select(0, 1).Select(0, 2).Int())
		require.Equal(t, []int{1, 3, 32, 64}, b.Images().Shape())
	})
	cropped, err := System.OpenData(t.Context(), &Config{
		Size: 128, Height: 64, Crop: 32, Classes: new(3), Downs: 2,
	}, train.DataRequest{Name: dir})
	require.NoError(t, err)
	require.Equal(t, []int{32, 32}, cropped.Fields()[0].Shape)
}

func TestDataThatDoNotFitAreOneSentence(t *testing.T) {
	torchtest.Native(t)
	c := with(func(c *Config) { c.Size, c.NoInstance = 64, true })
	for _, test := range []struct {
		label []byte
		says  string
	}{
		{ids(t, 64, 32, 1, 3), "holds id 3 at (x 2, y 1), but labels run from 0 to 2"},
		{encoded(t, image.NewRGBA(image.Rect(0, 0, 64, 32))), "holds colours, not ids: store it as PNG with one number a pixel"},
	} {
		set, err := open32(t, town(t, test.label), c)
		require.NoError(t, err)
		_, err = train.Items(set, 0, 1, torch.Device{})
		require.ErrorContains(t, err, test.says)
	}

	palette := image.NewPaletted(image.Rect(0, 0, 64, 32), color.Palette{color.Black, color.White, color.Gray{Y: 9}})
	palette.Pix[5] = 2
	set, err := open32(t, town(t, encoded(t, palette)), c)
	require.NoError(t, err)
	torch.Scope(func() {
		b, err := train.Items(set, 0, 1, torch.Device{})
		require.NoError(t, err)
		require.Equal(t, 2, b.Labels().Max().Int(), "the colours of a palette are not its ids")
	})

	_, err = open32(t, town(t, ids(t, 64, 32, 1, 2)), with(func(c *Config) { c.Size = 64 }))
	require.ErrorContains(t, err, "train_inst")
	_, err = open32(t, town(t, ids(t, 64, 32, 1, 2)), with(func(c *Config) { c.Size, c.NoInstance = 50, true }))
	require.EqualError(t, err, "pix2pixhd: --size 50 is not a multiple of 4, at least 8, which these networks need")
}

func TestAFileToTranslateIsChecked(t *testing.T) {
	torchtest.Native(t)
	c := tiny
	fields, err := System.Input(&c, train.Input{Name: "a.png", Picture: ids(t, 51, 34, 1, 2), Instance: ids(t, 51, 34, 1, 9)})
	require.NoError(t, err)
	require.Equal(t, []int{1, 34, 51}, fields[0].Shape)
	_, err = System.Input(&c, train.Input{Name: "a.png", Picture: ids(t, 32, 32, 1, 2)})
	require.EqualError(t, err, "label map a.png needs its instance map")
	_, err = System.Input(&c, train.Input{Name: "a.png", Picture: ids(t, 32, 32, 1, 40), Instance: ids(t, 32, 32, 1, 9)})
	require.ErrorContains(t, err, "holds id 40")
	_, err = System.Input(&c, train.Input{Back: true})
	require.EqualError(t, err, "pix2pixhd makes pictures of label maps, not label maps of pictures")
}

func TestABatchWithoutInstancesSaysWhatToDo(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(tiny)
		require.NoError(t, err)
		x := System.Examples(&tiny, 1)
		delete(x, "instance")
		require.ErrorContains(t, torch.Try(func() { m.Step(train.NewBatch(x)) }),
			`a batch has no field "instance": give instance maps, or train with --no-instance`)
	})
}

func TestExamplesMakeAStepOfEachKindOfData(t *testing.T) {
	torchtest.Native(t)
	for name, c := range map[string]Config{
		"labels": tiny, "pictures": with(func(c *Config) { c.Classes, c.NoInstance, c.Size = new(0), true, 40 }),
		"crops": with(func(c *Config) { c.Size, c.Height, c.Crop = 64, 64, 32 }),
	} {
		torch.Scope(func() {
			m, err := New(c)
			require.NoError(t, err, name)
			b := train.NewBatch(System.Examples(m.Config(), 2))
			m.Step(b)
			y := m.Translate(b, false)
			require.Equal(t, b.Images().Shape(), y.Shape(), name)
		})
	}
	require.Equal(t, train.Defaults{Batch: 1, Epochs: 200}, System.RunDefaults(must(Config{}.withDefaults())))
}

func must(c Config, _ error) *Config { return &c }
