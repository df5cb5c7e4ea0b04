package pth

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// saved saves a value and opens the file.
func saved(t *testing.T, v any) *File {
	path := filepath.Join(t.TempDir(), "x.pth")
	require.NoError(t, Save(path, v))
	return open(t, path)
}

func TestTheArchiveIsLaidOutAsByPyTorch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net_G.v2.pth")
	v := &Dict{Items: []Item{{"a", NewTensor(torch.Int8, []byte{1, 2, 3}, 3)}, {"b", NewTensor(torch.Uint8, nil, 0)}}}
	require.NoError(t, Save(path, v))
	r, err := zip.OpenReader(path)
	require.NoError(t, err)
	defer r.Close()
	var names []string
	for _, record := range r.File {
		names = append(names, record.Name)
		require.Equal(t, zip.Store, record.Method)
		at, err := record.DataOffset()
		require.NoError(t, err)
		require.Zero(t, at%64, "%s begins at %d", record.Name, at)
	}
	require.Equal(t, []string{
		"net_G.v2/data.pkl", "net_G.v2/.format_version", "net_G.v2/.storage_alignment", "net_G.v2/byteorder",
		"net_G.v2/data/0", "net_G.v2/data/1", "net_G.v2/version",
	}, names)

	again := filepath.Join(t.TempDir(), "net_G.v2.pth")
	require.NoError(t, Save(again, v))
	require.Equal(t, read(t, path), read(t, again), "the same value gives the same bytes")
}

func read(t *testing.T, path string) string {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}

func TestSharedTensorsAndStoragesStayShared(t *testing.T) {
	storage := NewStorage([]byte{0, 1, 2, 3, 4, 5})
	row := &Tensor{DType: torch.Uint8, Shape: []int{3}, Stride: []int{2}, Offset: 1, Storage: storage}
	whole := &Tensor{DType: torch.Uint8, Shape: []int{2, 3}, Stride: []int{3, 1}, Storage: storage}
	list := &List{Items: []any{row, Tuple{row, whole}}}
	f := saved(t, Tuple{list, list})
	got := f.Value().(Tuple)
	require.Same(t, got[0], got[1])
	items := got[0].(*List).Items
	require.Same(t, items[0], items[1].(Tuple)[0])
	require.Same(t, items[0].(*Tensor).Storage, items[1].(Tuple)[1].(*Tensor).Storage)
	data, err := items[0].(*Tensor).Bytes()
	require.NoError(t, err)
	require.Equal(t, []byte{1, 3, 5}, data)
}

func TestTiedWeightsAreTiedInTheFileAndWhenLoaded(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	torch.Scope(func() {
		w := torch.FromSlice([]float32{1, 2}).SetRequiresGrad(true)
		f := saved(t, &Dict{Class: "OrderedDict", Items: []Item{{"0.weight", w}, {"1.weight", w}, {"2.weight", w.Clone()}}})
		state, err := f.StateDict()
		require.NoError(t, err)
		require.Len(t, state, 3)
		require.Same(t, state[0].Tensor, state[1].Tensor)
		require.NotSame(t, state[0].Tensor, state[2].Tensor)
		require.False(t, f.Value().(*Dict).Items[0].Value.(*Tensor).RequiresGrad)
		require.Equal(t, []float32{1, 2}, torch.Values[float32](state[2].Tensor))
	})
}

func TestEveryElementTypeGoesThroughAFile(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		for d := torch.Uint8; d.Size() > 0; d++ {
			data := make([]byte, 3*d.Size())
			for i := range data {
				data[i] = byte(i % 2)
			}
			state, err := saved(t, torch.FromBytes(d, data, 1, 3)).StateDict()
			require.NoError(t, err)
			require.Equal(t, d, state[0].Tensor.DType())
			require.Equal(t, []int{1, 3}, state[0].Tensor.Shape())
			require.Equal(t, data, state[0].Tensor.Bytes())
		}
	})
}

func TestSaveRefusesWhatAFileCannotHold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pth")
	require.NoError(t, Save(path, "old"))
	old := read(t, path)
	cycle := &List{}
	cycle.Items = []any{cycle, cycle}
	storage := NewStorage(make([]byte, 8))
	for says, v := range map[string]any{
		"a .pth file cannot hold a value of type float32": []any{float32(1)},
		"values lie in each other more than 100 deep":     cycle,
		"a list cannot be a key of a dictionary":          &Dict{Items: []Item{{cycle, 1}}},
		"a tuple cannot be in a set":                      &Set{[]any{Tuple{cycle}}},
		"a .pth file cannot hold a defaultdict":           &Dict{Class: "defaultdict"},
		"a string of 1 bytes is not UTF-8 text":           "\xff",
		"a tensor has no storage":                         &Tensor{DType: torch.Int8},
		"a tensor has the type default":                   &Tensor{Storage: storage},
		"a tensor has 1 sizes and 0 strides":              &Tensor{DType: torch.Int8, Shape: []int{1}, Storage: storage},
		"needs 9 elements of its storage, which has 8":    &Tensor{DType: torch.Int8, Shape: []int{9}, Stride: []int{1}, Storage: storage},
		"8 bytes is viewed as int8 and int16":             Tuple{&Tensor{DType: torch.Int8, Storage: storage}, &Tensor{DType: torch.Int16, Storage: storage}},
	} {
		err := Save(path, v)
		require.ErrorContains(t, err, "saving "+path+": ")
		require.ErrorContains(t, err, says)
		require.Equal(t, old, read(t, path))
	}
	missing := filepath.Join(t.TempDir(), "gone", "x.pth")
	require.ErrorContains(t, Save(missing, 1), "the folder "+filepath.Dir(missing)+" does not exist")
	require.PanicsWithError(t, "torch.NewTensor: 3 bytes are no float32 tensor [shapes (2,)]", func() { NewTensor(torch.Float32, make([]byte, 3), 2) })
}

// A storage that cannot be read ends the save, as a full disk does, and leaves the previous file.
func TestAFailedSaveLeavesThePreviousFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pth")
	require.NoError(t, Save(path, NewTensor(torch.Int8, []byte{1}, 1)))
	old := read(t, path)
	f, err := Open(path)
	require.NoError(t, err)
	v := f.Value()
	require.NoError(t, f.Close())
	err = Save(path, v)
	require.ErrorIs(t, err, os.ErrClosed)
	require.ErrorContains(t, err, "the previous file is intact")
	require.Equal(t, old, read(t, path))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func TestALongNameOfAFolderStaysUTF8(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("ü", 100)+".ckpt")
	require.NoError(t, Save(path, 1))
	require.Equal(t, int64(1), open(t, path).Value())
}
