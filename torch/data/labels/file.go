package labels

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/forgergan/forger/internal/atomicfile"
)

// File is labels of a set, item by item, in a JSON file: those that a classifier has inferred from a few, as S2GAN and
// S3GAN learn from. Make one with [Write] or [Read].
type File struct {
	Set     string   `json:"set"`             // its name
	Items   float64  `json:"items,omitempty"` // the share of its items that the labels are of, as in [Options]
	Seed    *uint32  `json:"seed,omitempty"`  // by which they were drawn
	Classes []string `json:"classes"`
	Labels  []int32  `json:"labels"` // −1 for none

	// Probabilities, (C) for each item, are what the classifier thinks of all classes; nil in a file without.
	Probabilities [][]float32 `json:"probabilities,omitempty"`

	path string
	hash string // of the content, the first 8 digits
}

const maxFile = 1 << 30 // bytes: enough for ImageNet's labels, and for a million probabilities of a hundred classes

// String is the file in the text of options: file:PATH#CHECKSUM.
func (f *File) String() string { return "file:" + f.path + "#" + f.hash }

// Write writes labels to a file, whole or not at all. The error tells a file that cannot be written and labels that are
// none of the classes.
func Write(path string, f File) error {
	if err := f.check(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return atomicfile.Write(path, func(w io.Writer) error { return json.NewEncoder(w).Encode(f) })
}

// Read reads the file at a path, or at path#checksum, as String has it. The error tells a file that cannot be read, that
// holds other things than labels, and one that is no longer what it was.
func Read(path string) (*File, error) {
	path, want, _ := strings.Cut(path, "#")
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxFile:
		return nil, fmt.Errorf("%s is not a file of at most 1 GB", path)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := parseFile(raw)
	if err != nil {
		return nil, fmt.Errorf("%s holds no labels: %w", path, err)
	}
	f.path = path
	if want != "" && want != f.hash {
		return nil, fmt.Errorf("%s has other labels than it had: its checksum is %s, not %s", path, f.hash, want)
	}
	return f, nil
}

func parseFile(raw []byte) (*File, error) {
	f := &File{hash: fmt.Sprintf("%x", sha256.Sum256(raw))[:8]}
	if err := json.Unmarshal(raw, f); err != nil {
		return nil, err
	}
	return f, f.check()
}

func (f *File) check() error {
	if len(f.Classes) == 0 || len(f.Labels) == 0 {
		return errors.New("there are no classes, or no items")
	}
	if !(f.Items >= 0 && f.Items <= 1) {
		return fmt.Errorf("a share of %v of the items is not in (0, 1]", f.Items)
	}
	for i, k := range f.Labels {
		if k < -1 || int(k) >= len(f.Classes) {
			return fmt.Errorf("item %d has the label %d, which is none of %d classes", i, k, len(f.Classes))
		}
	}
	if f.Probabilities == nil {
		return nil
	}
	if len(f.Probabilities) != len(f.Labels) {
		return fmt.Errorf("%d items have probabilities, not all %d", len(f.Probabilities), len(f.Labels))
	}
	for i, row := range f.Probabilities {
		if len(row) != len(f.Classes) {
			return fmt.Errorf("item %d has %d probabilities, not one for each of %d classes", i, len(row), len(f.Classes))
		}
	}
	return nil
}

// fits tells a set, of the items that the labels are of, that they are not for.
func (f *File) fits(classes []string, items int) error {
	if !slices.Equal(f.Classes, classes) || len(f.Labels) != items {
		return fmt.Errorf("the file has labels of %d items and %d classes of %s, the set has %d and %d, or other names of classes",
			len(f.Labels), len(f.Classes), f.Set, items, len(classes))
	}
	return nil
}
