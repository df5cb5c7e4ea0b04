package pth

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func seeds(f *testing.F) (files [][]byte) {
	paths, err := filepath.Glob("../../../testdata/parity-core/files/*/*.pth")
	require.NoError(f, err)
	require.NotEmpty(f, paths)
	for _, path := range paths {
		file, err := os.ReadFile(path)
		require.NoError(f, err)
		files = append(files, file)
	}
	return files
}

func inMemory(data []byte) *File {
	return &File{path: "x", mapped: data, open: true, storages: map[string]*typedStorage{}}
}

// FuzzOpen parses arbitrary bytes as a file. What is accepted can be read to its end.
func FuzzOpen(f *testing.F) {
	for _, file := range seeds(f) {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file := inMemory(data)
		err := file.parse()
		if err == nil {
			err = readAll(file)
		}
		if err != nil {
			var bad *FormatError
			require.ErrorAs(t, err, &bad)
			require.NotContains(t, err.Error(), "\n")
			return
		}
		requireSame(t, file.value)
	})
}

// FuzzPickle runs arbitrary pickles, which in a zip archive the checksum would hide. Storages are of zeros.
func FuzzPickle(f *testing.F) {
	for _, file := range seeds(f) {
		if a, err := openArchive(file); err == nil {
			if pickle, err := a.zip.Read(a.records[pickleRecord]); err == nil {
				f.Add(pickle)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := unpickle(data)
		if err == nil && checkTree(v) == nil {
			requireSame(t, v)
		}
	})
}

// unpickle runs a pickle whose storages are zeros.
func unpickle(data []byte) (any, error) {
	file := inMemory(nil)
	file.locate = func(key, location string, size int) (*Storage, error) {
		if size > 1<<20 {
			return nil, errors.New("too large")
		}
		s := NewStorage(make([]byte, size))
		s.Key, s.Location = key, location
		return s, nil
	}
	m := &machine{data: data, storage: file.storage}
	return m.run()
}

// requireSame writes a value and reads it again.
func requireSame(t *testing.T, v any) {
	pickle, err := newEncoder().pickle(v)
	if err != nil && strings.Contains(err.Error(), "which PyTorch refuses") {
		return // an 8-bit storage seen as bytes and as floats, say
	}
	require.NoError(t, err)
	again, err := unpickle(pickle)
	if err != nil && (strings.Contains(err.Error(), "too large") || strings.Contains(err.Error(), "handles more than")) {
		return
	}
	require.NoError(t, err)
	require.Equal(t, texts(t, v), texts(t, again))
}

// texts lists the leaves of a tree, the first few.
func texts(t *testing.T, v any) (out []string) {
	enough := errors.New("enough")
	err := Walk(v, func(name string, v any) error {
		if out = append(out, name+" "+Text(v)); len(out) > 1000 {
			return enough
		}
		return nil
	})
	if err != nil {
		require.ErrorIs(t, err, enough)
	}
	return out
}
