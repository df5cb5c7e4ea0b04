package libtorch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The build tools that are fetched where the machine has none.
const (
	cmakeVersion = "3.31.10"
	ninjaVersion = "1.13.0"
)

type buildTools struct{ cmake, ninja string }

// findTools returns cmake and ninja of the machine or, where one is missing, those in the cache, and makes sure of a
// C++ compiler.
func findTools(ctx context.Context, w *workshop, log Logf) (buildTools, error) {
	if err := findCompiler(); err != nil {
		return buildTools{}, err
	}
	cmake, cmakeErr := exec.LookPath("cmake")
	ninja, ninjaErr := exec.LookPath("ninja")
	if cmakeErr == nil && ninjaErr == nil {
		return buildTools{cmake, ninja}, nil
	}
	dir := filepath.Join(w.cache, "tools")
	t := buildTools{
		cmake: filepath.Join(dir, "cmake", "data", "bin", "cmake"),
		ninja: filepath.Join(dir, "bin", "ninja"),
	}
	if isFile(t.cmake) && isFile(t.ninja) {
		return t, nil
	}
	log("cmake and ninja: fetching …")
	temp, err := w.temp("tools")
	if err != nil {
		return buildTools{}, err
	}
	scratch, err := w.temp("pip")
	if err != nil {
		return buildTools{}, err
	}
	err = pip(ctx, scratch, "install", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "--target", temp,
		"cmake=="+cmakeVersion, "ninja=="+ninjaVersion)
	if err != nil {
		return buildTools{}, fmt.Errorf("fetch cmake and ninja: %w", err)
	}
	if err := w.publish(temp, dir); err != nil {
		return buildTools{}, err
	}
	return t, nil
}

// findCompiler fails where cmake would find no C++ compiler.
func findCompiler() error {
	for _, name := range []string{os.Getenv("CXX"), "c++", "g++", "clang++"} {
		if name == "" {
			continue
		}
		if _, err := exec.LookPath(name); err == nil {
			return nil
		}
	}
	return errors.New("no C++ compiler on PATH; install g++ 11 or newer (Debian, Ubuntu: apt-get install g++; macOS: xcode-select --install)")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
