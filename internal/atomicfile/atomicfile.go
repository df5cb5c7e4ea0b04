// Package atomicfile writes files that are either whole or as they were: whatever kills the program while it writes, a
// path holds the old content or the new, never a part of it.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
)

// bufferSize gathers small writes; larger ones pass through.
const bufferSize = 256 << 10

// Write saves a file atomically: write fills a temporary file in the same folder, which is flushed to the disk and
// renamed to path, and the folder is flushed too. If write fails or panics, or the disk is full, the temporary file is
// removed and path still holds what it held; after a kill or a crash at any moment path holds the old content or the
// new, whole. Everything that Forger keeps on disk is written this way.
//
// A new file gets the usual permissions, an old one keeps its own; a symbolic link is replaced, not followed. The
// error names the path and says whether the previous file is intact; it wraps its cause, such as syscall.ENOSPC.
func Write(path string, write func(w io.Writer) error) error {
	return WriteTo(path, func(file *os.File) error {
		w := bufio.NewWriterSize(file, bufferSize)
		if err := write(w); err != nil {
			return err
		}
		return w.Flush() // also tells of a failure that write ignored
	})
}

// WriteTo is Write for a writer that needs the file itself.
func WriteTo(path string, write func(file *os.File) error) error {
	old, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		old = nil
	case err != nil:
		return fmt.Errorf("saving %s: %w", path, err)
	case !old.Mode().IsRegular() && old.Mode()&fs.ModeSymlink == 0:
		return fmt.Errorf("saving %s: it is not a file but %s", path, KindOf(old.Mode()))
	}
	renamed, err := replace(path, old, write)
	switch {
	case err == nil:
		return nil
	case renamed:
		return fmt.Errorf("saving %s: the file is complete, but its folder could not be flushed to the disk: %w", path, err)
	}
	state := "nothing was saved"
	if old != nil {
		state = "the previous file is intact"
	}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("saving %s: the disk is full, free some space; %s: %w", path, state, err)
	case errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("saving %s: the disk quota is used up; %s: %w", path, state, err)
	case errors.Is(err, syscall.EFBIG):
		return fmt.Errorf("saving %s: the file would be larger than the system allows (ulimit -f); %s: %w", path, state, err)
	case errors.Is(err, fs.ErrNotExist):
		if _, gone := os.Stat(filepath.Dir(path)); gone != nil {
			return fmt.Errorf("saving %s: the folder %s does not exist: %w", path, filepath.Dir(path), err)
		}
	}
	return fmt.Errorf("saving %s: %w; %s", path, err, state)
}

// replace does the work of WriteTo and tells whether path already names the new file.
func replace(path string, old fs.FileInfo, write func(file *os.File) error) (renamed bool, err error) {
	file, err := createTemp(path)
	if err != nil {
		return false, err
	}
	// Deferred, so that a panic or runtime.Goexit in write leaves no temporary file either.
	defer func() {
		if !renamed {
			file.Close()
			os.Remove(file.Name())
		}
	}()
	if old != nil && old.Mode().IsRegular() {
		if err := file.Chmod(old.Mode().Perm()); err != nil {
			return false, err
		}
	}
	if err := write(file); err != nil {
		return false, err
	}
	if err := file.Sync(); err != nil {
		return false, err
	}
	// Renamed while open and locked, so that CleanTemps never takes a finished file for a stale one. After the flush a
	// close has no error left to tell.
	if err := os.Rename(file.Name(), path); err != nil {
		return false, err
	}
	renamed = true
	file.Close()
	return true, SyncDir(filepath.Dir(path))
}

// SyncDir makes the names in a folder durable. A file system that cannot flush a folder says EINVAL or ENOTSUP, and has nothing
// to flush.
func SyncDir(folder string) error {
	dir, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}

// createTemp makes a locked temporary file for path in the same folder. The lock is how [CleanTemps] tells a file that
// is being written from one whose writer is dead; the kernel drops it with the process.
func createTemp(path string) (*os.File, error) {
	folder, base := filepath.Split(path)
	for {
		name := filepath.Join(folder, tempName(base, os.Getpid(), rand.Uint32()))
		file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		// A file system without locks refuses, and CleanTemps goes by the process number there.
		_ = flock(file, syscall.LOCK_EX)
		// CleanTemps may have removed the file between its creation and the lock.
		mine, err := file.Stat()
		if err != nil {
			file.Close()
			return nil, err
		}
		if there, err := os.Lstat(name); err == nil && os.SameFile(mine, there) {
			return file, nil
		}
		file.Close()
	}
}

// flock locks the file, again if a signal interrupts it.
func flock(file *os.File, how int) error {
	for {
		if err := syscall.Flock(int(file.Fd()), how); err != syscall.EINTR {
			return err
		}
	}
}

// KindOf says what a path that is not a regular file is.
func KindOf(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	}
	return "a device or socket"
}
