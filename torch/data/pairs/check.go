package pairs

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// part is a folder that belongs to a split of a set.
type part struct {
	phase     string
	name      string // path in the folder of the set
	path      string
	ids       bool // holds maps, not pictures
	histogram bool // of their ids
}

// A kind of set, and the parts that a split of it may have; the first two are there in any case.
var kinds = []struct {
	name  string
	parts []string
}{
	{"pairs A, B", []string{"A", "B"}},
	{"label maps", []string{"label", "img", "inst"}},
}

// layouts finds all sets in a folder: their kinds, and their parts split by split.
func layouts(dir string) (names []string, splits [][]part) {
	base, sides := cutSides(dir)
	for _, kind := range kinds {
		parts := kind.parts
		if sides != "" && kind.name == kinds[0].name {
			a, b, _ := strings.Cut(sides[1:], "-")
			parts = []string{a, b}
		}
		found := false
		for _, phase := range []string{"train", "val", "test"} {
			for _, pattern := range patterns {
				var split []part
				for i, p := range parts {
					name := pattern(phase, p)
					if path := filepath.Join(base, name); isDir(path) {
						split = append(split, part{phase, name, path, p == "label" || i == 2, p == "label"})
					}
				}
				if len(split) > 1 {
					splits, found = append(splits, split), true
					break
				}
			}
		}
		if found {
			names = append(names, kind.name)
		}
	}
	return names, splits
}

// doubled finds the splits of a set of pictures A|B: those in which the first picture is twice as wide as high.
func doubled(dir string) (splits [][]part) {
	for _, phase := range []string{"train", "val", "test"} {
		path := filepath.Join(dir, phase)
		files, err := data.Pictures(path)
		if err != nil || len(files) == 0 || filepath.Dir(files[0]) != path {
			continue
		}
		if im, err := vision.Decode(files[0], vision.Native); err == nil && im.W == 2*im.H {
			splits = append(splits, []part{{phase: phase, name: phase, path: path}})
		}
	}
	return splits
}

func recognise(dir string) (kind string, splits [][]part) {
	names, splits := layouts(dir)
	if len(splits) > 0 {
		return strings.Join(names, "; "), splits
	}
	return "pairs A|B", doubled(dir)
}

// Recognised reports whether a folder holds a set of this package: two folders a split, or pictures twice as wide as
// high in train, val or test.
func Recognised(dir string) bool {
	_, splits := recognise(dir)
	return len(splits) > 0
}

// Check reads everything in a set and reports, folder by folder, counts, sizes, pictures without a partner, the ids of
// label maps and every broken file. Like [data.Check] it has an error only for a folder that holds no such set, and for
// the end of ctx.
func Check(ctx context.Context, dir string) (*data.Report, error) {
	kind, splits := recognise(dir)
	if len(splits) == 0 {
		return nil, fmt.Errorf("pairs %s: there are no folders trainA and trainB or train_label and train_img, nor train with pictures A|B", dir)
	}
	r := &data.Report{Dir: dir, Kind: kind, Broken: []data.Broken{}}
	r.Verify(dir)
	for _, split := range splits {
		files := make([][]file, len(split))
		for i, p := range split {
			var err error
			if files[i], err = list(p.path); err != nil {
				r.Broken = append(r.Broken, data.Broken{Path: p.path, Problem: err.Error()})
			}
		}
		for i, p := range split {
			report, broken := checkPart(ctx, p, files[i])
			report.Split, report.Folder = data.Split(p.phase), p.name
			if other := min(i, 1) ^ 1; len(split) > 1 { // the second part for the first, the first for the rest
				alone, _ := unmatched(files[i], files[other])
				if report.Alone = len(alone); len(alone) > 0 {
					report.FirstAlone = alone[0].path
				}
			}
			r.Parts, r.Broken = append(r.Parts, report), append(r.Broken, broken...)
		}
	}
	return r, ctx.Err()
}

func checkPart(ctx context.Context, p part, files []file) (data.PartReport, []data.Broken) {
	if !p.ids {
		paths := make([]string, len(files))
		for i, f := range files {
			paths[i] = f.path
		}
		return data.CheckFiles(ctx, paths)
	}
	report, broken := data.PartReport{Sizes: []data.SizeCount{}, Classes: []data.ClassCount{}}, []data.Broken(nil)
	sizes, counts := map[data.SizeCount]int{}, map[int]data.IDCount{}
	for _, f := range files {
		if ctx.Err() != nil {
			break
		}
		ids, err := loadIDs(f.path)
		if err != nil {
			broken = append(broken, data.Broken{Path: f.path, Problem: err.Error()})
			continue
		}
		report.Items++
		sizes[data.SizeCount{Height: ids.H, Width: ids.W}]++
		var pixels [1 << 16]int
		for _, id := range ids.Pix {
			pixels[id]++
		}
		for id, n := range pixels {
			if n > 0 && p.histogram {
				c := counts[id]
				counts[id] = data.IDCount{ID: id, Pixels: c.Pixels + n, Maps: c.Maps + 1}
			}
		}
	}
	for s, n := range sizes {
		report.Sizes = append(report.Sizes, data.SizeCount{Height: s.Height, Width: s.Width, Items: n})
	}
	slices.SortFunc(report.Sizes, func(a, b data.SizeCount) int {
		return cmp.Or(cmp.Compare(b.Items, a.Items), cmp.Compare(a.Height, b.Height), cmp.Compare(a.Width, b.Width))
	})
	for _, id := range slices.Sorted(maps.Keys(counts)) {
		report.IDs = append(report.IDs, counts[id])
	}
	return report, broken
}
