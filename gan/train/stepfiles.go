package train

import (
	"cmp"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/forgergan/forger/torch/checkpoint"
)

// alias makes name another name of path in one atomic step, or a copy where the file system has no such names.
func alias(path, name string) error {
	temp := filepath.Join(filepath.Dir(name), ".alias") // one name for all: a killed run leaves at most one
	os.Remove(temp)
	if err := os.Link(path, temp); err != nil {
		return copyFile(path, name)
	}
	if err := os.Rename(temp, name); err != nil {
		os.Remove(temp)
		return err
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return checkpoint.WriteFile(to, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}

// A stepFile is a file that is named after a step: 000100.png.
type stepFile struct {
	step int
	path string
}

// stepFiles lists those with that ending in dir by their steps.
func stepFiles(dir, ending string) (all []stepFile, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ending)
		if step, notNumber := strconv.Atoi(name); ok && notNumber == nil {
			all = append(all, stepFile{step, filepath.Join(dir, e.Name())})
		}
	}
	slices.SortFunc(all, func(a, b stepFile) int { return cmp.Compare(a.step, b.step) })
	return all, err
}

// prune removes the oldest numbered checkpoints beyond those to keep. Later ones than the present step lie there
// where somebody went back to an older checkpoint; they do not count, and are written anew in time.
func (r *Run) prune() error {
	all, err := stepFiles(r.checkpoints(), checkpointEnding)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(f stepFile) bool { return f.step > r.step })
	for len(all) > r.o.Keep {
		if err := os.Remove(all[0].path); err != nil {
			return err
		}
		all = all[1:]
	}
	return nil
}
