package checkpoint

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
)

// noise is data of normally distributed float32 values, which are as good as random as integers.
func noise(bytes int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var data []byte
	for len(data) < bytes {
		data = append(data, floats(float32(r.NormFloat64()))...)
	}
	return data
}

// halves keeps the upper half of each float32: normally distributed bfloat16 values. As float16 they
// are finite too.
func halves(data []byte) []byte {
	var kept []byte
	for ; len(data) > 0; data = data[4:] {
		kept = append(kept, data[2:4]...)
	}
	return kept
}

func BenchmarkSummarise(b *testing.B) {
	for _, dtype := range []torch.DType{torch.Float32, torch.BFloat16, torch.Float16, torch.Float64, torch.Int64, torch.Int16, torch.Uint8} {
		data := noise(1 << 22)
		if dtype == torch.BFloat16 || dtype == torch.Float16 {
			data = halves(data)
		}
		b.Run(dtype.String(), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				summarise(dtype, data)
			}
		})
	}
}

// large is 256 MiB of float32 in tensors of 16 MiB.
func large() []Tensor {
	data := noise(16 << 20)
	var tensors []Tensor
	for i := range 16 {
		tensors = append(tensors, Tensor{Name: fmt.Sprintf("layer.%d.weight", i), DType: torch.Float32, Shape: []int{4 << 20}, Data: data})
	}
	return tensors
}

func BenchmarkSave(b *testing.B) {
	path, tensors := filepath.Join(b.TempDir(), "x"), large()
	b.SetBytes(256 << 20)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, Save(path, tensors, nil))
	}
}

func BenchmarkInspect(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x")
	require.NoError(b, Save(path, large(), nil))
	b.SetBytes(256 << 20)
	b.ReportAllocs()
	for b.Loop() {
		_, err := Inspect(path)
		require.NoError(b, err)
	}
}

func BenchmarkVerify(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x")
	require.NoError(b, Save(path, large(), nil))
	f, err := Open(path)
	require.NoError(b, err)
	defer f.Close()
	b.SetBytes(256 << 20)
	for b.Loop() {
		require.NoError(b, f.Verify())
	}
}

// BenchmarkOpen reads a header of 10,000 tensors, ten times a large network's.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x")
	var tensors []Tensor
	for i := range 10_000 {
		tensors = append(tensors, Tensor{Name: fmt.Sprintf("%s.%d", strings.Repeat("layer.", 5), i), DType: torch.Float32, Shape: []int{1}, Data: floats(1)})
	}
	require.NoError(b, Save(path, tensors, nil))
	b.ReportAllocs()
	for b.Loop() {
		f, err := Open(path)
		require.NoError(b, err)
		require.NoError(b, f.Close())
	}
}
