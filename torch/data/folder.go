package data

import (
	"fmt"
	"io/fs"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/forgergan/forger/torch/vision"
)

// Folder is a folder of pictures, read from disk each time. Its fields are "image" (C, S, S), float32 in [-1, 1],
// and, if the pictures lie in class folders, "label" (), int64.
//
// A picture goes through torchvision's usual chain: resize the shorter side to S, or to Load if given (antialiased),
// crop the middle S x S, with Load any S x S, flip if wanted, normalise. Alpha is dropped.
type Folder struct {
	dir     string
	o       Options
	files   []pictureFile
	classes []string
}

type pictureFile struct {
	path  string
	label int
}

// OpenFolder lists the pictures (PNG, JPEG, WebP, BMP by name) under dir, at any depth. As in torchvision's ImageFolder the
// folders directly in dir are the classes, in the order of their names, and hold the pictures; if they hold none,
// the pictures directly in dir are the set, without labels. If dir has a folder named like the split, train
// or test, that one is opened instead. Names that begin with a dot are passed over; links are followed. The pictures themselves are first
// opened when they are read: [Check] finds the broken ones beforehand.
func OpenFolder(dir string, o Options) (*Folder, error) {
	o, err := o.forFolder(dir)
	if err != nil {
		return nil, err
	}
	if dir, err = splitFolder(dir, o.Split); err != nil {
		return nil, err
	}
	f := &Folder{dir: dir, o: o}
	if f.files, f.classes, err = listPictures(dir); err != nil {
		return nil, fmt.Errorf("data %s: %w", dir, err)
	}
	if len(f.files) == 0 {
		return nil, fmt.Errorf("data %s: the folder holds no PNG, JPEG, WebP or BMP picture", dir)
	}
	return f, nil
}

// forFolder checks the options and fills in the defaults of a folder of pictures.
func (o Options) forFolder(dir string) (Options, error) {
	if o.Size < 1 {
		return o, fmt.Errorf("data %s: pictures in a folder differ in size: give the size to bring them to", dir)
	}
	if o.Load != 0 && o.Load < o.Size {
		return o, fmt.Errorf("data %s: %d x %d cannot be cropped from pictures brought to %d", dir, o.Size, o.Size, o.Load)
	}
	switch o.Channels {
	case 0:
		o.Channels = 3
	case 1, 3:
	default:
		return o, fmt.Errorf("data %s: pictures have 1 or 3 channels, not %d", dir, o.Channels)
	}
	if o.Split == "" {
		o.Split = Train
	}
	return o, nil
}

// splitFolder returns dir/train or dir/test if the set is split that way, else dir. Taking the training pictures for
// tests unasked would falsify scores, so that is an error.
func splitFolder(dir string, split Split) (string, error) {
	isDir := func(name Split) bool {
		info, err := os.Stat(filepath.Join(dir, string(name)))
		return err == nil && info.IsDir()
	}
	switch {
	case isDir(split):
		return filepath.Join(dir, string(split)), nil
	case isDir(Train):
		return "", fmt.Errorf("data %s: there is a folder train but no folder %s", dir, split)
	}
	return dir, nil
}

// listPictures returns the files and, if there are class folders, their names. A class folder without pictures is an
// error, as in torchvision, because it shifts no label silently.
func listPictures(dir string) (files []pictureFile, classes []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	var empty []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path) // follows a link
		if err != nil || !info.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		found, err := Pictures(path)
		if err != nil {
			return nil, nil, err
		}
		if len(found) == 0 {
			empty = append(empty, e.Name())
			continue
		}
		for _, p := range found {
			files = append(files, pictureFile{p, len(classes)})
		}
		classes = append(classes, e.Name())
	}
	if len(classes) == 0 {
		for _, e := range entries {
			if !e.IsDir() && isPicture(e.Name()) {
				files = append(files, pictureFile{path: filepath.Join(dir, e.Name())})
			}
		}
		return files, nil, nil
	}
	if len(empty) > 0 {
		return nil, nil, fmt.Errorf("class folder %s holds no PNG, JPEG, WebP or BMP picture: fill or remove it", empty[0])
	}
	return files, classes, nil
}

func isPicture(name string) bool {
	if strings.HasPrefix(name, ".") {
		return false
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".webp", ".bmp":
		return true
	}
	return false
}

// Pictures lists the pictures under dir, as [OpenFolder] finds them, in torchvision's order: by the path of their folder,
// then by name.
func Pictures(dir string) ([]string, error) {
	byFolder := map[string][]string{}
	if err := walk(dir, map[string]bool{}, byFolder); err != nil {
		return nil, err
	}
	var out []string
	for _, folder := range slices.Sorted(maps.Keys(byFolder)) {
		out = append(out, byFolder[folder]...)
	}
	return out, nil
}

// walk collects the pictures under dir. above holds the real paths of the folders on the way down, so that a circle
// of links ends.
func walk(dir string, above map[string]bool, byFolder map[string][]string) error {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil || above[real] {
		return err
	}
	above[real] = true
	defer delete(above, real)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		isDir := e.IsDir()
		if e.Type()&fs.ModeSymlink != 0 {
			info, err := os.Stat(path)
			isDir = err == nil && info.IsDir()
		}
		switch {
		case isDir && !strings.HasPrefix(e.Name(), "."):
			if err := walk(path, above, byFolder); err != nil {
				return err
			}
		case !isDir && isPicture(e.Name()):
			byFolder[dir] = append(byFolder[dir], path)
		}
	}
	return nil
}

// Name implements [Dataset].
func (f *Folder) Name() string { return f.dir }

// Len implements [Dataset].
func (f *Folder) Len() int { return len(f.files) }

// Classes returns the names of the class folders, or nil for a folder without classes.
func (f *Folder) Classes() []string { return f.classes }

// Label implements [Labelled].
func (f *Folder) Label(i int) int { return f.files[i].label }

// Path is the file of item i.
func (f *Folder) Path(i int) string { return f.files[i].path }

// Fields implements [Dataset].
func (f *Folder) Fields() []Field { return imageFields(f.o.Channels, f.o.Size, f.classes != nil) }

// Read implements [Dataset]. Its error names the file and what is wrong with it.
func (f *Folder) Read(i int, rng *rand.Rand, row []Array) error {
	im, err := f.picture(i, rng)
	if err != nil {
		return err
	}
	if f.o.Flip && rng.IntN(2) == 1 {
		im = im.FlipH()
	}
	im.Normalize(row[0].Float32, vision.Half, vision.Half)
	if f.classes != nil {
		row[1].Int64[0] = int64(f.files[i].label)
	}
	return nil
}

// picture decodes picture i and brings it to its size. Without Load it needs no rng.
func (f *Folder) picture(i int, rng *rand.Rand) (*vision.Image, error) {
	path := f.files[i].path
	raw, err := vision.Read(path)
	if err != nil {
		return nil, err
	}
	im, err := vision.DecodeBytes(path, raw, vision.Mode(f.o.Channels))
	if err != nil {
		return nil, err
	}
	if f.o.Upright {
		im = im.Upright(vision.Orientation(raw))
	}
	return f.o.fit(im, rng), nil
}

// fit resizes and crops a picture. Of a picture that has the side Load it only crops.
func (o Options) fit(im *vision.Image, rng *rand.Rand) *vision.Image {
	h, w := im.ShortSize(max(o.Load, o.Size), 0)
	if o.Load > o.Size && !o.Middle {
		return im.ResizeCrop(h, w, o.Filter, rng.IntN(h-o.Size+1), rng.IntN(w-o.Size+1), o.Size, o.Size)
	}
	middle := func(n int) int { return int(math.RoundToEven(float64(n-o.Size) / 2)) }
	return im.ResizeCrop(h, w, o.Filter, middle(h), middle(w), o.Size, o.Size)
}

var _ Labelled = (*Folder)(nil)
