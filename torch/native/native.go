// Package native holds the sources of Forger's C++ shim over LibTorch, so that a program can build the shim that it
// was compiled for from wherever its module lies.
//
// The C++ is in src, apart from this file: go build would otherwise try to compile it. third_party/libtorch builds it
// and finds it again.
package native

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"sync"
)

//go:embed src
var embedded embed.FS

// Sources returns the files of the shim, CMakeLists.txt at the root.
func Sources() fs.FS {
	src, err := fs.Sub(embedded, "src")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return src
}

// Stamp identifies the sources: the hex sha256 of a list of their checksums and names in the form and order of
// sha256sum, sorted by name. The shim carries the same stamp, computed by src/CMakeLists.txt, and a program accepts no
// shim with another.
var Stamp = sync.OnceValue(func() string { return stamp(Sources()) })

func stamp(sources fs.FS) string {
	list := sha256.New()
	entries, err := fs.ReadDir(sources, ".")
	if err != nil {
		panic(err) // the files are embedded
	}
	for _, e := range entries {
		if !isSource(e.Name()) {
			continue
		}
		text, err := fs.ReadFile(sources, e.Name())
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(list, "%x  %s\n", sha256.Sum256(text), e.Name())
	}
	return hex.EncodeToString(list.Sum(nil))
}

// isSource leaves out what an editor may have left beside the sources.
func isSource(name string) bool {
	return name == "CMakeLists.txt" || path.Ext(name) == ".cc" || path.Ext(name) == ".h"
}
