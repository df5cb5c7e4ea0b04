package data

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/vision"
)

// benchmarkLoader reports images/s of batches of 64.
func benchmarkLoader(b *testing.B, set Dataset, workers int) {
	l := newLoader(b, set, LoaderOptions{Batch: 64, Shuffle: true, DropLast: true, Workers: workers})
	for b.Loop() {
		batch, err := l.Next(context.Background())
		require.NoError(b, err)
		batch.Release()
	}
	b.ReportMetric(64*float64(b.N)/b.Elapsed().Seconds(), "images/s")
}

func BenchmarkDigits(b *testing.B) {
	for _, size := range []int{28, 32, 64} {
		set := &Digits{name: "noise", size: size, channels: 1, pixels: make([]uint8, 2000*size*size), labels: make([]uint8, 2000)}
		b.Run(fmt.Sprintf("%dx%d", size, size), func(b *testing.B) { benchmarkLoader(b, set, 2) })
	}
}

func BenchmarkFolder(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	small := vision.NewImage(16, 12, 3)
	for i := range small.Pix {
		small.Pix[i] = uint8(rng.IntN(256))
	}
	im := small.Resize(256, 192, vision.Bicubic)
	var png, jpeg bytes.Buffer
	require.NoError(b, vision.EncodePNG(&png, im))
	require.NoError(b, vision.EncodeJPEG(&jpeg, im, 90))
	for ending, file := range map[string][]byte{"png": png.Bytes(), "jpg": jpeg.Bytes()} {
		dir := b.TempDir()
		for i := range 64 {
			write(b, file, dir, fmt.Sprintf("%02d.%s", i, ending))
		}
		set, err := OpenFolder(dir, Options{Size: 64, Flip: true})
		require.NoError(b, err)
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s-256x192-to-64/workers=%d", ending, workers), func(b *testing.B) { benchmarkLoader(b, set, workers) })
		}
	}
}

func BenchmarkResizeAll28To64(b *testing.B) {
	pixels := make([]uint8, 1000*28*28)
	for b.Loop() {
		prepareAll(1000, 64*64, func(i int) *vision.Image {
			im := vision.Image{H: 28, W: 28, C: 1, Pix: pixels[i*28*28 : (i+1)*28*28]}
			return im.Resize(64, 64, vision.Bilinear)
		})
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "images/s")
}
