package checkpoint

import (
	"io"

	"github.com/forgergan/forger/internal/atomicfile"
)

// WriteFile saves a file atomically: write fills a temporary file in the same folder, which is flushed to the disk and
// renamed to path, and the folder is flushed too. If write fails or panics, or the disk is full, the temporary file is
// removed and path still holds what it held; after a kill or a crash at any moment path holds the old content or the
// new, whole.
//
// A new file gets the usual permissions, an old one keeps its own; a symbolic link is replaced, not followed. The
// error names the path and says whether the previous file is intact; it wraps its cause, such as syscall.ENOSPC.
func WriteFile(path string, write func(w io.Writer) error) error {
	return atomicfile.Write(path, write)
}

// CleanTemps removes the temporary files that killed processes left in a folder and returns their paths. Files that
// another save, of this process or another, is writing at the moment stay. Subfolders are not searched.
func CleanTemps(dir string) (removed []string, err error) { return atomicfile.CleanTemps(dir) }
