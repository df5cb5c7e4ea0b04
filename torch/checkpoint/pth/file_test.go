package pth

import (
	"archive/zip"
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// record is a record of a zip archive made by hand.
type record struct {
	name, content string
	method        uint16
}

// zipOf writes an archive of the given records as a file.
func zipOf(t *testing.T, records ...record) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, r := range records {
		into, err := w.CreateHeader(&zip.FileHeader{Name: r.name, Method: r.method})
		require.NoError(t, err)
		_, err = io.WriteString(into, r.content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	path := filepath.Join(t.TempDir(), "x.pth")
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
	return path
}

// floatsOn is the pickle of a tensor of n float32 whose storage was on a device.
func floatsOn(device string, n byte) string {
	text := func(s string) string { return "X" + string([]byte{byte(len(s)), 0, 0, 0}) + s }
	class := "ctorch\nFloatStorage\n"
	if device != "cpu" {
		class = "ctorch.cuda\nFloatStorage\n"
	}
	return "\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + class + text("0") + text(device) + "K" + string(rune(n)) +
		"tQK\x00K" + string(rune(n)) + "\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR."
}

func TestATensorFromAGPULoadsOnTheCPU(t *testing.T) {
	f := open(t, zipOf(t, record{"x/data.pkl", floatsOn("cuda:1", 2), zip.Store}, record{"x/data/0", "\x00\x00\x80?\x00\x00\x00@", zip.Store}))
	x := f.Value().(*Tensor)
	require.Equal(t, "cuda:1", x.Storage.Location)
	data, err := x.Bytes()
	require.NoError(t, err)
	require.Equal(t, "\x00\x00\x80?\x00\x00\x00@", string(data))
}

func TestFilesOfOtherKindsAreRefusedByName(t *testing.T) {
	pickle := record{"x/data.pkl", "\x80\x02N.", zip.Store}
	zeros := string(make([]byte, 20<<20))
	for says, records := range map[string][]record{
		"it is a TorchScript program":                       {pickle, {"x/constants.pkl", "", zip.Store}},
		`its byte order is "big"`:                           {pickle, {"x/byteorder", "big", zip.Store}},
		`its version of the format is "x"`:                  {pickle, {"x/version", "x", zip.Store}},
		`record "x/version" has 100 bytes`:                  {pickle, {"x/version", zeros[:100], zip.Store}},
		`it has two records "x/version"`:                    {pickle, {"x/version", "3", zip.Store}, {"x/version", "3", zip.Store}},
		"a zip archive without a record data.pkl":           {{"data.pkl", "\x80\x02N.", zip.Store}},
		"its records are 64 times larger than the file":     {pickle, {"x/data/0", zeros, zip.Deflate}},
		"its pickle has 67108865 bytes":                     {{"x/data.pkl", string(make([]byte, 64<<20+1)), zip.Store}},
		"record \"data/0\" has 4 bytes, its tensors need 8": {{"x/data.pkl", floatsOn("cpu", 2), zip.Store}, {"x/data/0", zeros[:4], zip.Store}},
	} {
		path := zipOf(t, records...)
		_, err := Open(path)
		var bad *FormatError
		require.ErrorAs(t, err, &bad, says)
		require.ErrorContains(t, err, says)
	}
}

func TestPicklesThatOnlyALimitStops(t *testing.T) {
	long := func(op string, n int) string { return "\x80\x02" + string(bytes.Repeat([]byte(op), n)) + "." }
	for says, pickle := range map[string]string{
		"handles more than 16777216 values":         long("N0", maxWork/2+1),
		"more than 100 deep":                        "\x80\x02" + string(bytes.Repeat([]byte("]"), 200)) + string(bytes.Repeat([]byte("a"), 199)) + ".",
		"a key of 17 parts":                         "\x80\x02}(" + string(bytes.Repeat([]byte("N"), 17)) + "tNs.",
		"a nested tuple as a key":                   "\x80\x02})\x85\x85Ns.",
		"cannot hold the global torch.FloatStorage": "\x80\x02ctorch\nFloatStorage\n.",
		"sets attributes of a list":                 "\x80\x02]}b.",
		"sets an attribute \"x\" of an OrderedDict": "\x80\x02ccollections\nOrderedDict\n)R}X\x01\x00\x00\x00xNsb.",
		"calls what is not a function":              "\x80\x02ctorch\nTensor\n)R.",
		"rebuilds a":                                "\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(ctorch\nSize\nctorch\nSize\n)NtR.",
		"makes an instance of \"posix\".\"system\"": "\x80\x02(iposix\nsystem\n.",
	} {
		_, err := Open(zipOf(t, record{"x/data.pkl", pickle, zip.Store}))
		require.ErrorContains(t, err, says)
	}
}

func TestPython2sOrderedDictIsAListOfPairs(t *testing.T) {
	f := open(t, zipOf(t, record{"x/data.pkl", "\x80\x02ccollections\nOrderedDict\n](](U\x01aK\x01e](U\x01bK\x02ee\x85R.", zip.Store}))
	require.Equal(t, &Dict{Class: "OrderedDict", Items: []Item{{"a", int64(1)}, {"b", int64(2)}}}, f.Value())
}

func TestKeysThatAreEqualInPythonAreOne(t *testing.T) {
	f := open(t, zipOf(t, record{"x/data.pkl", "\x80\x02}(K\x01U\x01a\x88U\x01bG\x3f\xf0\x00\x00\x00\x00\x00\x00U\x01cu.", zip.Store}))
	require.Equal(t, []Item{{int64(1), "c"}}, f.Value().(*Dict).Items)
}

func TestALargeDictionaryFindsItsKeys(t *testing.T) {
	pickle := "\x80\x02}("
	for i := range 40 {
		pickle += "K" + string([]byte{byte(i % 20)}) + "K" + string([]byte{byte(i)})
	}
	f := open(t, zipOf(t, record{"x/data.pkl", pickle + "u.", zip.Store}))
	require.Len(t, f.Value().(*Dict).Items, 20)
	for i, item := range f.Value().(*Dict).Items {
		require.Equal(t, Item{int64(i), int64(20 + i)}, item)
	}
}

func TestAFileCanBeListedAndPartsLoaded(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		w := torch.FromSlice([]float32{1, 2, 3, 4}, 2, 2)
		f := saved(t, &Dict{Items: []Item{
			{"epoch", 3}, {"nets", []any{&Dict{Items: []Item{{"conv.weight", w}}}, Tuple{w.Clone()}}}, {"lr", 1e-4},
		}})
		epoch, err := At(f.Value(), "epoch")
		require.NoError(t, err)
		require.Equal(t, int64(3), epoch)
		require.Equal(t, []string{"epoch 3", "nets.0.conv.weight tensor[2 2] float32", "nets.1.0 tensor[2 2] float32", "lr 0.0001"}, texts(t, f.Value()))
		state, err := f.StateDict("nets", 0)
		require.NoError(t, err)
		require.Equal(t, "conv.weight", state[0].Name)
		require.Equal(t, []float32{1, 2, 3, 4}, torch.Values[float32](state[0].Tensor))
		_, err = f.StateDict("nets", 2)
		require.EqualError(t, err, f.path+": the file has no 2 in nets")

		twice := saved(t, &Dict{Items: []Item{{"a.b", w}, {"a", &Dict{Items: []Item{{"b", w}}}}}})
		_, err = twice.StateDict()
		require.ErrorContains(t, err, `two tensors have the name "a.b"`)
	})
}

func TestOpenNamesWhatIsNotAFile(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(filepath.Join(dir, "gone"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Open(dir)
	require.ErrorContains(t, err, "not a file but a folder")
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	_, err = Open(pipe)
	require.ErrorContains(t, err, "not a file but a pipe")
	require.False(t, Is(pipe))
	tar := filepath.Join(dir, "tar")
	require.NoError(t, os.WriteFile(tar, append(make([]byte, 257), "ustar\x00"...), 0o600))
	_, err = Open(tar)
	require.ErrorContains(t, err, "a tar archive of PyTorch before 0.1.10")
}

func TestAFileThatIsCutWhileOpenIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pth")
	require.NoError(t, Save(path, NewTensor(torch.Int8, make([]byte, 1<<20), 1<<20)))
	f := open(t, path)
	require.NoError(t, os.Truncate(path, 4096))
	_, err := f.Value().(*Tensor).Bytes()
	require.ErrorContains(t, err, "the file cannot be read any more")
}

// A safetensors file may begin with the bytes of another format, in its length field.
func TestASafetensorsFileIsNotTakenForAPickle(t *testing.T) {
	require.False(t, isLegacy([]byte("\x80\x02\x00\x00\x00\x00\x00\x00{\"a\"")))
	require.False(t, isZip([]byte("PK\x03\x04\x00\x00\x00\x00{\"a\"")))
}

func TestTextShowsPlainValuesInALine(t *testing.T) {
	for want, v := range map[string]any{
		"None": nil, "True": true, "False": false, "17": int64(17), "17.0": 17.0, "-0.5": -0.5, "inf": math.Inf(1),
		"1e-08": 1e-8, "nan": math.NaN(), "a b": "a b", "torch.bfloat16": torch.BFloat16, "cuda:0": Device("cuda:0"),
		"2 bytes": Bytes{1, 2}, "(1, \"a\", None)": Tuple{int64(1), "a", nil}, "{1}": &Set{[]any{int64(1)}},
		"[0, 0, 0, 0, 0, 0, 0, 0, and 2 more]": &List{slices.Repeat([]any{int64(0)}, 10)},
		"tensor[2] int8":                       NewTensor(torch.Int8, []byte{1, 2}, 2),
	} {
		require.Equal(t, want, Text(v))
	}
}
