// Package mapfile maps the files that hold tensors into memory, for reading, and words what is wrong with one.
package mapfile

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"syscall"
	"unicode/utf8"
	"unsafe"

	"github.com/forgergan/forger/internal/atomicfile"
)

// FormatError reports a file whose content is not what its format asks: damaged, cut off, hostile or of another kind.
// A file that cannot be opened or read at all gives the operating system's error instead.
type FormatError struct {
	Path   string // as given to Open
	Reason string // one clause, such as "the file ends inside the header"
}

// Error is one sentence that names the file and what is wrong with it.
func (e *FormatError) Error() string { return e.Path + ": " + e.Reason }

// Open maps a whole file, which is nil if the file is empty. What is not a regular file is a [*FormatError].
func Open(path string) ([]byte, error) {
	// Looked at first, because opening a pipe would wait for a writer.
	stat, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !stat.Mode().IsRegular() {
		return nil, &FormatError{path, "not a file but " + atomicfile.KindOf(stat.Mode())}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if stat, err = file.Stat(); err != nil {
		return nil, err
	}
	if stat.Size() == 0 { // cannot be mapped
		return nil, nil
	}
	mapped, err := syscall.Mmap(int(file.Fd()), 0, int(stat.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("%s: mapping the file into memory: %w", path, err)
	}
	return mapped, nil
}

// Close ends a mapping, every part of which becomes invalid.
func Close(mapped []byte) error {
	if mapped == nil {
		return nil
	}
	return syscall.Munmap(mapped)
}

// Release lets the system take back the memory of a part of a mapping, which is read from the file again if needed.
func Release(part []byte) {
	page := os.Getpagesize()
	start := -int(uintptr(unsafe.Pointer(unsafe.SliceData(part)))) & (page - 1) // to the next page
	if end := start + (len(part)-start)&^(page-1); end > start {
		_ = syscall.Madvise(part[start:end], syscall.MADV_DONTNEED) // advice
	}
}

// Guard runs read, which touches a mapping, and turns the fault of a page that cannot be read into an error: the file
// was shortened since it was mapped, or the disk fails. It covers the calling goroutine alone.
func Guard(path string, read func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }: // runtime: the address of a memory fault
			err = &FormatError{path, "the file cannot be read any more: it was shortened by another program, or its disk fails"}
		default:
			panic(r)
		}
	}()
	return read()
}

// Foreign names the kind of a file that holds no tensors but often lies under a name of one that should, by its first
// bytes; "" if it is none.
func Foreign(file []byte) string {
	switch {
	case bytes.HasPrefix(file, []byte("<")):
		return "a web page, perhaps a failed download"
	case bytes.HasPrefix(file, []byte("version ")):
		return "a Git LFS pointer: fetch the file itself with git lfs pull"
	}
	return ""
}

// Quote shows a name from a file in an error: escaped, and short even where a hostile name is megabytes long.
func Quote(name string) string {
	const most = 80
	if len(name) <= most {
		return strconv.Quote(name)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(name[cut]) {
		cut--
	}
	return fmt.Sprintf("%s… (%d bytes)", strconv.Quote(name[:cut]), len(name))
}
