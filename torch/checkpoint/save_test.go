package checkpoint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
)

func TestWhatIsSavedIsReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	meta := map[string]string{"step": "20000", "note": "ä \"quoted\"\n"}
	require.NoError(t, Save(path, sample(), meta))
	f := open(t, path)
	require.NoError(t, f.Verify())
	tensors, err := f.Tensors()
	require.NoError(t, err)
	require.Len(t, tensors, len(sample()))
	for i, want := range sample() {
		require.Equal(t, want.Name, tensors[i].Name)
		require.Equal(t, want.DType, tensors[i].DType)
		require.Equal(t, want.Shape, tensors[i].Shape)
		require.Equal(t, string(want.Data), string(tensors[i].Data))
	}
	got := f.Metadata()
	require.Len(t, got["forger.sha256"], 64)
	delete(got, "forger.sha256")
	require.Equal(t, meta, got)
}

func TestTensorsAreAlignedToTheirElements(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	require.NoError(t, Save(path, sample(), nil))
	f := open(t, path)
	require.Zero(t, f.header.data%8)
	for _, e := range f.header.entries {
		require.Zero(t, e.start%int64(e.Torch.Size()), e.Name)
	}
}

// The golden file was read with Python's safetensors 0.8.0 when it was made.
func TestSaveWritesTheSameBytesAsEver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	for range 3 {
		require.NoError(t, Save(path, sample(), map[string]string{"b": "2", "a": "1", "forger.sha256": "of another file"}))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		want, err := os.ReadFile("testdata/golden.safetensors")
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestSaveWritesNothingButMetadata(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	require.NoError(t, Save(path, nil, nil))
	f := open(t, path)
	require.Empty(t, f.Names())
	require.NoError(t, f.Verify())
}

func TestVerifyFindsAFlippedBit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	require.NoError(t, Save(path, sample(), nil))
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	file[len(file)-1] ^= 4
	require.NoError(t, os.WriteFile(path, file, 0o644))
	f := open(t, path)
	var bad *FormatError
	require.ErrorAs(t, f.Verify(), &bad)
	require.ErrorContains(t, bad, path+": the checksum of the data does not match: the file is damaged")
	_, err = Inspect(path)
	require.ErrorAs(t, err, &bad)
}

func TestSaveRefusesBeforeItTouchesTheDisk(t *testing.T) {
	good := Tensor{Name: "a", DType: torch.Uint8, Shape: []int{2}, Data: []byte{1, 2}}
	with := func(change func(t *Tensor)) []Tensor {
		bad := good
		change(&bad)
		return []Tensor{bad}
	}
	for reason, c := range map[string]struct {
		tensors []Tensor
		meta    map[string]string
	}{
		`tensor "a" occurs twice`:                                {tensors: []Tensor{good, good}},
		`a tensor cannot be named __metadata__`:                  {tensors: with(func(t *Tensor) { t.Name = "__metadata__" })},
		`the name of tensor "\xff" is not UTF-8`:                 {tensors: with(func(t *Tensor) { t.Name = "\xff" })},
		`has type complex128, which safetensors`:                 {tensors: with(func(t *Tensor) { t.DType = torch.Complex128 })},
		`has type dtype(99), which safetensors`:                  {tensors: with(func(t *Tensor) { t.DType = 99 })},
		`has 65 dimensions`:                                      {tensors: with(func(t *Tensor) { t.Shape = make([]int, 65) })},
		`the shape [-2] has a negative dimension`:                {tensors: with(func(t *Tensor) { t.Shape = []int{-2} })},
		`needs 3 bytes of data, got 2`:                           {tensors: with(func(t *Tensor) { t.Shape = []int{3} })},
		`the metadata under "\xff" are not UTF-8`:                {meta: map[string]string{"\xff": ""}},
		`the header has 100000112 bytes, the limit is 100000000`: {meta: map[string]string{"k": strings.Repeat("x", maxHeader)}},
	} {
		path := filepath.Join(t.TempDir(), "folder that does not exist", "x.safetensors")
		err := Save(path, c.tensors, c.meta)
		require.ErrorContains(t, err, "saving "+path)
		require.ErrorContains(t, err, reason)
	}
}
