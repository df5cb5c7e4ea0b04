package video

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/data/fetch"
)

// Folder returns the folder of a set: that of a known one, which is fetched if need be, or the folder itself. Where that has
// video files, train_B/walk.mp4, in place of folders of frames, it is a folder in the cache with their frames; they are read
// by package movie. log, which may be nil, hears what happens, a line at a time.
func Folder(ctx context.Context, nameOrDir string, log func(string)) (string, error) {
	if _, known := fetch.Find(nameOrDir); known {
		return fetch.Get(ctx, nameOrDir, log)
	}
	if !isDir(nameOrDir) {
		return "", fmt.Errorf("video %s: there is no such set and no such folder; known sets are %s", nameOrDir, fetch.Names())
	}
	if log == nil {
		log = func(string) {}
	}
	return unpack(ctx, nameOrDir, log)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// clip is a sequence: the frames of each part, as many of each, in order.
type clip struct {
	name  string // of its folder; empty where the folder of the part is the sequence
	parts [][]string
}

func (c clip) len() int { return len(c.parts[0]) }

// locate returns the folders of the parts of a split: dir/train_A for A.
func locate(dir string, split data.Split, parts []string) ([]string, error) {
	phases := []string{string(split)}
	if split == data.Test {
		phases = append(phases, "val")
	}
	for _, phase := range phases {
		folders := make([]string, len(parts))
		var lacks []string
		for i, part := range parts {
			if folders[i] = filepath.Join(dir, phase+"_"+part); !isDir(folders[i]) {
				lacks = append(lacks, folders[i])
			}
		}
		switch {
		case len(lacks) == 0:
			return folders, nil
		case len(lacks) < len(parts):
			return nil, fmt.Errorf("video %s: there is no folder %s beside %s", dir, lacks[0], strings.Join(without(folders, lacks), " and "))
		}
	}
	return nil, fmt.Errorf("video %s: there are no folders %s_%s", dir, split, strings.Join(parts, ", "+string(split)+"_"))
}

func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(some, s) })
}

// list finds the sequences of a split and checks that their parts belong together.
func list(dir string, split data.Split, parts []string, is func(part int, name string) bool) ([]clip, error) {
	folders, err := locate(dir, split, parts)
	if err != nil {
		return nil, err
	}
	var clips []clip
	for i, folder := range folders {
		found, err := sequences(folder, func(name string) bool { return is(i, name) })
		if err != nil {
			return nil, fmt.Errorf("video %s: %w", dir, err)
		}
		if i == 0 {
			for _, s := range found {
				clips = append(clips, clip{s.name, [][]string{s.frames}})
			}
			continue
		}
		if clips, err = join(clips, found, folders[0], folder); err != nil {
			return nil, fmt.Errorf("video %s: %w", dir, err)
		}
	}
	return clips, nil
}

type sequence struct {
	name   string
	frames []string
}

// sequences lists the folders of frames in a folder, or takes it for the only one. Names that begin with a dot are passed
// over.
func sequences(folder string, is func(name string) bool) (found []sequence, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if path := filepath.Join(folder, e.Name()); isDir(path) && !strings.HasPrefix(e.Name(), ".") {
			files, err := frames(path, is)
			if err != nil {
				return nil, err
			}
			if len(files) == 0 {
				return nil, fmt.Errorf("the sequence %s holds no frames: fill or remove it", path)
			}
			found = append(found, sequence{e.Name(), files})
		}
	}
	slices.SortStableFunc(found, func(a, b sequence) int { return natural(a.name, b.name) })
	if len(found) == 0 {
		files, err := frames(folder, is)
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("the folder %s holds no sequences of frames", folder)
		}
		found = []sequence{{"", files}}
	}
	return found, nil
}

// frames lists the frames of a folder in their natural order.
func frames(folder string, is func(name string) bool) (paths []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if path := filepath.Join(folder, e.Name()); is(e.Name()) && !strings.HasPrefix(e.Name(), ".") && !isDir(path) {
			paths = append(paths, path)
		}
	}
	slices.SortStableFunc(paths, func(a, b string) int { return natural(filepath.Base(a), filepath.Base(b)) })
	return paths, nil
}

// Frames lists the pictures in a folder, those of deeper folders left out, in the natural order of their names.
func Frames(folder string) ([]string, error) { return frames(folder, isPicture) }

// isPicture tells the frames that are pictures by their names.
func isPicture(name string) bool {
	return slices.Contains([]string{".png", ".jpg", ".jpeg", ".webp", ".bmp"}, strings.ToLower(filepath.Ext(name)))
}

// natural compares names with numbers in them by the numbers.
func natural(a, b string) int {
	for x, y := a, b; ; {
		if x == "" || y == "" {
			return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(a, b))
		}
		m, n := digits(x), digits(y)
		if m > 0 && n > 0 {
			u, v := strings.TrimLeft(x[:m], "0"), strings.TrimLeft(y[:n], "0")
			if c := cmp.Or(cmp.Compare(len(u), len(v)), cmp.Compare(u, v)); c != 0 {
				return c
			}
			x, y = x[m:], y[n:]
			continue
		}
		if c := cmp.Compare(x[0], y[0]); c != 0 {
			return c
		}
		x, y = x[1:], y[1:]
	}
}

// digits is the number of digits that s begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

// join adds a further part to the sequences.
func join(clips []clip, found []sequence, first, folder string) ([]clip, error) {
	for i := range max(len(clips), len(found)) {
		switch {
		case i >= len(found) || i < len(clips) && natural(clips[i].name, found[i].name) < 0:
			return nil, fmt.Errorf("the sequence %s has no partner in %s", filepath.Join(first, clips[i].name), folder)
		case i >= len(clips) || natural(clips[i].name, found[i].name) > 0:
			return nil, fmt.Errorf("the sequence %s has no partner in %s", filepath.Join(folder, found[i].name), first)
		}
		if err := match(clips[i].parts[0], found[i].frames); err != nil {
			return nil, err
		}
		clips[i].parts = append(clips[i].parts, found[i].frames)
	}
	return clips, nil
}

// match returns an error that names the first frame without a partner: by its name, or by its number where the two parts
// of the sequence have no name in common.
func match(a, b []string) error {
	names := func(paths []string) map[string]bool {
		set := map[string]bool{}
		for _, p := range paths {
			set[stem(p)] = true
		}
		return set
	}
	inA, inB := names(a), names(b)
	alone := func(paths []string, in map[string]bool) int {
		return slices.IndexFunc(paths, func(p string) bool { return !in[stem(p)] })
	}
	common := slices.ContainsFunc(a, func(p string) bool { return inB[stem(p)] })
	lost := ""
	switch i, k := alone(a, inB), alone(b, inA); {
	case common && i >= 0:
		lost = a[i]
	case common && k >= 0:
		lost = b[k]
	case len(a) > len(b):
		lost = a[len(b)]
	case len(b) > len(a):
		lost = b[len(a)]
	default:
		return nil
	}
	return fmt.Errorf("the frame %s has no partner: there are %d frames in %s and %d in %s", lost,
		len(a), filepath.Dir(a[0]), len(b), filepath.Dir(b[0]))
}

func stem(path string) string { return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) }
