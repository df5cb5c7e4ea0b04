package kernel

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func random(rng *rand.Rand, n int) []uint8 {
	b := make([]uint8, n)
	for i := range b {
		b[i] = uint8(rng.Uint32())
	}
	return b
}

// sharp are random taps, heavy enough to leave 0..255 on both sides.
func sharp(rng *rand.Rand, inputs, outputs int) Taps {
	width := min(5, inputs)
	t := Taps{make([]int32, outputs), make([]int32, outputs), make([]int32, outputs*width), width}
	for i := range outputs {
		t.Count[i] = int32(1 + rng.IntN(width))
		t.First[i] = int32(rng.IntN(inputs - int(t.Count[i]) + 1))
	}
	for i := range t.Weights {
		t.Weights[i] = int32(rng.IntN(3<<Precision/2)) - 1<<(Precision-1)
	}
	return t
}

func TestFastLoopsEqualTheGoOnes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		w, h, c := 1+rng.IntN(40), 1+rng.IntN(20), []int{1, 3, 4}[rng.IntN(3)]
		src, out := random(rng, w*h*c), 1+rng.IntN(40)
		taps := sharp(rng, w, out)
		want, got := make([]uint8, out*h*c), make([]uint8, out*h*c)
		horizontal(want, src, h, w, c, taps)
		Horizontal(got, src, h, w, c, taps)
		require.Equal(t, want, got, "horizontal %d x %d x %d", h, w, c)

		taps = sharp(rng, h, out)
		want, got = make([]uint8, out*w*c), make([]uint8, out*w*c)
		vertical(want, src, w*c, taps)
		Vertical(got, src, w*c, taps)
		require.Equal(t, want, got, "vertical %d x %d x %d", h, w, c)

		y, near, far := random(rng, w), random(rng, w+1), random(rng, w+1)
		want, got = make([]uint8, 3*w), make([]uint8, 3*w)
		rgb(want, y, near, far)
		RGB(got, y, near, far)
		require.Equal(t, want, got, "rgb %d", w)

		half := (w + 1) / 2
		chroma := [2][]uint8{near[:half], far[:half]}
		neighbours := [2][]uint8{far[:half], near[:half]}
		rgb420(want, y, chroma, neighbours, make([]uint8, 2*w))
		RGB420(got, y, chroma, neighbours, make([]uint8, 2*w))
		require.Equal(t, want, got, "rgb420 %d", w)
	}
}

func TestFastTransformEqualsTheGoOneForAnyCoefficients(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, size := range []int{2, 60, 2000, 65536} {
		for range 50 {
			blocks := 1 + rng.IntN(5)
			coefficients, table := make([]int16, 64*blocks), new([64]uint16)
			for i := range coefficients {
				if rng.IntN(3) == 0 {
					coefficients[i] = int16(rng.IntN(size) - size/2)
				}
			}
			for i := range table {
				table[i] = uint16(1 + rng.IntN(max(1, size/100)))
			}
			want, got := make([]uint8, 64*blocks), make([]uint8, 64*blocks)
			idct(want, 8*blocks, coefficients, table)
			IDCT(got, 8*blocks, coefficients, table)
			require.Equal(t, want, got)
		}
	}
}

func TestTapsOutsideOfThePicturePanic(t *testing.T) {
	taps := Taps{[]int32{1}, []int32{2}, []int32{1, 1}, 2}
	require.Panics(t, func() { Horizontal(make([]uint8, 3), make([]uint8, 6), 1, 2, 3, taps) })
	require.Panics(t, func() { Vertical(make([]uint8, 6), make([]uint8, 12), 6, taps) })
}

func BenchmarkHorizontal(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	src, t := random(rng, 256*256*3), sharp(rng, 256, 256)
	for i := range t.Count {
		t.Count[i], t.First[i] = 4, int32(max(0, min(252, i-2)))
	}
	dst := make([]uint8, 256*256*3)
	for b.Loop() {
		Horizontal(dst, src, 256, 256, 3, t)
	}
}

func BenchmarkVertical(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	src, t := random(rng, 256*256*3), sharp(rng, 256, 256)
	for i := range t.Count {
		t.Count[i], t.First[i] = 4, int32(max(0, min(252, i-2)))
	}
	dst := make([]uint8, 256*256*3)
	for b.Loop() {
		Vertical(dst, src, 256*3, t)
	}
}

func BenchmarkIDCT(b *testing.B) { // the blocks of a 256 x 256 picture with halved chroma
	coefficients, dst, table := make([]int16, 64*1536), make([]uint8, 64*1536), new([64]uint16)
	for b.Loop() {
		IDCT(dst, 8*1536, coefficients, table)
	}
}

func BenchmarkRGB420(b *testing.B) {
	line, dst, chroma := make([]uint8, 256), make([]uint8, 768), make([]uint8, 512)
	near := [2][]uint8{line, line}
	for b.Loop() {
		for range 256 {
			RGB420(dst, line, near, near, chroma)
		}
	}
}
