package captions

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/forgergan/forger/torch/data"
)

// longest is the longest caption that is read, in bytes: a longer line is no sentence.
const longest = 1 << 16

// folder is the pictures of a data.Folder.
type folder struct{ *data.Folder }

func (f folder) image(i int, rng *rand.Rand, dst []float32) error {
	return f.Read(i, rng, []data.Array{{Float32: dst}, {Int64: make([]int64, 1)}})
}

// find lists the set of a name or folder.
func find(ctx context.Context, nameOrDir string, o Options) (listing, error) {
	name, view, _ := strings.Cut(nameOrDir, ":")
	if name == "emoji64" {
		return emoji(ctx, nameOrDir, view, o)
	}
	if isPublished(nameOrDir) {
		return published(nameOrDir, o)
	}
	return described(nameOrDir, o)
}

// described lists pictures with a text file beside each. A picture is a concept of its own, or, where there are classes,
// a class is one.
func described(dir string, o Options) (l listing, err error) {
	f, err := data.OpenFolder(dir, o.pictures())
	if err != nil {
		return l, err
	}
	l = listing{pictures: folder{f}, classes: f.Classes(), captions: make([][]string, f.Len()), concepts: make([]int, f.Len())}
	for i := range f.Len() {
		path := f.Path(i)
		text := strings.TrimSuffix(path, filepath.Ext(path)) + ".txt"
		if l.captions[i], err = ReadFile(text); err != nil {
			return l, fmt.Errorf("data %s: the captions of %s: %w", dir, path, err)
		}
		l.concepts[i] = i
		if l.classes != nil {
			l.concepts[i] = f.Label(i)
			l.labels = append(l.labels, f.Label(i))
		}
	}
	return l, nil
}

// ReadFile reads sentences, one a line; empty lines do not count. The error says what is wrong with the file, or that it has none.
func ReadFile(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var captions []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, longest)
	for lines.Scan() {
		if text := strings.TrimSpace(lines.Text()); text != "" {
			captions = append(captions, text)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(captions) == 0 {
		return nil, fmt.Errorf("%s holds no sentence: write one a line", path)
	}
	return captions, nil
}
