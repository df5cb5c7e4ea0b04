// Package goldentest reads the reference numbers that tests compare with: safetensors files, in pure Go.
package goldentest

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// Kit is the folder of reference numbers that an environment variable names, or else a folder of the repository's
// testdata.
func Kit(variable, folder string) string {
	if dir := os.Getenv(variable); dir != "" {
		return dir
	}
	_, self, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(self), "../../testdata", folder)
}

// Core is the folder of the numbers for what lies below networks: FORGER_PARITY_CORE, or testdata/parity-core.
func Core() string { return Kit("FORGER_PARITY_CORE", "parity-core") }

// Tensor is one entry of a safetensors file. DType is the name in the file ("F32", "U8", "I64", "BOOL").
type Tensor struct {
	DType string
	Shape []int
	Bytes []byte
}

// Load reads a safetensors file; anything wrong with it ends the test.
func Load(t testing.TB, path string) map[string]Tensor {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(raw), 8, "%s is not a safetensors file", path)
	size := binary.LittleEndian.Uint64(raw)
	require.LessOrEqual(t, size, uint64(len(raw)-8), "%s: header size", path)
	var header map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(raw[8:8+size], &header), path)
	delete(header, "__metadata__")
	data, out := raw[8+size:], make(map[string]Tensor, len(header))
	for name, entry := range header {
		var e struct {
			DType   string `json:"dtype"`
			Shape   []int  `json:"shape"`
			Offsets [2]int `json:"data_offsets"`
		}
		require.NoError(t, json.Unmarshal(entry, &e), "%s: %s", path, name)
		require.True(t, 0 <= e.Offsets[0] && e.Offsets[0] <= e.Offsets[1] && e.Offsets[1] <= len(data), "%s: %s: offsets", path, name)
		out[name] = Tensor{e.DType, e.Shape, data[e.Offsets[0]:e.Offsets[1]]}
	}
	return out
}

// Len is the number of elements.
func (x Tensor) Len() int {
	n := 1
	for _, d := range x.Shape {
		n *= d
	}
	return n
}

// Uint8 returns the elements of a "U8" or "BOOL" tensor.
func (x Tensor) Uint8() []uint8 { return x.Bytes }

// Float32 returns the elements as float32, whatever the type in the file; it panics on half precision.
func (x Tensor) Float32() []float32 {
	wide := x.Float64()
	out := make([]float32, len(wide))
	for i, v := range wide {
		out[i] = float32(v)
	}
	return out
}

// Int64 returns the elements of an integer tensor.
func (x Tensor) Int64() []int64 {
	wide := x.Float64()
	out := make([]int64, len(wide))
	for i, v := range wide {
		out[i] = int64(v)
	}
	if x.DType == "I64" { // float64 would round large ones
		for i := range out {
			out[i] = int64(binary.LittleEndian.Uint64(x.Bytes[8*i:]))
		}
	}
	return out
}

// Float64 returns the elements as float64, whatever the type in the file; it panics on half precision.
func (x Tensor) Float64() []float64 {
	out, le := make([]float64, x.Len()), binary.LittleEndian
	for i := range out {
		switch x.DType {
		case "U8", "BOOL":
			out[i] = float64(x.Bytes[i])
		case "I32":
			out[i] = float64(int32(le.Uint32(x.Bytes[4*i:])))
		case "I64":
			out[i] = float64(int64(le.Uint64(x.Bytes[8*i:])))
		case "F32":
			out[i] = float64(math.Float32frombits(le.Uint32(x.Bytes[4*i:])))
		case "F64":
			out[i] = math.Float64frombits(le.Uint64(x.Bytes[8*i:]))
		default:
			panic("goldentest: no reader for " + x.DType)
		}
	}
	return out
}
