package libtorch

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary play the set-up process that a test kills.
func TestMain(m *testing.M) {
	if os.Getenv("FORGER_TEST_HANG") != "" {
		hang()
		return
	}
	os.Exit(m.Run())
}

// files of a LibTorch small enough for a test.
func libtorchFiles(version string) map[string]string {
	return map[string]string{
		"torch/version.py":                  "from typing import Optional\n__version__ = '" + version + "'\n",
		"torch/lib/" + libName("c10"):       "c10",
		"torch/lib/" + libName("torch_cpu"): "cpu",
		"torch/include/ATen/ATen.h":         "#pragma once\n",
		"torch/include/torch/headeronly/version.h": "#define TORCH_VERSION_MAJOR 2\n" +
			"#define TORCH_VERSION \\\n  \"" + version + "\"\n",
	}
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
}

// fakeLibtorch makes a LibTorch below dir and returns its root.
func fakeLibtorch(t *testing.T, dir, version string) string {
	t.Helper()
	writeFiles(t, dir, libtorchFiles(version))
	return filepath.Join(dir, "torch")
}

// fakeWheel writes a wheel into dir and returns its row of the table.
func fakeWheel(dir, name string, files map[string]string) (wheel, error) {
	path := filepath.Join(dir, name+".whl")
	f, err := os.Create(path)
	if err != nil {
		return wheel{}, err
	}
	z := zip.NewWriter(f)
	for file, text := range files {
		w, err := z.Create(file)
		if err != nil {
			return wheel{}, err
		}
		if _, err := w.Write([]byte(text)); err != nil {
			return wheel{}, err
		}
	}
	if err := z.Close(); err != nil {
		return wheel{}, err
	}
	if err := f.Close(); err != nil {
		return wheel{}, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return wheel{}, err
	}
	sum := sha256.Sum256(text)
	return wheel{name: name, version: "1", size: int64(len(text)), sha256: hex.EncodeToString(sum[:])}, nil
}

// A shelf is a folder of fake wheels that stands for the package index.
type shelf struct {
	dir    string
	wheels []wheel

	mu      sync.Mutex
	fetched []string
	lines   []string
}

// newShelf holds a CPU LibTorch in two wheels, and CUDA libraries in the first and a third.
func newShelf(dir string) (*shelf, error) {
	torch := libtorchFiles(Version + "+cu130")
	torch["torch/lib/"+libName("torch_cuda")] = "cuda"
	torch["torch/lib/"+libName("torch")] = "never needed"
	s := &shelf{dir: dir}
	for _, w := range []struct {
		name      string
		files     map[string]string
		cpu, cuda []string
	}{
		{"torch", torch, []string{"torch/lib/*c10.*", "torch/lib/*torch_cpu.*", "torch/include/", "torch/version.py"},
			[]string{"torch/lib/*torch_cuda.*"}},
		{"runtime", map[string]string{"nvidia/cu13/lib/libcudart.so.13": "rt"}, []string{"nvidia/"}, nil},
		{"cublas", map[string]string{"nvidia/cu13/lib/libcublas.so.13": "blas"}, nil, []string{"nvidia/"}},
	} {
		row, err := fakeWheel(dir, w.name, w.files)
		if err != nil {
			return nil, err
		}
		row.cpu, row.cuda = w.cpu, w.cuda
		s.wheels = append(s.wheels, row)
	}
	return s, nil
}

// setup returns one that takes its wheels from the shelf, in the cache that FORGER_CACHE names.
func (s *shelf) setup() *setup {
	cache, err := CacheDir()
	if err != nil {
		panic(err)
	}
	return &setup{
		cache: cache,
		log:   s.log,
		wheels: func(parts []part) (wheels []wheel, err error) {
			for _, w := range s.wheels {
				for _, p := range parts {
					if len(w.patterns(p)) > 0 {
						wheels = append(wheels, w)
						break
					}
				}
			}
			return wheels, nil
		},
		fetch: s.fetch,
	}
}

func (s *shelf) fetch(_ context.Context, w wheel, dir string, _ Logf) (string, error) {
	s.mu.Lock()
	s.fetched = append(s.fetched, w.name)
	s.mu.Unlock()
	text, err := os.ReadFile(filepath.Join(s.dir, w.name+".whl"))
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, w.name+".whl")
	return file, os.WriteFile(file, text, 0o644)
}

func (s *shelf) log(format string, a ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, fmt.Sprintf(format, a...))
}

func (s *shelf) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

// isolate gives the test a cache of its own and a machine with nothing on PATH, and returns the cache.
func isolate(t *testing.T) string {
	t.Helper()
	cache := filepath.Join(t.TempDir(), "cache")
	t.Setenv("FORGER_CACHE", cache)
	t.Setenv("LIBTORCH", "")
	t.Setenv("FORGER_SHIM", "")
	t.Setenv("PATH", t.TempDir())
	return cache
}

// fakePython puts a python3 that runs a shell script first on PATH.
func fakePython(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "python3"), []byte("#!/bin/sh\n"+script), 0o755))
	t.Setenv("PATH", dir+":/usr/bin:/bin")
}
