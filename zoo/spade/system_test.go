package spade

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

// encoded is a grey PNG of w × h pixels, all of which are v but the last, which is last.
func encoded(t *testing.T, w, h int, v, last uint8) []byte {
	t.Helper()
	im := image.NewGray(image.Rect(0, 0, w, h))
	for i := range im.Pix {
		im.Pix[i] = v
	}
	im.SetGray(w-1, h-1, color.Gray{Y: last})
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, im))
	return out.Bytes()
}

// folder is a set of two items; parts are the folders it has.
func folder(t *testing.T, last uint8, parts ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, part := range parts {
		require.NoError(t, os.Mkdir(filepath.Join(dir, part), 0o755))
		for _, name := range []string{"a.png", "b.png"} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, part, name), encoded(t, 40, 36, 1, last), 0o644))
		}
	}
	return dir
}

func TestTheUsersFoldersAreTrainedOn(t *testing.T) {
	torchtest.Native(t)
	c := completed(t, Config{Instance: true, DontCare: true})
	dir := folder(t, 255, "train_label", "train_inst", "train_img")
	set, err := System.OpenData(t.Context(), &c, train.DataRequest{Name: dir, Plain: true})
	require.NoError(t, err)
	m, err := New(c)
	require.NoError(t, err)
	torch.Scope(func() {
		b, err := train.Items(set, 0, 2, torch.Device{})
		require.NoError(t, err)
		require.Equal(t, []int{2, 32, 32}, b.Tensor("label").Shape())
		require.Equal(t, int64(c.Classes), torch.Values[int64](b.Tensor("label").Flatten())[32*32-1], "255 is the last class")
		require.Len(t, m.Step(b).Losses, 4)
	})
}

func TestDataThatCannotBeTrainedOnAreRefused(t *testing.T) {
	c := completed(t, Config{})
	instances := completed(t, Config{Instance: true})
	for _, test := range []struct {
		c     Config
		dir   string
		wants []string
	}{
		{c, folder(t, 3, "train_label", "train_img"), []string{"a.png", "id 3 at (x 39, y 35)", "labels run from 0 to 2"}},
		{c, folder(t, 255, "train_label", "train_img"), []string{"id 255", "don't-care"}},
		{c, folder(t, 1, "train_label"), []string{"train_img"}},
		{instances, folder(t, 1, "train_label", "train_img"), []string{"train_inst"}},
	} {
		set, err := System.OpenData(t.Context(), &test.c, train.DataRequest{Name: test.dir, Plain: true})
		if err == nil {
			torch.Scope(func() { _, err = train.Items(set, 0, 1, torch.Device{}) })
		}
		for _, want := range test.wants {
			require.ErrorContains(t, err, want)
		}
	}
}

func TestALabelMapOfAFileBecomesAnInputOfItsSize(t *testing.T) {
	c, styled := completed(t, Config{Instance: true}), completed(t, Config{VAE: true})
	label := encoded(t, 50, 70, 2, 1)
	fields, err := System.Input(&c, train.Input{Name: "a.png", Picture: label, Instance: encoded(t, 50, 70, 9, 9)})
	require.NoError(t, err)
	require.Equal(t, []int{1, 70, 50}, fields[0].Shape)
	require.Equal(t, "instance", fields[1].Name)
	fields, err = System.Input(&styled, train.Input{Name: "a.png", Picture: encoded(t, 32, 32, 1, 2), Style: encoded(t, 9, 7, 0, 200)})
	require.NoError(t, err)
	require.Equal(t, []int{1, 3, 7, 9}, fields[1].Shape)
	require.Equal(t, "image", fields[1].Name)
	for want, in := range map[string]struct {
		c  Config
		in train.Input
	}{
		"label map a.png needs its instance map":                               {c, train.Input{Picture: label}},
		"label map a.png holds id 7 at (x 0, y 0), but labels run from 0 to 2": {c, train.Input{Picture: encoded(t, 32, 32, 7, 7)}},
		"spade: label map a.png comes to 50 x 70 (width x height), but a model with --vae makes pictures of 32 x 32 alone": {
			styled, train.Input{Picture: label},
		},
	} {
		in.in.Name = "a.png"
		_, err := System.Input(&in.c, in.in)
		require.EqualError(t, err, want)
	}
}

func TestExamplesAreOfTheFieldsOfTheData(t *testing.T) {
	m := model(t, small["instance maps, grey"])
	torch.Scope(func() {
		b := System.Examples(&Config{Size: 32, Classes: 3, Instance: true, Channels: 1, DontCare: true}, 2)
		require.Len(t, m.Step(train.NewBatch(b)).Losses, 4)
	})
}

var _ data.Dataset = scenes{}
