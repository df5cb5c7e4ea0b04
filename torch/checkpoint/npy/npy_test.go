package npy

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }

// The files in testdata are NumPy 2.4's.
func TestReadTakesEveryTypeAndOrder(t *testing.T) {
	torchtest.Native(t)
	upTo := func(n int) (out []float64) {
		for i := range n {
			out = append(out, float64(i))
		}
		return out
	}
	for file, want := range map[string]struct {
		dtype  torch.DType
		shape  []int
		values []float64
	}{
		"f8":         {torch.Float64, []int{2, 3}, upTo(6)},
		"fortran_f4": {torch.Float32, []int{2, 3, 4}, upTo(24)},
		"big_i4":     {torch.Int32, []int{2, 3}, upTo(6)},
		"v2_i8":      {torch.Int64, []int{2, 3}, upTo(6)},
		"v3_i8":      {torch.Int64, []int{2, 3}, upTo(6)},
		"bool":       {torch.Bool, []int{3}, []float64{1, 0, 1}},
		"scalar_f2":  {torch.Float16, []int{}, []float64{1.5}},
		"empty_u2":   {torch.Uint16, []int{0, 3}, []float64{}},
	} {
		a, err := Read("testdata/" + file + ".npy")
		require.NoError(t, err, file)
		require.Equal(t, want.dtype, a.DType, file)
		require.Equal(t, want.shape, a.Shape, file)
		torch.Scope(func() {
			require.Equal(t, want.values, torch.Values[float64](a.Tensor().ToDType(torch.Float64)), file)
		})
	}
	a, err := Read("testdata/big_c16.npy")
	require.NoError(t, err)
	require.Equal(t, torch.Complex128, a.DType)
	require.Equal(t, complex(5, 1), complex(float(a.Data[80:]), float(a.Data[88:])))
}

func float(data []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(data)) }

func TestReadZipTakesTheStatisticsOfADistance(t *testing.T) {
	stored, err := ReadZip("testdata/stored.npz")
	require.NoError(t, err)
	require.Len(t, stored, 2)
	// The archive also holds an array of Python objects, which nobody asks for.
	compressed, err := ReadZip("testdata/compressed.npz", "mu", "sigma")
	require.NoError(t, err)
	require.Equal(t, stored, compressed)
	require.Equal(t, []int{3, 3}, stored["sigma"].Shape)
	require.Equal(t, 2.0, float(stored["mu"].Data[16:]))

	_, err = ReadZip("testdata/compressed.npz")
	require.EqualError(t, err, `testdata/compressed.npz: array "names": it is an array of Python objects, which only Python can read: save numbers`)
	_, err = ReadZip("testdata/stored.npz", "mu", "cov")
	require.EqualError(t, err, `testdata/stored.npz: it has no array "cov"`)
	_, err = ReadZip("testdata/f8.npy")
	require.ErrorContains(t, err, "testdata/f8.npy: the zip archive is damaged")
}

func TestWhatIsReadIsWrittenAsByNumPy(t *testing.T) {
	for _, name := range []string{"f8", "bool", "scalar_f2", "empty_u2"} {
		path := filepath.Join("testdata", name+".npy")
		a, err := Read(path)
		require.NoError(t, err)
		again := filepath.Join(t.TempDir(), "again.npy")
		require.NoError(t, Write(again, a))
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		got, err := os.ReadFile(again)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), name)
	}
	arrays, err := ReadZip("testdata/stored.npz")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "again.npz")
	require.NoError(t, WriteZip(path, arrays))
	again, err := ReadZip(path)
	require.NoError(t, err)
	require.Equal(t, arrays, again)
}

func TestWriteRefusesWhatNumPyLacks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npy")
	require.EqualError(t, Write(path, Array{DType: torch.BFloat16}), "saving "+path+": NumPy has no type bfloat16")
	require.EqualError(t, WriteZip(path, map[string]Array{"a": {DType: torch.Int8, Shape: []int{2}}}),
		"saving "+path+`: array "a": an array of shape [2] and type int8 needs 2 bytes, not 0`)
	require.NoFileExists(t, path)
}

// file is a .npy file of version 1 made by hand.
func file(header string, size int) []byte {
	head := binary.LittleEndian.AppendUint16([]byte(magic+"\x01\x00"), uint16(len(header)))
	return append(append(head, header...), make([]byte, size)...)
}

func TestReadRefusesHostileFiles(t *testing.T) {
	dict := func(descr, shape string) string {
		return "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + ", }"
	}
	for says, content := range map[string]string{
		"does not begin with NumPy's mark":        "",
		"it is a web page":                        "<!DOCTYPE html>",
		"version of the format is 4.0":            magic + "\x04\x00\x00\x00\x00\x00",
		"cut off inside the header":               magic + "\x01\x00\x10\x00",
		"its header has 4294967295 bytes":         magic + "\x02\x00\xff\xff\xff\xff",
		"needs 1600000000 bytes, 8 are there":     string(file(dict("'<f8'", "(200000000,)"), 8)),
		"needs 8 bytes, 9 are there":              string(file(dict("'<f8'", "()"), 9)),
		"has too many elements":                   string(file(dict("'<f8'", "(0, 4611686018427387904, 8)"), 0)),
		"its header is not that of an array":      string(file(dict("'<f8'", "(-1,)"), 0)),
		"not one of integers":                     string(file(dict("'<f8'", "(1 2,)"), 0)),
		"more than 64 dimensions":                 string(file(dict("'<f8'", "("+strings.Repeat("1,", 65)+")"), 8)),
		"type \"'<f3'\", not of numbers":          string(file(dict("'<f3'", "(1,)"), 3)),
		"type \"''\", not of numbers":             string(file(dict("''", "(1,)"), 3)),
		"type \"'<U2'\", not of numbers":          string(file(dict("'<U2'", "(2,)"), 16)),
		"type \"[('x', '<f4')]\", not of numbers": string(file(dict("[('x', '<f4')]", "(2,)"), 8)),
	} {
		path := filepath.Join(t.TempDir(), "x.npy")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err := Read(path)
		var bad *FormatError
		require.ErrorAs(t, err, &bad, says)
		require.ErrorContains(t, err, path+": ")
		require.ErrorContains(t, err, says)
	}
	for name, says := range map[string]string{"object": "an array of Python objects", "text": "not of numbers", "record": "not of numbers"} {
		_, err := Read("testdata/" + name + ".npy")
		require.ErrorContains(t, err, says)
	}
	_, err := Read("testdata/gone.npy")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// FuzzRead parses arbitrary bytes as both kinds of files. What is accepted is as large as its shape and type ask.
func FuzzRead(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.np?")
	require.NoError(f, err)
	require.NotEmpty(f, paths)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		arrays, err := readZip(data, nil)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			arrays = map[string]Array{}
		}
		if a, err := decode(data); err == nil {
			arrays["x"] = a
		}
		for _, a := range arrays {
			size, err := sizeOf(a.DType, a.Shape)
			require.NoError(t, err)
			require.Len(t, a.Data, size)
			head, err := headerOf(a)
			require.NoError(t, err)
			again, err := decode([]byte(head + string(a.Data)))
			require.NoError(t, err)
			require.Equal(t, a.Shape, again.Shape)
			require.Equal(t, string(a.Data), string(again.Data))
		}
	})
}
