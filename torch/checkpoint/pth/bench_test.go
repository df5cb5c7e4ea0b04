package pth

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// largeFile writes a state dictionary of float32 tensors of 16 MiB. They have equal values, to be quick.
func largeFile(b *testing.B, tensors int) string {
	const size = 16 << 20
	r := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	d := &Dict{Class: "OrderedDict"}
	for i := range tensors {
		d.Items = append(d.Items, Item{fmt.Sprintf("layer.%d.weight", i), NewTensor(torch.Float32, data, size/4)})
	}
	path := filepath.Join(b.TempDir(), "large.pth")
	require.NoError(b, Save(path, &Dict{Items: []Item{{"netG", d}}}))
	return path
}

func BenchmarkOpen2GiB(b *testing.B) {
	path := largeFile(b, 128)
	b.ReportAllocs()
	for b.Loop() {
		f, err := Open(path)
		require.NoError(b, err)
		require.NoError(b, f.Close())
	}
}

func BenchmarkLoad160MiB(b *testing.B) { benchmarkLoad(b, 10) }

func BenchmarkLoad2GiB(b *testing.B) { benchmarkLoad(b, 128) }

// benchmarkLoad reports the peak of the process's memory too: little more than the tensors.
func benchmarkLoad(b *testing.B, tensors int) {
	torchtest.Native(b)
	path := largeFile(b, tensors)
	b.SetBytes(int64(tensors) << 24)
	b.ReportAllocs()
	require.NoError(b, os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)) // starts the peak anew
	before := peak(b)
	for b.Loop() {
		torch.Scope(func() {
			state, err := Load(path, "netG")
			require.NoError(b, err)
			require.Len(b, state, tensors)
		})
	}
	b.ReportMetric(peak(b)-before, "peak-MiB")
}

// peak is the largest amount of memory that the process held, in MiB.
func peak(b *testing.B) float64 {
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(b, err)
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	kib, err := strconv.Atoi(string(bytes.Fields(rest)[0]))
	require.NoError(b, err)
	return float64(kib) / 1024
}

func BenchmarkSave160MiB(b *testing.B) {
	f := open(b, largeFile(b, 10))
	path := filepath.Join(b.TempDir(), "again.pth")
	b.SetBytes(10 << 24)
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, Save(path, f.Value()))
	}
}
