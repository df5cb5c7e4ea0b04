package checkpoint

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
)

// sampleContent was computed from the golden file by a Python program after the doc comment of ContentHash.
const sampleContent = "sha256:78f49bc3677fe760828a29206a11d3a580cda68dccf173ce7b6da8a7a9a463d8"

func TestContentHashDependsOnTheContentAlone(t *testing.T) {
	dir := t.TempDir()
	tensors := sample()
	require.NoError(t, Save(filepath.Join(dir, "a"), tensors, map[string]string{"k": "v"}))
	slices.Reverse(tensors)
	require.NoError(t, Save(filepath.Join(dir, "b"), tensors, nil))
	for _, name := range []string{"a", "b"} {
		got, err := open(t, filepath.Join(dir, name)).ContentHash()
		require.NoError(t, err)
		require.Equal(t, sampleContent, got)
	}
	got, err := ContentHash(tensors)
	require.NoError(t, err)
	require.Equal(t, sampleContent, got)
}

func TestContentHashSeesEveryChange(t *testing.T) {
	seen := map[string]string{}
	for what, change := range map[string]func(t *Tensor){
		"nothing": func(t *Tensor) {},
		"name":    func(t *Tensor) { t.Name = "b" },
		"type":    func(t *Tensor) { t.DType = torch.Int32 },
		"shape":   func(t *Tensor) { t.Shape = []int{2, 1} },
		"values":  func(t *Tensor) { t.Data = floats(1, 3) },
		"rank":    func(t *Tensor) { t.Shape = []int{1, 2} },
	} {
		tensor := Tensor{Name: "a", DType: torch.Float32, Shape: []int{2}, Data: floats(1, 2)}
		change(&tensor)
		hash, err := ContentHash([]Tensor{tensor})
		require.NoError(t, err)
		require.NotContains(t, seen, hash, what)
		seen[hash] = what
	}
}

func TestContentHashRefusesWhatHasNoContent(t *testing.T) {
	a := Tensor{Name: "a", DType: torch.Float32, Shape: []int{1}, Data: floats(1)}
	_, err := ContentHash([]Tensor{a, a})
	require.EqualError(t, err, `content hash: tensor "a" occurs twice`)
	_, err = ContentHash([]Tensor{{Name: "a", DType: torch.Float32, Shape: []int{2}, Data: floats(1)}})
	require.ErrorContains(t, err, "needs 8 bytes of data, got 4")
	_, err = ContentHash([]Tensor{{Name: "a", DType: 99, Shape: []int{2}}})
	require.ErrorContains(t, err, "unknown type dtype(99)")
	_, err = ContentHash([]Tensor{{Name: "a", DType: torch.Complex128, Shape: []int{1}, Data: make([]byte, 16)}})
	require.NoError(t, err, "a .pth file can hold it")
}
