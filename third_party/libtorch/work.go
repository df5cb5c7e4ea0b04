package libtorch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/forgergan/forger/internal/filelock"
)

// A workshop is the cache while this process alone may change it.
type workshop struct {
	cache string
	lock  *os.File
}

// openWorkshop waits for the lock of the cache, which ends with the process that holds it, and removes what dead
// processes left under way.
func openWorkshop(ctx context.Context, cache string, log Logf) (*workshop, error) {
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make the cache folder: %w; set FORGER_CACHE to a folder that you can write to", err)
	}
	lock, err := filelock.Wait(ctx, filepath.Join(cache, "lock"), func() {
		log("another set-up is at work in %s, waiting for it", cache)
	})
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("cannot lock the cache folder: %w; set FORGER_CACHE to a folder on a local disk that you can write to", err)
	}
	w := &workshop{cache: cache, lock: lock}
	// Whoever has the lock is the only one at work, so whatever lies here was left by a process that died.
	if err := os.RemoveAll(w.work()); err != nil {
		w.close()
		return nil, fmt.Errorf("cannot remove what an earlier set-up left: %w", err)
	}
	return w, nil
}

func (w *workshop) work() string { return filepath.Join(w.cache, "work") }

// temp makes a new folder in the cache, on the same disk as the final places, so that a rename moves it there.
func (w *workshop) temp(name string) (string, error) {
	if err := os.MkdirAll(w.work(), 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(w.work(), name+"-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

// publish gives a finished folder its final name. What is on disk there by that name, and was found unusable, goes.
func (w *workshop) publish(dir, final string) error {
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		return err
	}
	syscall.Sync() // one flush of the disk costs less than an fsync for each of LibTorch's 9,700 headers
	if _, err := os.Lstat(final); err == nil {
		old, err := w.temp("old")
		if err != nil {
			return err
		}
		if err := os.Rename(final, filepath.Join(old, filepath.Base(final))); err != nil {
			return fmt.Errorf("cannot replace %s: %w", final, err)
		}
	}
	if err := os.Rename(dir, final); err != nil {
		return fmt.Errorf("cannot move the finished work into place: %w", err)
	}
	return syncDir(filepath.Dir(final))
}

// merge moves the files below dir into an installation that may be in use, and one of them, which tells that the rest
// is there, last. A file of the same name is one that an interrupted merge had moved, and is replaced.
func (w *workshop) merge(dir, into, last string) error {
	syscall.Sync()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			rel, relErr := filepath.Rel(dir, path)
			files, err = append(files, rel), relErr
		}
		return err
	})
	if err != nil {
		return err
	}
	at := slices.Index(files, last)
	if at < 0 {
		return errors.New(last + " is not among the files that were downloaded")
	}
	files = append(slices.Delete(files, at, at+1), last)
	for _, file := range files {
		target := filepath.Join(into, file)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if file == last {
			syscall.Sync()
		}
		if err := os.Rename(filepath.Join(dir, file), target); err != nil {
			return fmt.Errorf("cannot move %s into place: %w", file, err)
		}
	}
	return syncDir(filepath.Dir(filepath.Join(into, last)))
}

func (w *workshop) close() {
	os.RemoveAll(w.work())
	w.lock.Close()
}

// diskError turns a full disk into a sentence that says which and what to do.
func diskError(cache string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("the disk of %s is full; free some space or set FORGER_CACHE to a folder on another disk, then run `forger setup` again", cache)
	}
	return err
}

// diskFull finds the same in the output of a tool.
func diskFull(output string) error {
	for _, err := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT} {
		if strings.Contains(strings.ToLower(output), err.Error()) {
			return err
		}
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
