package goldentest

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTensorsAreReadInTheirTypes(t *testing.T) {
	header := `{"__metadata__":{"a":"b"},"f":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},` +
		`"i":{"dtype":"I64","shape":[],"data_offsets":[8,16]},"u":{"dtype":"U8","shape":[1,2],"data_offsets":[16,18]}}`
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	file = append(file, header...)
	file = append(file, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0) // 1, -2
	file = append(file, 1, 0, 0, 0, 0, 0, 0, 0x40)       // 2^62 + 1
	file = append(file, 7, 255)
	path := filepath.Join(t.TempDir(), "x.safetensors")
	require.NoError(t, os.WriteFile(path, file, 0o644))
	got := Load(t, path)
	require.Len(t, got, 3)
	require.Equal(t, []float32{1, -2}, got["f"].Float32())
	require.Equal(t, []int64{1<<62 + 1}, got["i"].Int64())
	require.Equal(t, []uint8{7, 255}, got["u"].Uint8())
	require.Equal(t, []float64{7, 255}, got["u"].Float64())
	require.Equal(t, 1, got["i"].Len())
}
