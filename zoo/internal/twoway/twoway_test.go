package twoway

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/pairs"
	"github.com/forgergan/forger/torch/nn"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// picture is a PNG of one grey.
func picture(t *testing.T, w, h int, grey uint8) []byte {
	im := image.NewGray(image.Rect(0, 0, w, h))
	for i := range im.Pix {
		im.Pix[i] = color.Gray{Y: grey}.Y
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, im))
	return b.Bytes()
}

// folder holds three pictures of A, black to 2, and two of B, from 100 on, in each split.
func folder(t *testing.T) string {
	dir := t.TempDir()
	for _, split := range []string{"train", "test"} {
		for side, files := range map[string][]string{"A": {"1.png", "2.png", "3.png"}, "B": {"1.png", "2.png"}} {
			require.NoError(t, os.MkdirAll(filepath.Join(dir, split+side), 0o777))
			for i, name := range files {
				grey := uint8(i)
				if side == "B" {
					grey += 100
				}
				require.NoError(t, os.WriteFile(filepath.Join(dir, split+side, name), picture(t, 20, 10, grey), 0o666))
			}
		}
	}
	return dir
}

func TestAnItemIsAPictureOfEachDomain(t *testing.T) {
	dir := folder(t)
	for _, plain := range []bool{false, true} {
		r := train.DataRequest{Name: dir, Split: data.Test, Plain: plain}
		set, err := Open(t.Context(), r, pairs.Options{Size: 8, ChannelsA: 1})
		require.NoError(t, err)
		require.Equal(t, 3, set.Len())
		require.Equal(t, []data.Field{{Name: "A", Shape: []int{1, 8, 8}}, {Name: "B", Shape: []int{1, 8, 8}}}, set.Fields())
		drawn := map[float32]bool{}
		for seed := range uint64(20) {
			row := []data.Array{{Float32: make([]float32, 64)}, {Float32: make([]float32, 64)}}
			require.NoError(t, set.Read(1, rand.New(rand.NewPCG(seed, 0)), row))
			require.InDelta(t, 1./127.5-1, row[0].Float32[0], 1e-6)
			drawn[row[1].Float32[0]] = true
		}
		require.Equal(t, plain, len(drawn) == 1, "the picture of B is drawn at random but for scores")
	}
}

func TestAFolderOfSomethingElseIsRefused(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(t.Context(), train.DataRequest{Name: dir}, pairs.Options{Size: 8, ChannelsA: 3})
	require.ErrorContains(t, err, dir)
	require.NotContains(t, err.Error(), "\n")
}

func TestAPictureToTranslateIsOfTheDomainThatItComesFrom(t *testing.T) {
	for field, back := range map[string]bool{"A": false, "B": true} {
		item, err := Input(train.Input{Name: "x.png", Picture: picture(t, 21, 10, 255), Back: back}, 3)
		require.NoError(t, err)
		require.Len(t, item, 1)
		require.Equal(t, field, item[0].Name)
		require.Equal(t, []int{1, 3, 10, 21}, item[0].Shape)
		require.Equal(t, float32(1), item[0].Float32[0])
	}
	_, err := Input(train.Input{Name: "x.png", Picture: []byte("no picture")}, 3)
	require.ErrorContains(t, err, "x.png")
}

func TestExamplesLookLikeTheData(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		items := Example(2, 3, 16)
		require.Len(t, items, 2)
		for _, field := range []string{"A", "B"} {
			require.Equal(t, []int{2, 3, 16, 16}, items[field].Shape())
			require.Less(t, items[field].Min().Item(), -0.9)
			require.Greater(t, items[field].Max().Item(), 0.9)
		}
	})
}

func TestUNetsOfBothDepthsKeepTheSize(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for levels, side := range map[int]int{6: 64, 7: 128} {
			for _, resize := range []bool{false, true} {
				u := NewUNet(UNetOptions{Levels: levels, Channels: 1, Width: 1, Resize: resize})
				nn.Eval(u)
				x := torch.Rand([]int{1, 1, side, 2 * side})
				require.Equal(t, x.Shape(), u.Forward(x).Shape())
			}
		}
		require.Panics(t, func() { NewUNet(UNetOptions{Levels: 5, Channels: 1, Width: 1}) })
	})
}
