package pairs_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/pairs"
	"github.com/forgergan/forger/torch/vision"
)

// BenchmarkAligned reads JPEG files A|B of 512 x 256 with the jitter of pix2pix: pairs/s of batches of 8.
func BenchmarkAligned(b *testing.B) {
	dir, rng := b.TempDir(), rand.New(rand.NewPCG(1, 1))
	for i := range 32 {
		small := vision.NewImage(24, 48, 3)
		for k := range small.Pix {
			small.Pix[k] = uint8(rng.IntN(256))
		}
		file := filepath.Join(dir, "train", fmt.Sprintf("%02d.jpg", i))
		write(b, 1, 1, 0, file) // makes the folder
		require.NoError(b, vision.SaveJPEG(file, small.Resize(256, 512, vision.Bicubic), 95))
	}
	set, err := pairs.OpenAligned(dir, pairs.Options{Size: 256, Load: 286, Flip: true})
	require.NoError(b, err)
	loader, err := data.NewLoader(set, data.LoaderOptions{Batch: 8, Shuffle: true, DropLast: true, Workers: 2})
	require.NoError(b, err)
	defer loader.Close()
	for b.Loop() {
		batch, err := loader.Next(context.Background())
		require.NoError(b, err)
		batch.Release()
	}
	b.ReportMetric(8*float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
}
