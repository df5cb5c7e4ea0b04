package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/filelock"
)

// moveAside gives the run in the folder another name, so that a new one can begin there. Nothing is deleted. A folder
// that is no run, or in which a program trains, stays.
func (t training) moveAside() error {
	if _, err := os.Stat(t.out); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if _, err := train.ReadSettings(t.out); err != nil {
		return fmt.Errorf("--new moves runs aside, and nothing else: %w", err)
	}
	lock, err := filelock.Try(filepath.Join(t.out, ".lock"))
	if errors.Is(err, filelock.ErrLocked) {
		return fmt.Errorf("%s: another program is training there: end it first, or choose another folder with --out", t.out)
	}
	if lock != nil {
		defer lock.Close()
	}
	aside := filepath.Clean(t.out)
	for n := 1; ; n++ {
		aside = fmt.Sprintf("%s.%d", filepath.Clean(t.out), n)
		if _, err := os.Lstat(aside); errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	if err := os.Rename(t.out, aside); err != nil {
		return err
	}
	t.log(fmt.Sprintf("the old run is now in %s", aside))
	return nil
}
