// Package libtorch pins LibTorch, finds or downloads it, and builds Forger's C++ shim against it.
//
// Forger does not link LibTorch: the loader in torch/internal/capi opens it at run time, together with the shim. This
// package answers where both are, and brings them where they are missing:
//
//	inst, err := libtorch.Get(ctx, libtorch.Options{Log: log.Printf})
//	...
//	shim, err := libtorch.BuildShim(ctx, inst, native.Sources(), native.Stamp(), log.Printf)
//
// A program that only wants to run asks [FindShim], which starts no process and reads no more than two small files a
// place.
//
// # Where things are
//
// Everything this package writes lies under [CacheDir]:
//
//	libtorch-2.11.0/                 LibTorch in the layout of its wheels: torch/lib beside nvidia/cu13/lib,
//	                                 because LibTorch looks for its CUDA libraries relative to itself
//	shim/<stamp>-2.11.0/             libforger.so and libforger.json, which says what it was built for
//	tools/                           cmake and ninja, where the machine has none
//	work/                            downloads and builds under way
//	lock                             held by the one process that changes any of the above
//
// # Invariants
//
// A folder appears under its final name by one rename, after all of it is on disk: whatever moment a set-up is killed
// at, the next one finds either the whole or nothing, and removes what was left in work/. CUDA libraries join an
// existing LibTorch file by file, libtorch_cuda.so last: where it is, everything that it needs is.
//
// Nothing is trusted by its name: each downloaded wheel must have the sha256 that wheels.go pins, a LibTorch found
// elsewhere must have the pinned version, and a shim must carry the stamp of the sources that the program was built
// with.
package libtorch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Version is the one LibTorch version that Forger is built for. Its C++ interface changes with each release, so
// another version is refused.
const Version = "2.11.0"

// Install is a LibTorch on this machine.
type Install struct {
	Root    string // the folder that holds lib/ and include/
	Version string // as the installation states it, for example 2.11.0+cu130
	Source  string // how it was found: "LIBTORCH", "cache" or "python"
}

// Tried is a place that was looked at, and why what is there cannot be used.
type Tried struct{ Place, Why string }

// Logf receives the lines of progress of [Get] and [BuildShim]. nil drops them.
type Logf = func(format string, a ...any)

// CUDA reports whether the installation has LibTorch's CUDA library. It says nothing about a GPU.
func (i Install) CUDA() bool {
	_, err := os.Stat(i.Lib("torch_cuda"))
	return err == nil
}

// Lib returns the full path of one of LibTorch's libraries: Lib("c10") is …/lib/libc10.so, or .dylib on macOS.
func (i Install) Lib(name string) string {
	return filepath.Join(i.Root, "lib", libName(name))
}

// CacheDir returns the folder that this package writes to: $FORGER_CACHE, or else forger in the user's cache folder.
func CacheDir() (string, error) {
	if dir := os.Getenv("FORGER_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder for LibTorch: %w; set FORGER_CACHE to a folder", err)
	}
	return filepath.Join(dir, "forger"), nil
}

// check reads the installation at root, or says in one clause what is missing or wrong there.
func check(root, source string) (Install, error) {
	inst, err := checkRuntime(root, source)
	if err != nil {
		return Install{}, err
	}
	return inst, inst.require(filepath.Join("include", "ATen", "ATen.h"))
}

// checkRuntime is check without the headers, which a machine that only runs programs may lack.
func checkRuntime(root, source string) (Install, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return Install{}, err
	}
	inst := Install{Root: root, Source: source}
	if _, err := os.Stat(root); err != nil {
		return Install{}, errors.New("no such folder")
	}
	if inst.Version, err = readVersion(root); err != nil {
		return Install{}, err
	}
	if base, _, _ := strings.Cut(inst.Version, "+"); base != Version {
		return Install{}, fmt.Errorf("it is LibTorch %s, and Forger needs %s", inst.Version, Version)
	}
	return inst, inst.require(filepath.Join("lib", libName("c10")), filepath.Join("lib", libName("torch_cpu")))
}

func (i Install) require(files ...string) error {
	for _, file := range files {
		if _, err := os.Stat(filepath.Join(i.Root, file)); err != nil {
			return fmt.Errorf("it has no %s", file)
		}
	}
	return nil
}

// readVersion reads version.py, which a wheel has, or build-version, which a LibTorch archive has.
func readVersion(root string) (string, error) {
	if text, err := os.ReadFile(filepath.Join(root, "version.py")); err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, "="); ok && strings.TrimSpace(name) == "__version__" {
				return strings.Trim(strings.TrimSpace(value), `'"`), nil
			}
		}
	}
	if text, err := os.ReadFile(filepath.Join(root, "build-version")); err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	return "", errors.New("it has neither version.py nor build-version, so it is no LibTorch folder (the one that holds lib/ and include/)")
}

func libName(name string) string {
	if runtime.GOOS == "darwin" {
		return "lib" + name + ".dylib"
	}
	return "lib" + name + ".so"
}
