package pix2pix

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/torch/vision"
)

// folder writes n pictures of h×w to dir/train, red growing from left to right.
func folder(t *testing.T, n, h, w int) string {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "train"), 0o777))
	for i := range n {
		im := vision.NewImage(h, w, 3)
		for k := range h * w {
			im.Pix[3*k], im.Pix[3*k+1] = uint8(255*(k%w)/w), uint8(40*i)
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, "train", fmt.Sprintf("%d.png", i)), png(t, im), 0o666))
	}
	return dir
}

func png(t *testing.T, im *vision.Image) []byte {
	var b bytes.Buffer
	require.NoError(t, vision.EncodePNG(&b, im))
	return b.Bytes()
}

// opened is a set for settings with all defaults.
func opened(t *testing.T, c Config, r train.DataRequest) (Config, data.Dataset) {
	c, err := c.withDefaults()
	require.NoError(t, err)
	set, err := System.OpenData(t.Context(), &c, r)
	require.NoError(t, err)
	return c, set
}

func TestTheDirectionExchangesTheSidesOfAPicture(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		dir := folder(t, 2, 32, 64)
		for direction, darker := range map[string]string{"AtoB": "A", "BtoA": "B"} {
			_, set := opened(t, Config{Size: 32, Load: 32, Downs: 5, Direction: direction}, train.DataRequest{Name: dir, Plain: true})
			b, err := train.Items(set, 0, 1, torch.Device{})
			require.NoError(t, err)
			a, other := b.Tensor("A").Mean().Item(), b.Tensor("B").Mean().Item()
			require.Equal(t, darker == "A", a < other, direction)
		}
	})
}

func TestColouringShowsAndScoresColourPictures(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		c := Config{Size: 32, Load: 32, Downs: 5, Width: 4, DWidth: 4, Colour: true}
		dir := folder(t, 4, 32, 32)
		_, training := opened(t, c, train.DataRequest{Name: dir})
		require.Len(t, training.Fields(), 2, "training needs no picture beside lightness and colours")
		_, set := opened(t, c, train.DataRequest{Name: dir, Plain: true})

		m := build(t, c)
		b, err := train.Items(set, 0, 2, torch.Device{})
		require.NoError(t, err)
		m.update(b)
		x := m.Translate(b, false)
		require.Equal(t, b.Tensor(m.Translation().Target).Shape(), x.Shape())
		require.Equal(t, []int{2, 3, 32, 32}, x.Shape())

		// The target of the grid is the picture of the file, but for rounding on the way through CIE-Lab.
		m.Exhibit(b)
		grid := m.Preview()
		require.Equal(t, []int{6, 3, 32, 32}, grid.Shape())
		diff, _ := torchtest.MaxDiff(t, grid.Narrow(0, 2, 1), b.Tensor("image").Narrow(0, 0, 1))
		require.LessOrEqual(t, diff, 2./255)
		im, err := vision.Decode(filepath.Join(dir, "train", "0.png"), vision.RGB)
		require.NoError(t, err)
		want := make([]float32, 3*32*32)
		im.Normalize(want, vision.Half, vision.Half)
		require.InDeltaSlice(t, want, torch.Values[float32](b.Tensor("image").Narrow(0, 0, 1).Contiguous()), 4./255)
	})
}

func TestAFileToTranslateKeepsItsSize(t *testing.T) {
	torchtest.Native(t)
	for channels, c := range map[int]Config{1: {Colour: true, Downs: 5, Size: 32}, 3: {Downs: 5, Size: 32}} {
		c, err := c.withDefaults()
		require.NoError(t, err)
		fields, err := System.Input(&c, train.Input{Name: "x.png", Picture: png(t, vision.NewImage(70, 90, 3))})
		require.NoError(t, err)
		require.Len(t, fields, 1)
		require.Equal(t, "A", fields[0].Name)
		require.Equal(t, []int{1, channels, 70, 90}, fields[0].Shape)
		_, err = System.Input(&c, train.Input{Name: "x.png", Picture: []byte("no picture")})
		require.ErrorContains(t, err, "x.png")
	}
}

func TestEveryPresetBuildsAndStatesItsRun(t *testing.T) {
	torchtest.Native(t)
	for name, c := range Presets {
		c, err := c.withDefaults()
		require.NoError(t, err, name)
		d := System.RunDefaults(&c)
		require.Equal(t, *c.FullEpochs+*c.DecayEpochs, d.Epochs, name)
		require.Equal(t, map[bool]int{true: 1, false: 4}[d.Epochs >= 50], d.Batch, name)
	}
	c, err := Presets["colorization"].withDefaults()
	require.NoError(t, err)
	torch.Scope(func() { require.Equal(t, []int{2, 2, 256, 256}, System.Example(&c, 2)["B"].Shape()) })
}
