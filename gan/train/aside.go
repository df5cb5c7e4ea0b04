package train

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/forgergan/forger/internal/filelock"
)

// moveAside gives the run in the folder another name, so that a new one can begin there. Nothing is deleted. A folder
// that is no run, or in which a program trains, stays.
func (r *Run) moveAside() error {
	dir := filepath.Clean(r.dir)
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if _, err := ReadSettings(dir); err != nil {
		return fmt.Errorf("--new moves runs aside, and nothing else: %w", err)
	}
	lock, err := filelock.Try(filepath.Join(dir, ".lock"))
	if errors.Is(err, filelock.ErrLocked) {
		return fmt.Errorf("%s: another program is training there: end it first, or choose another folder with --out", dir)
	}
	if lock != nil {
		defer lock.Close()
	}
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.%d", dir, n)
		if _, err := os.Lstat(aside); !errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err := os.Rename(dir, aside); err != nil {
			return err
		}
		if r.o.Progress != nil {
			fmt.Fprintf(r.o.Progress, "the old run is now in %s\n", aside)
		}
		return nil
	}
}
