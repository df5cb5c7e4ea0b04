package labels

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
)

// inferred writes labels of nine items of three classes and returns the path.
func inferred(t *testing.T, f File) string {
	path := filepath.Join(t.TempDir(), "labels.json")
	f.Set, f.Classes = "three", []string{"a", "b", "c"}
	require.NoError(t, Write(path, f))
	return path
}

func TestLabelsOfAFileReplaceThoseOfTheSet(t *testing.T) {
	set := cycle("three", []string{"a", "b", "c"}, 4)
	path := inferred(t, File{Labels: []int32{0, 1, -1, 2}, Probabilities: [][]float32{{1, 0, 0}, {0, 1, 0}, {0.5, 0.25, 0.25}, {0, 0, 1}}})
	s := change(t, set, "file:"+path)
	require.Equal(t, []int{0, 1, -1, 2}, all(s))
	require.Equal(t, 1, s.Report().Unlabelled)
	b, err := data.ReadItems(s, 2, 2)
	require.NoError(t, err)
	require.Equal(t, []int64{-1, 2}, b.Find("label").Int64)
	require.Equal(t, []int64{2, 0}, b.Find("clean").Int64)
	require.Equal(t, []float32{0.5, 0.25, 0.25, 0, 0, 1}, b.Find("probabilities").Float32)
	require.Equal(t, []float32{2, 3}, b.Find("value").Float32)

	text := s.Options().String()
	require.Regexp(t, `^file:.*labels\.json#[0-9a-f]{8}$`, text)
	require.Equal(t, all(s), all(change(t, set, text)))
	require.Nil(t, fieldOf(change(t, set, "file:"+inferred(t, File{Labels: make([]int32, 4)})), "probabilities"))
}

func fieldOf(s *Set, name string) *data.Field {
	for _, f := range s.Fields() {
		if f.Name == name {
			return &f
		}
	}
	return nil
}

func TestAFileOfLabelsThatDoesNotFitIsRefused(t *testing.T) {
	path := inferred(t, File{Labels: []int32{0, 1, 2}})
	o, err := Parse("file:" + path)
	require.NoError(t, err)
	_, err = Apply(cycle("three", []string{"a", "b", "c"}, 4), o)
	require.ErrorContains(t, err, "the file has labels of 3 items and 3 classes of three, the set has 4 and 3")
	_, err = Apply(cycle("other", digits[:3], 3), o)
	require.ErrorContains(t, err, "the set has 3 and 3")

	_, err = Parse("file:" + path + ",keep:0.5")
	require.ErrorContains(t, err, "gives all labels, so nothing else can be asked for")
	_, err = Parse("file:" + path + "#00000000")
	require.ErrorContains(t, err, "has other labels than it had: its checksum is")
	_, err = Parse("file:" + filepath.Dir(path))
	require.ErrorContains(t, err, "is not a file of at most 1 GB")
	require.NoError(t, os.WriteFile(path, []byte("[[1]]"), 0o666))
	_, err = Parse("file:" + path)
	require.ErrorContains(t, err, path+" holds no labels: json: cannot unmarshal array")

	for want, f := range map[string]File{
		"a share of 2 of the items is not in (0, 1]":                {Labels: []int32{0}, Items: 2},
		"item 1 has the label 3, which is none of 3 classes":        {Labels: []int32{0, 3}},
		"there are no classes, or no items":                         {},
		"1 items have probabilities, not all 2":                     {Labels: []int32{0, 1}, Probabilities: [][]float32{{1, 0, 0}}},
		"item 0 has 2 probabilities, not one for each of 3 classes": {Labels: []int32{0}, Probabilities: [][]float32{{1, 0}}},
	} {
		f.Classes = []string{"a", "b", "c"}
		require.EqualError(t, Write("x.json", f), "x.json: "+want)
	}
}

func TestAFileSaysWhichItemsItIsOf(t *testing.T) {
	set := cycle("three", []string{"a", "b", "c"}, 12)
	items := change(t, set, "items:0.5,seed:4")
	s := change(t, set, "file:"+inferred(t, File{Items: 0.5, Seed: new(uint32(4)), Labels: []int32{0, 1, 2, 2, 1, 0}}))
	require.Equal(t, items.items, s.items)
	require.Equal(t, []int{0, 1, 2, 2, 1, 0}, all(s))
}

func TestItemsWithoutALabelAreLeftOut(t *testing.T) {
	set := cycle("three", []string{"a", "b", "c"}, 90)
	kept, only := change(t, set, "keep:0.1,seed:3"), change(t, set, "only:0.1,seed:3")
	require.Equal(t, "only:0.1,seed:3", only.Options().String())
	require.Equal(t, 9, only.Len())
	n := 0
	for i := range kept.Len() {
		if kept.Label(i) < 0 {
			continue
		}
		row := []data.Array{{Float32: make([]float32, 1)}, {Int64: make([]int64, 1)}, {Int64: make([]int64, 1)}}
		require.NoError(t, only.Read(n, rand.New(rand.NewPCG(0, 0)), row))
		require.Equal(t, float32(i), row[0].Float32[0])
		require.Equal(t, kept.Label(i), only.Label(n))
		n++
	}
	require.Equal(t, n, only.Len())
	require.Zero(t, only.Report().Unlabelled)
	require.Len(t, change(t, set, "only:0.1,symmetric:0.5").before, 9)
}

func FuzzFile(f *testing.F) {
	f.Add([]byte(`{"set":"three","classes":["a","b"],"labels":[0,1,-1],"probabilities":[[1,0],[0,1],[0.5,0.5]]}`))
	f.Add([]byte(`{"classes":["a"],"labels":[1]}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := parseFile(raw)
		if err != nil {
			return
		}
		set := items{"any", file.Classes, make([]int, len(file.Labels))}
		s, err := Apply(set, Options{File: file})
		require.NoError(t, err)
		_, err = data.ReadItems(s, 0, s.Len())
		require.NoError(t, err)
	})
}
