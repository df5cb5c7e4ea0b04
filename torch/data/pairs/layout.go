package pairs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/fetch"
)

// Folder returns the folder of a set: that of a known one, which is fetched if need be, or the folder itself. A name may
// end in the names of two sides, "emoji64:noto-fluent". log, which may be nil, hears of a fetch, a line at a time.
func Folder(ctx context.Context, nameOrDir string, log func(string)) (string, error) {
	name, sides := cutSides(nameOrDir)
	if _, known := fetch.Find(name); known {
		dir, err := fetch.Get(ctx, name, log)
		if err != nil {
			return "", err
		}
		return dir + sides, nil
	}
	if !isDir(name) {
		return "", fmt.Errorf("pairs %s: there is no such set and no such folder; known sets are %s", nameOrDir, fetch.Names())
	}
	return nameOrDir, nil
}

// cutSides splits "dir:a-b" into "dir" and ":a-b". A colon in the path of a folder does not count.
func cutSides(dir string) (string, string) {
	at := strings.LastIndexByte(dir, ':')
	if at < 1 || strings.ContainsAny(dir[at:], `/\`) || !strings.Contains(dir[at:], "-") || isDir(dir) {
		return dir, ""
	}
	return dir[:at], dir[at:]
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// phases are the names that a split goes by, the best first.
func phases(split data.Split) []string {
	if split == data.Test {
		return []string{"test", "val"}
	}
	return []string{"train"}
}

// splitFolder is the folder of a split whose pictures all lie in one.
func splitFolder(dir string, split data.Split) (string, error) {
	for _, phase := range phases(split) {
		if folder := filepath.Join(dir, phase); isDir(folder) {
			return folder, nil
		}
	}
	return "", fmt.Errorf("pairs %s: there is no folder %s", dir, phases(split)[0])
}

// layout is where the pictures of a split lie: in two folders, or both sides in each picture of one. inst is where
// instance maps would lie.
type layout struct {
	a, b, inst string
	double     bool // a and b are the same folder
}

// patterns are the ways to name the folder of a part of a split.
var patterns = []func(phase, part string) string{
	func(phase, part string) string { return phase + part },
	func(phase, part string) string { return phase + "_" + part },
	func(phase, part string) string { return filepath.Join(phase, part) },
	func(phase, part string) string { return filepath.Join(part, phase) },
}

// locate finds the pictures A and B of a split, or the sides that dir names.
func locate(dir string, split data.Split) (layout, error) {
	base, sides := cutSides(dir)
	a, b := "A", "B"
	if sides != "" {
		a, b, _ = strings.Cut(sides[1:], "-")
	}
	l, err := locateParts(base, a, b, split)
	if l.a != "" || err != nil {
		return l, err
	}
	phase := phases(split)[0]
	if sides != "" {
		return l, fmt.Errorf("pairs %s: there are no folders %s/%s and %[2]s/%[4]s, nor %[3]s/%[2]s and %[4]s/%[2]s", dir, phase, a, b)
	}
	if both, none := splitFolder(base, split); none == nil {
		return layout{both, both, both + "_inst", true}, nil
	}
	return l, fmt.Errorf("pairs %s: there are no folders %[2]sA and %[2]sB, nor %[2]s with pictures A|B; "+
		"folders of other names are given as %[1]s:noto-fluent", dir, phase)
}

// locateParts finds the folders of parts a and b of a split; without any of them the layout is empty.
func locateParts(dir, a, b string, split data.Split) (layout, error) {
	for _, phase := range phases(split) {
		for _, name := range patterns {
			in := func(part string) string { return filepath.Join(dir, name(phase, part)) }
			l := layout{a: in(a), b: in(b), inst: in("inst")}
			has, lacks := l.a, l.b
			if !isDir(has) {
				has, lacks = lacks, has
			}
			switch {
			case !isDir(has):
				continue
			case !isDir(lacks):
				return l, fmt.Errorf("pairs %s: there is a folder %s but no folder %s", dir, has, lacks)
			}
			return l, nil
		}
	}
	return layout{}, nil
}

// file is a picture of a folder and what its partner is found by.
type file struct {
	key  string // the path in the folder without its extension
	path string
}

// suffixes tell the parts of an item of Cityscapes apart, where the name should be the same.
var suffixes = []string{"_gtFine_labelIds", "_gtFine_instanceIds", "_gtFine_color", "_leftImg8bit"}

// list returns the pictures under dir, sorted by their keys, which are unique.
func list(dir string) ([]file, error) {
	paths, err := data.Pictures(dir)
	if err != nil {
		return nil, fmt.Errorf("pairs %s: %w", dir, err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("pairs %s: the folder holds no PNG, JPEG, WebP or BMP picture", dir)
	}
	files := make([]file, len(paths))
	for i, path := range paths {
		key, err := filepath.Rel(dir, path)
		if err != nil {
			return nil, fmt.Errorf("pairs %s: %w", dir, err)
		}
		key = strings.TrimSuffix(key, filepath.Ext(key))
		for _, s := range suffixes {
			key = strings.TrimSuffix(key, s)
		}
		files[i] = file{key, path}
	}
	slices.SortStableFunc(files, func(x, y file) int { return strings.Compare(x.key, y.key) })
	for i := 1; i < len(files); i++ {
		if files[i-1].key == files[i].key {
			return nil, fmt.Errorf("pairs %s: %s and %s have the same name: remove one", dir, files[i-1].path, files[i].path)
		}
	}
	return files, nil
}

// unmatched returns the files of either list without a partner in the other.
func unmatched(a, b []file) (onlyA, onlyB []file) {
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].key < b[0].key:
			onlyA, a = append(onlyA, a[0]), a[1:]
		case len(a) == 0 || b[0].key < a[0].key:
			onlyB, b = append(onlyB, b[0]), b[1:]
		default:
			a, b = a[1:], b[1:]
		}
	}
	return onlyA, onlyB
}
