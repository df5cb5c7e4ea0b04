package checkpoint

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzOpen parses arbitrary bytes as a file. What is accepted must be JSON to encoding/json as well, stay inside the
// file, cover it, and survive every use.
func FuzzOpen(f *testing.F) {
	seeds, err := filepath.Glob(filepath.Join("..", "..", "testdata", "parity-core", "files", "*", "*.safetensors"))
	require.NoError(f, err)
	for _, path := range append(seeds, "testdata/golden.safetensors") {
		file, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := &File{path: "x", mapped: data}
		if err := file.readHeader(); err != nil {
			var bad *FormatError
			require.ErrorAs(t, err, &bad)
			return
		}
		fields := map[string]json.RawMessage{}
		require.NoError(t, json.Unmarshal(data[lengthSize:file.header.data], &fields))
		delete(fields, metaKey)
		require.Len(t, file.Names(), len(fields))
		total := file.header.data
		for i := range file.header.entries {
			e := &file.header.entries[i]
			require.Contains(t, fields, e.Name)
			total += int64(len(file.raw(e)))
			summarise(e.Torch, file.raw(e))
		}
		require.Len(t, data, int(total))
		_, err := file.ContentHash()
		require.NoError(t, err)
		_ = file.Verify()
	})
}
