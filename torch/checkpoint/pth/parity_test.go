package pth

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/goldentest"
	"github.com/forgergan/forger/torch"
)

// parityCase is what the tests need of a case's meta.json.
type parityCase struct {
	Class, File string
	Tree        node
	Files       []struct{ File, Expect, Why string }
}

// node is a Python value as the kit describes it.
type node struct {
	Type          string
	Value         json.RawMessage
	Hex           string
	Items         json.RawMessage // of nodes, or of pairs of a key and a node
	Metadata      json.RawMessage `json:"_metadata"`
	Tensor        string          // its name among the outputs
	DType         string
	Shape, Stride []int
	StorageOffset int  `json:"storage_offset"`
	Storage       int  // numbered in the order of first use
	StorageBytes  int  `json:"storage_bytes"`
	RequiresGrad  bool `json:"requires_grad"`
}

// TestParity runs the .pth cases of the kit's group "files", valid and hostile.
func TestParity(t *testing.T) {
	kit := goldentest.Core()
	metas, err := filepath.Glob(filepath.Join(kit, "files", "*", "meta.json"))
	require.NoError(t, err)
	cases := 0
	for _, path := range metas {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var c parityCase
		require.NoError(t, json.Unmarshal(text, &c), path)
		dir := filepath.Dir(path)
		name := "files/" + filepath.Base(dir)
		if c.Class == "torch.save" {
			cases++
			t.Run(name, func(t *testing.T) { parityValid(t, dir, c) })
		}
		if filepath.Base(dir) == "hostile_pth" {
			for _, hostile := range c.Files {
				cases++
				t.Run(name+"/"+hostile.File, func(t *testing.T) {
					parityHostile(t, filepath.Join(dir, hostile.File), hostile.Expect)
				})
			}
		}
	}
	require.NotZero(t, cases, "no .pth cases in %s", kit)
}

func parityValid(t *testing.T, dir string, c parityCase) {
	f := open(t, filepath.Join(dir, c.File))
	outputs := map[string]goldentest.Tensor{}
	if path := filepath.Join(dir, "outputs.safetensors"); exists(path) {
		outputs = goldentest.Load(t, path)
	}
	compare := func(v any) {
		p := &parityTree{t: t, outputs: outputs, storages: map[*Storage]int{}, checked: map[string]bool{}}
		p.compare(c.File, v, c.Tree)
		require.Len(t, p.checked, len(outputs), "recorded tensors that were not compared")
	}
	compare(f.Value())

	again := filepath.Join(t.TempDir(), "again.pth")
	require.NoError(t, Save(again, f.Value()))
	compare(open(t, again).Value())
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// parityTree compares a tree with the recorded one.
type parityTree struct {
	t        *testing.T
	outputs  map[string]goldentest.Tensor
	storages map[*Storage]int
	checked  map[string]bool
}

func (p *parityTree) compare(at string, got any, want node) {
	t := p.t
	switch want.Type {
	case "None":
		require.Nil(t, got, at)
	case "bool":
		require.Equal(t, decode[bool](t, want.Value), got, at)
	case "int":
		text := decode[string](t, want.Value)
		require.Equal(t, text, fmt.Sprint(got), at)
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			require.Equal(t, n, got, at)
		} else {
			require.IsType(t, (*big.Int)(nil), got, at)
		}
	case "float":
		x, err := strconv.ParseFloat(decode[string](t, want.Value), 64)
		require.NoError(t, err)
		require.IsType(t, x, got, at)
		if math.IsNaN(x) {
			require.True(t, math.IsNaN(got.(float64)), at)
		} else {
			require.Equal(t, math.Float64bits(x), math.Float64bits(got.(float64)), at)
		}
	case "complex":
		parts := decode[[2]float64](t, want.Value)
		require.Equal(t, complex(parts[0], parts[1]), got, at)
	case "str":
		require.Equal(t, decode[string](t, want.Value), got, at)
	case "bytes", "bytearray":
		raw, err := hex.DecodeString(want.Hex)
		require.NoError(t, err)
		if want.Type == "bytes" {
			require.Equal(t, Bytes(raw), got, at)
		} else {
			require.Equal(t, ByteArray(raw), got, at)
		}
	case "Size":
		require.Equal(t, Size(decode[[]int](t, want.Value)), got, at)
	case "torch.dtype":
		require.IsType(t, torch.Float16, got, at)
		require.Equal(t, decode[string](t, want.Value), Text(got), at)
	case "torch.device":
		require.Equal(t, Device(decode[string](t, want.Value)), got, at)
	case "list":
		require.IsType(t, &List{}, got, at)
		p.items(at, got.(*List).Items, want)
	case "set":
		require.IsType(t, &Set{}, got, at)
		p.items(at, got.(*Set).Items, want)
	case "tuple":
		require.IsType(t, Tuple{}, got, at)
		p.items(at, got.(Tuple), want)
	case "dict", "OrderedDict", "Counter":
		p.dict(at, got, want)
	case "Tensor", "Parameter":
		p.tensor(at, got, want)
	default:
		require.Fail(t, "a value of an unknown type", "%s: %s", at, want.Type)
	}
}

func (p *parityTree) items(at string, got []any, want node) {
	items := decode[[]node](p.t, want.Items)
	require.Len(p.t, got, len(items), at)
	for i := range items {
		p.compare(fmt.Sprintf("%s[%d]", at, i), got[i], items[i])
	}
}

func (p *parityTree) dict(at string, got any, want node) {
	require.IsType(p.t, &Dict{}, got, at)
	d := got.(*Dict)
	require.Equal(p.t, want.Type, d.Class, at)
	items := decode[[][2]json.RawMessage](p.t, want.Items)
	require.Len(p.t, d.Items, len(items), at)
	for i, item := range items {
		key := node{Type: "str", Value: item[0]}
		if item[0][0] == '{' {
			key = decode[node](p.t, item[0])
		}
		at := fmt.Sprintf("%s[%v]", at, d.Items[i].Key)
		p.compare(at+" key", d.Items[i].Key, key)
		p.compare(at, d.Items[i].Value, decode[node](p.t, item[1]))
	}
	if want.Metadata != nil {
		require.JSONEq(p.t, string(want.Metadata), plainJSON(p.t, d.Metadata), at)
	}
}

// plainJSON is dictionaries, numbers and strings as JSON.
func plainJSON(t *testing.T, v any) string {
	var plain func(v any) any
	plain = func(v any) any {
		d, ok := v.(*Dict)
		if !ok {
			return v
		}
		out := map[string]any{}
		for _, item := range d.Items {
			out[item.Key.(string)] = plain(item.Value)
		}
		return out
	}
	text, err := json.Marshal(plain(v))
	require.NoError(t, err)
	return string(text)
}

func (p *parityTree) tensor(at string, got any, want node) {
	t := p.t
	require.IsType(t, &Tensor{}, got, at)
	x := got.(*Tensor)
	require.Equal(t, want.Type == "Parameter", x.Parameter, at)
	require.Equal(t, want.DType, x.DType.String(), at)
	require.Equal(t, want.Shape, x.Shape, at)
	require.Equal(t, want.Stride, x.Stride, at)
	require.Equal(t, want.StorageOffset, x.Offset, at)
	require.Equal(t, want.RequiresGrad, x.RequiresGrad, at)
	require.Equal(t, want.StorageBytes, x.Storage.Size(), at)
	if _, known := p.storages[x.Storage]; !known {
		p.storages[x.Storage] = len(p.storages)
	}
	require.Equal(t, want.Storage, p.storages[x.Storage], "%s: the storage", at)
	output, ok := p.outputs[want.Tensor]
	require.True(t, ok, at)
	p.checked[want.Tensor] = true
	data, err := x.Bytes()
	require.NoError(t, err, at)
	require.Equal(t, output.Shape, x.Shape, at)
	require.Equal(t, string(output.Bytes), string(data), at)
}

func decode[T any](t *testing.T, raw json.RawMessage) (v T) {
	require.NoError(t, json.Unmarshal(raw, &v))
	return v
}

// readAll reads the values of every tensor.
func readAll(f *File) error {
	return Walk(f.Value(), func(_ string, v any) error {
		if x, ok := v.(*Tensor); ok {
			_, err := x.Bytes()
			return err
		}
		return nil
	})
}

// parityHostile opens a hostile file and reads all of it, watching time and memory.
func parityHostile(t *testing.T, path, expect string) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	f, err := Open(path)
	if err == nil {
		err = readAll(f)
		require.NoError(t, f.Close())
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20), "bytes allocated for a file of a few thousand")
	require.Less(t, time.Since(start), 5*time.Second)
	if err == nil {
		require.Equal(t, "refuse or load", expect, "the file was accepted")
		return
	}
	var bad *FormatError
	require.ErrorAs(t, err, &bad)
	require.ErrorContains(t, err, path+": ")
	require.NotContains(t, err.Error(), "\n")
	t.Log(bad.Reason)
}

func open(t testing.TB, path string) *File {
	f, err := Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}
