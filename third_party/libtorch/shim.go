package libtorch

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Shim is a built C++ shim and what it was built for.
type Shim struct {
	Path     string // the library
	Libtorch string // the LibTorch to open before it: $LIBTORCH where set, else the one it was built against
	Stamp    string // of the sources, see native.Stamp
}

// A sidecar is the file beside a shim that describes it; the shim's CMakeLists.txt writes it.
type sidecar struct {
	Libtorch string `json:"libtorch"`
	Version  string `json:"version"`
	Stamp    string `json:"stamp"`
}

// FindShim looks for the shim with this stamp: the file in $FORGER_SHIM, then beside the executable, then in
// build/native of Forger's own tree where the program was compiled from one, then in the cache. It starts no process, and
// needs no headers: a program can travel with its shim and LibTorch's libraries, LIBTORCH saying where these are.
//
// Tried lists the places that came before the one found, or all of them with an error, whose text is the same list
// with the command that helps. Where FORGER_SHIM is set, only it counts.
func FindShim(stamp string) (Shim, []Tried, error) {
	what := fmt.Sprintf("the C++ shim of this program (sources %.16s, LibTorch %s)", stamp, Version)
	root := os.Getenv("LIBTORCH")
	if root != "" {
		if _, err := checkRuntime(root, "LIBTORCH"); err != nil {
			return Shim{}, []Tried{{"LIBTORCH=" + root, err.Error()}}, wrongLIBTORCH(root, err)
		}
	}
	var tried []Tried
	for _, path := range shimPlaces(stamp, &tried) {
		shim, err := readShim(path, stamp, root)
		if err == nil {
			return shim, tried, nil
		}
		tried = append(tried, Tried{path, err.Error()})
	}
	return Shim{}, tried, notFound(what, tried)
}

func shimPlaces(stamp string, tried *[]Tried) []string {
	if path := os.Getenv("FORGER_SHIM"); path != "" {
		return []string{path}
	}
	*tried = append(*tried, Tried{"FORGER_SHIM", "not set"})
	var places []string
	if exe, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(exe); err == nil {
			exe = real
		}
		places = append(places, filepath.Join(filepath.Dir(exe), libName("forger")))
	}
	// With -trimpath the name is no path on this machine; in the module cache nobody builds.
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		tree := filepath.Join(filepath.Dir(file), "..", "..")
		if _, err := os.Stat(filepath.Join(tree, "CMakeLists.txt")); err == nil {
			places = append(places, filepath.Join(tree, "build", "native", libName("forger")))
		}
	}
	cache, err := CacheDir()
	if err != nil {
		*tried = append(*tried, Tried{"cache", err.Error()})
		return places
	}
	return append(places, cachedShim(cache, stamp))
}

// cachedShim is where BuildShim puts a shim.
func cachedShim(cache, stamp string) string {
	return filepath.Join(cache, "shim", fmt.Sprintf("%.16s-%s", stamp, Version), libName("forger"))
}

func sidecarOf(shim string) string {
	return strings.TrimSuffix(shim, filepath.Ext(shim)) + ".json"
}

// readShim accepts a shim, or says in one clause why it cannot be used. It belongs to the LibTorch in root or, where
// that is empty, to the one it was built against.
func readShim(path, stamp, root string) (Shim, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Shim{}, err
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return Shim{}, errors.New("no such file")
	}
	text, err := os.ReadFile(sidecarOf(path))
	if err != nil {
		return Shim{}, fmt.Errorf("it has no %s beside it", filepath.Base(sidecarOf(path)))
	}
	var s sidecar
	if err := json.Unmarshal(text, &s); err != nil {
		return Shim{}, fmt.Errorf("%s cannot be read: %w", filepath.Base(sidecarOf(path)), err)
	}
	switch {
	case s.Stamp != stamp:
		return Shim{}, fmt.Errorf("it was built from other sources (%.16s)", s.Stamp)
	case s.Version != Version:
		return Shim{}, fmt.Errorf("it was built for LibTorch %s", s.Version)
	}
	if root == "" {
		root = s.Libtorch
	}
	inst, err := checkRuntime(root, "")
	if err != nil {
		return Shim{}, fmt.Errorf("its LibTorch in %s cannot be used: %w", root, err)
	}
	return Shim{Path: path, Libtorch: inst.Root, Stamp: stamp}, nil
}
