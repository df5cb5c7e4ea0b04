package vid2vid

import (
	"bytes"
	"fmt"
	"image"
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

// writePNG writes a picture of one value.
func writePNG(t *testing.T, path string, w, h int, value uint8) {
	im := image.NewGray(image.Rect(0, 0, w, h))
	for i := range im.Pix {
		im.Pix[i] = value
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, im))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o666))
}

// street is a data set of one sequence of so many frames.
func street(t *testing.T, frames int) string {
	dir := t.TempDir()
	for i := range frames {
		for part, value := range map[string]uint8{"A": 1, "B": 200, "inst": 7} {
			writePNG(t, filepath.Join(dir, "train_"+part, "one", fmt.Sprintf("%03d.png", i)), 64, 32, value)
		}
	}
	return dir
}

func open32(t *testing.T, dir string, c Config) (data.Dataset, error) {
	return System.OpenData(t.Context(), &c, train.DataRequest{Name: dir})
}

func TestWindowsOfAFolderGetLongerWithTheEpochs(t *testing.T) {
	torchtest.Native(t)
	c := with(t, func(c *Config) { c.Frames, c.MaxFrames, c.LengthEvery, c.NoFlip = 2, 5, 2, true })
	set, err := open32(t, street(t, 8), c)
	require.NoError(t, err)
	shapes := func(epoch int) (shapes [][]int) {
		for _, f := range data.At(set, epoch).Fields() {
			shapes = append(shapes, f.Shape)
		}
		return shapes
	}
	require.Equal(t, [][]int{{4, 1, 32, 32}, {4, 1, 32, 32}, {4, 3, 32, 32}}, shapes(0), "a width of 32 makes 16 lines, rounded up")
	require.Equal(t, 4, shapes(1)[0][0])
	require.Equal(t, 6, shapes(2)[0][0])
	require.Equal(t, 6, shapes(9)[0][0], "five frames are two chunks of two")
	torch.Scope(func() {
		m, err := New(c)
		require.NoError(t, err)
		b, err := train.Items(data.At(set, 2), 0, 1, torch.Device{})
		require.NoError(t, err)
		require.Equal(t, []int{1, 6, 3, 32, 32}, m.conditions(b, 0, 6).Shape())
	})

	_, err = open32(t, street(t, 5), c)
	require.ErrorContains(t, err, "or train with less --max-frames")
	_, err = open32(t, street(t, 3), c)
	require.ErrorContains(t, err, "has 3 frames, less than a window of 4")
}

func TestMissingFilesAreNamedBeforeAnyTraining(t *testing.T) {
	torchtest.Native(t)
	dir := street(t, 8)
	_, err := open32(t, dir, with(t, func(c *Config) { c.Flow = "flownet2" }))
	require.EqualError(t, err, "vid2vid: --flow flownet2 needs its published weights, --flow-file FILE; --flow lucas-kanade needs no file")
	_, err = open32(t, dir, with(t, func(c *Config) { c.Flow, c.FlowFile = "flownet2", "none.pth" }))
	require.ErrorContains(t, err, "--flow-file: stat none.pth")
	require.NoError(t, os.Remove(filepath.Join(dir, "train_B", "one", "004.png")))
	_, err = open32(t, dir, with(t, func(c *Config) { c.MaxFrames = 4 }))
	require.ErrorContains(t, err, "004.png")
}

func TestAFrameToTranslateHasTheFieldsOfASequence(t *testing.T) {
	torchtest.Native(t)
	path := filepath.Join(t.TempDir(), "a.png")
	writePNG(t, path, 48, 32, 1)
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	c := with(t, func(c *Config) { c.First = "none" })
	fields, err := System.Input(&c, train.Input{Name: "a.png", Picture: raw, Instance: raw})
	require.NoError(t, err)
	torch.Scope(func() {
		m, err := New(c)
		require.NoError(t, err)
		m.Begin(nil)
		require.Equal(t, []int{1, 3, 32, 48}, m.Next(train.Upload(fields, 1, torch.Device{})).Shape())
	})
	_, err = System.Input(&c, train.Input{Back: true})
	require.EqualError(t, err, "vid2vid makes videos of label maps or pictures, not those of videos")
}

func TestExamplesMakeAStep(t *testing.T) {
	torchtest.Native(t)
	for _, change := range []func(c *Config){func(c *Config) { c.Size = 64 }, func(c *Config) { c.Size, c.Classes, c.Instances = 64, new(0), false }} {
		torch.Scope(func() {
			m, err := New(with(t, change))
			require.NoError(t, err)
			b := train.NewBatch(System.Examples(m.Config(), 1))
			m.Step(b)
			m.Exhibit(b)
			require.Equal(t, []int{4 * 4, 3, 32, 64}, m.Preview().Shape())
		})
	}
	require.Equal(t, train.Defaults{Batch: 1, Epochs: 20}, System.RunDefaults(new(with(t, func(*Config) {}))))
}

func TestSettingsThatNoNetworkHasAreRefused(t *testing.T) {
	for text, c := range map[string]Config{
		"vid2vid: --window 1 must be at least 2":                                                         {Window: 1},
		"vid2vid: --blocks -1 must be at least 0":                                                        {Blocks: -1},
		"vid2vid: --width 4 leaves no feature maps for the finest of --levels 3":                         {Width: 4, Levels: 3},
		"vid2vid: --fore-label 26 is none of --classes 20: name another one, or do without --foreground": {Foreground: true, Classes: new(20)},
		"vid2vid: --instances needs label maps, which --classes 0 says are not there":                    {Instances: true, Classes: new(0)},
		"vid2vid: --kind face has no label maps: --classes 0":                                            {Kind: "face"},
		"vid2vid: --face finds faces in maps of poses, --kind pose, which are not there":                 {Face: true},
		"vid2vid: --first single and --single FILE go together":                                          {First: "single"},
		"vid2vid: --fixed-epochs 3 needs --levels, of which the finest one learns alone":                 {FixedEpochs: 3},
		"vid2vid: --flow-file is for --flow flownet2":                                                    {FlowFile: "a.pth"},
		"vid2vid: --lr -1 and --lambda 10 must not be negative, --beta1 0.5 must be in [0, 1)":           {LR: -1},
	} {
		_, err := New(c)
		require.EqualError(t, err, text)
	}
	for name, c := range Presets {
		_, err := c.withDefaults()
		require.NoError(t, err, name)
	}
}
