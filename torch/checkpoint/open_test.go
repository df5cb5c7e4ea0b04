package checkpoint

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
)

func TestOpenKeepsTheOrderOfTheHeader(t *testing.T) {
	f := open(t, fileWith(t, `{"z":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},
		"__metadata__":{"k":"v"}, "a":{"shape":[],"data_offsets":[0,4],"dtype":"F32"}}  `, floats(1, 2, 3)))
	require.Equal(t, []string{"z", "a"}, f.Names())
	require.Equal(t, map[string]string{"k": "v"}, f.Metadata())
	info, err := f.Info("z")
	require.NoError(t, err)
	require.Equal(t, Info{Name: "z", DType: "F32", Torch: torch.Float32, Shape: []int{2}, Count: 2, Bytes: 8}, info)
	data, err := f.Bytes("z")
	require.NoError(t, err)
	require.Equal(t, floats(2, 3), data)
	_, err = f.Info("b")
	require.ErrorContains(t, err, `x.safetensors: the file has no tensor "b"`)
	require.ErrorIs(t, f.Verify(), ErrNoChecksum)
}

func TestOpenReadsEscapedNames(t *testing.T) {
	f := open(t, fileWith(t, `{"a\"\\\/\b\f\n\r\tä\u00e4\ud83d\ude00":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"__metadata__":null}`, nil))
	require.Equal(t, []string{"a\"\\/\b\f\n\r\tää😀"}, f.Names())
	require.Empty(t, f.Metadata())
}

func TestTypesThatForgerLacksAreListedAndRefusedOnUse(t *testing.T) {
	f := open(t, fileWith(t, `{"w":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[0,3]},"h":{"dtype":"F4","shape":[4],"data_offsets":[3,5]}}`, make([]byte, 5)))
	info, err := f.Info("w")
	require.NoError(t, err)
	require.Equal(t, "F6_E2M3", info.DType)
	require.Equal(t, torch.DefaultDType, info.Torch)
	_, err = f.Bytes("w")
	require.ErrorContains(t, err, `tensor "w" has type F6_E2M3, which Forger cannot use`)
	_, err = f.Tensors()
	require.Error(t, err)
	_, err = f.ContentHash()
	require.NoError(t, err)
}

// The parity kit's hostile files cover the common faults; these are the corners of the scanner and the checks.
func TestOpenRefusesWithOneSentence(t *testing.T) {
	const ok = `"dtype":"F32","shape":[1],"data_offsets":[0,4]`
	for header, reason := range map[string]string{
		`{}}`: `the header is broken at byte 2: text behind the object: '}'`,
		`{"__metadata__":{"a":"","b":"","c":"","d":"","e":"","f":"","e":""}}`: `__metadata__: the key "e" occurs twice`,
		"{}\x00":                                     `text behind the object`,
		`{`:                                          `expected a string, found its end`,
		`{"a":{` + ok + `},}`:                        `expected a string, found '}'`,
		`{"a" {` + ok + `}}`:                         `expected ':', found '{'`,
		`{"a":{` + ok + `}`:                          `expected '}', found its end`,
		`{"a":{` + ok + `,"x":1}}`:                   `tensor "a": unknown field "x"`,
		`{"a":{` + ok + `,"shape":`:                  `tensor "a": the key "shape" occurs twice`,
		`{"__metadata__":{"k":"1","k":"2"}}`:         `__metadata__: the key "k" occurs twice`,
		`{"__metadata__":{},"__metadata__":{}`:       `x.safetensors: the key "__metadata__" occurs twice`,
		`{"a":{"shape":[1],"data_offsets":[0,4]}}`:   `tensor "a": no dtype`,
		`{"a":{"dtype":"F32","data_offsets":[0,4]}}`: `tensor "a": no shape`,
		`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}`:                                   `tensor "a": 1 data_offsets instead of 2`,
		`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`:                                 `ends at 0 before it begins at 4`,
		`{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}`:                                   `tensor "a": shape: the header is broken at byte 28: expected a list, found '1'`,
		`{"a":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}`:                                `leading zero`,
		`{"a":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}`:                               `1e0 is not an integer`,
		`{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}`:                               `expected a number, found '"'`,
		`{"a":{"dtype":"F32","shape":[1,],"data_offsets":[0,4]}}`:                                `expected a number, found ']'`,
		`{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0]}`:                  `shape: 9223372036854775808 is beyond 2^63-1`,
		`{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,4]}}`:                                  `the shape [3] of type F4 does not fill whole bytes`,
		`{"a":{"dtype":"C128","shape":[1],"data_offsets":[0,16]}}`:                               `tensor "a": unknown dtype "C128"`,
		`{"a":{"dtype":"F32","shape":[4611686018427387904,0,4],"data_offsets":[0,0]}}`:           `has too many elements`,
		`{"a":{"dtype":"F32","shape":[1` + strings.Repeat(",1", 64) + `],"data_offsets":[0,4]}}`: `tensor "a": shape: more than 64 numbers`,
		`{"` + strings.Repeat("ä", 1000) + `":1}`:                                                `ä"… (2000 bytes)`,
		`{"b` + strings.Repeat("ä", 1000) + `":1}`:                                               `ä"… (2001 bytes)`,
		`{"a\q":1}`:             `an unknown escape`,
		`{"a\u12":1}`:           `a broken \u escape`,
		`{"a\ud800":1}`:         `half of a surrogate pair`,
		`{"a\udc00\ud800":1}`:   `half of a surrogate pair`,
		`{"a\ud800\n":1}`:       `a broken \u escape`,
		"{\"a\n\":1}":           `a control character in a string`,
		"{\"\\ta\n\":1}":        `a control character in a string`,
		`{"a\`:                  `a string without an end`,
		`{"a`:                   `a string without an end`,
		`{"a\t`:                 `a string without an end`,
		"{\"a\xff\":1}":         `the header is not UTF-8 text`,
		"":                      `its header does not begin with {`,
		`{"__metadata__":nul}`:  `__metadata__: the header is broken at byte 16: expected an object`,
		`{"__metadata__":nullx`: `expected '}', found 'x'`,
		"{\"a\":\u00a0{" + ok:   `expected an object`,
	} {
		t.Run(reason, func(t *testing.T) {
			path := fileWith(t, header, floats(1))
			_, err := Open(path)
			var bad *FormatError
			require.ErrorAs(t, err, &bad, header)
			require.Equal(t, path, bad.Path)
			require.ErrorContains(t, err, reason)
			require.NotContains(t, err.Error(), "\n")
			require.Less(t, len(err.Error())-len(path), 300)
		})
	}
}

func TestOpenRefusesAFileCutOffAnywhereOrTooLong(t *testing.T) {
	whole, err := os.ReadFile("testdata/golden.safetensors")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "x.safetensors")
	var bad *FormatError
	for n := range whole {
		require.NoError(t, os.WriteFile(path, whole[:n], 0o644))
		_, err := Open(path)
		require.ErrorAs(t, err, &bad, "%d bytes", n)
		if n >= lengthSize {
			require.ErrorContains(t, err, "the file is cut off")
		}
	}
	require.NoError(t, os.WriteFile(path, append(whole, 0), 0o644))
	_, err = Open(path)
	require.ErrorAs(t, err, &bad)
	require.ErrorContains(t, err, "the file is too long")
}

func TestOpenNamesWhatIsNotAFile(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(filepath.Join(dir, "missing"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "missing")
	_, err = Open(dir)
	require.ErrorContains(t, err, "not a file but a folder")
	pipe := filepath.Join(dir, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o644))
	_, err = Open(pipe)
	require.ErrorContains(t, err, "not a file but a pipe")
	for content, kind := range map[string]string{
		"version https://":   "Git LFS pointer",
		"\x80\x02\x8a\x0alP": "a pickle",
	} {
		path := filepath.Join(dir, "other")
		require.NoError(t, os.WriteFile(path, []byte(content+"padding"), 0o644))
		_, err = Open(path)
		require.ErrorContains(t, err, kind)
	}
}

func TestUseAfterCloseIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	require.NoError(t, Save(path, sample(), nil))
	f, err := Open(path)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, f.Close())
	_, err = f.Bytes("weight")
	require.ErrorIs(t, err, os.ErrClosed)
	require.ErrorIs(t, f.Verify(), os.ErrClosed)
	_, err = f.ContentHash()
	require.ErrorIs(t, err, os.ErrClosed)
}

// Another program that cuts a mapped file short makes its pages fault, which would end the process.
func TestAFileThatShrinksWhileItIsReadIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	require.NoError(t, Save(path, []Tensor{{Name: "a", DType: torch.Uint8, Shape: []int{1 << 20}, Data: make([]byte, 1<<20)}}, nil))
	f := open(t, path)
	require.NoError(t, os.Truncate(path, 4096))
	for _, read := range []func() error{f.Verify, func() error { _, err := f.ContentHash(); return err }} {
		var bad *FormatError
		require.True(t, errors.As(read(), &bad))
		require.ErrorContains(t, bad, "cannot be read any more")
	}
}
