package checkpoint

import (
	"errors"

	"github.com/forgergan/forger/internal/mapfile"
)

// ErrNoChecksum is what [File.Verify] wraps for a file that stores no checksum of its data: one that Forger did not
// write.
var ErrNoChecksum = errors.New("no checksum is stored in the file")

// FormatError reports a file whose content is not what the format asks: damaged, cut off, hostile or of another kind.
// A file that cannot be opened or read at all gives the operating system's error instead.
type FormatError = mapfile.FormatError

func quote(name string) string { return mapfile.Quote(name) }
