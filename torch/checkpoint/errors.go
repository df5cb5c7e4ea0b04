package checkpoint

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"unicode/utf8"
)

// ErrNoChecksum is what [File.Verify] wraps for a file that stores no checksum of its data: one that Forger did not
// write.
var ErrNoChecksum = errors.New("no checksum is stored in the file")

// FormatError reports a file whose content is not what the format asks: damaged, cut off, hostile or of another kind.
// A file that cannot be opened or read at all gives the operating system's error instead.
type FormatError struct {
	Path   string // as given to Open
	Reason string // one clause, such as "the file ends inside the header"
}

// Error is one sentence that names the file and what is wrong with it.
func (e *FormatError) Error() string { return e.Path + ": " + e.Reason }

// quote shows a name from a file in an error: escaped, and short even where a hostile name is megabytes long.
func quote(name string) string {
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

// guard runs read, which touches the mapped file, and turns the fault of a page that cannot be read into an error: the
// file was shortened since it was mapped, or the disk fails. It covers the calling goroutine alone.
func guard(path string, read func() error) (err error) {
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
