package captions

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/forgergan/forger/internal/mapfile"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// The files of StackGAN's published sets, in a folder for each split.
const (
	namesFile      = "filenames.pickle"
	classesFile    = "class_info.pickle"
	embeddingsFile = "char-CNN-RNN-embeddings.pickle"
)

// isPublished reports whether dir holds a set as StackGAN's authors publish theirs.
func isPublished(dir string) bool {
	return slices.ContainsFunc([]data.Split{data.Train, data.Test}, func(s data.Split) bool {
		_, err := os.Stat(filepath.Join(dir, string(s), namesFile))
		return err == nil
	})
}

// birds are the pictures of a published set: those of CUB cut to the bird.
type birds struct {
	o     Options
	files []string
	boxes []box // of each; nil for a set without
}

// box is left, top, width and height in pixels.
type box [4]float64

func (b *birds) Path(i int) string { return b.files[i] }

// image brings a picture to the square of Load, as the official preparation does whatever its shape was, then crops it.
func (b *birds) image(i int, rng *rand.Rand, dst []float32) error {
	im, err := vision.Decode(b.files[i], vision.RGB)
	if err != nil {
		return err
	}
	if b.boxes != nil {
		if im, err = b.boxes[i].cut(im); err != nil {
			return fmt.Errorf("%s: %w", b.files[i], err)
		}
	}
	load, size := max(b.o.Load, b.o.Size), b.o.Size
	top, left := (load-size)/2, (load-size)/2
	if load > size && !b.o.Middle {
		top, left = rng.IntN(load-size+1), rng.IntN(load-size+1)
	}
	im = im.ResizeCrop(load, load, vision.Bicubic, top, left, size, size)
	if b.o.Flip && rng.IntN(2) == 1 {
		im = im.FlipH()
	}
	im.Normalize(dst, vision.Half, vision.Half)
	return nil
}

// cut returns the part of a picture around a box: its centre, 3/4 of the longer side to each side, within the picture.
func (b box) cut(im *vision.Image) (*vision.Image, error) {
	x, y, r := int((2*b[0]+b[2])/2), int((2*b[1]+b[3])/2), int(max(b[2], b[3])*0.75)
	left, right, top, bottom := max(0, x-r), min(im.W, x+r), max(0, y-r), min(im.H, y+r)
	if left >= right || top >= bottom {
		return nil, fmt.Errorf("the bounding box %v lies outside of the picture of %d x %d (width x height)", b, im.W, im.H)
	}
	return im.Crop(top, left, bottom-top, right-left), nil
}

// published lists a split of a set of StackGAN's layout.
func published(dir string, o Options) (l listing, err error) {
	if o.Size < 1 || o.Load != 0 && o.Load < o.Size {
		return l, fmt.Errorf("data %s: pictures of %d cannot be cropped from pictures brought to %d", dir, o.Size, o.Load)
	}
	split := filepath.Join(dir, string(o.Split))
	names, err := readPickle(filepath.Join(split, namesFile), texts)
	if err != nil {
		return l, fmt.Errorf("data %s: %w", dir, err)
	}
	counts, vectors, err := readEmbeddings(filepath.Join(split, embeddingsFile))
	if err != nil {
		return l, fmt.Errorf("data %s: %w", dir, err)
	}
	if len(names) == 0 || len(counts) != len(names) {
		return l, fmt.Errorf("data %s: %s names %d pictures and %s has embeddings of %d", dir, namesFile, len(names), embeddingsFile, len(counts))
	}
	b := &birds{o: o}
	l = listing{pictures: b, vectors: vectors, concepts: make([]int, len(names))}
	boxes, err := readBoxes(dir)
	if err != nil {
		return l, fmt.Errorf("data %s: %w", dir, err)
	}
	for i, name := range names {
		if !filepath.IsLocal(name) {
			return l, fmt.Errorf("data %s: %s names a picture outside the folder, %q", dir, namesFile, name)
		}
		path, err := locate(dir, name)
		if err != nil {
			return l, err
		}
		b.files = append(b.files, path)
		if boxes != nil {
			of, ok := boxes[name]
			if !ok {
				return l, fmt.Errorf("data %s: there is no bounding box of %s", dir, name)
			}
			b.boxes = append(b.boxes, of)
		}
		captions, err := publishedCaptions(dir, name, counts[i])
		if err != nil {
			return l, fmt.Errorf("data %s: %w", dir, err)
		}
		l.captions = append(l.captions, captions)
		l.concepts[i] = i
	}
	return l, l.classify(dir, filepath.Join(split, classesFile))
}

// classify takes the classes of a published set, where it has any, for concepts.
func (l *listing) classify(dir, path string) error {
	numbers, err := readPickle(path, integers)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && len(numbers) != len(l.captions) {
		err = fmt.Errorf("%s has the classes of %d pictures, not of %d", path, len(numbers), len(l.captions))
	}
	if err != nil {
		return fmt.Errorf("data %s: %w", dir, err)
	}
	known := slices.Clone(numbers)
	slices.Sort(known)
	known = slices.Compact(known)
	for _, k := range known {
		l.classes = append(l.classes, fmt.Sprint("class ", k))
	}
	l.labels = make([]int, len(numbers))
	for i, k := range numbers {
		l.labels[i], _ = slices.BinarySearch(known, k)
	}
	copy(l.concepts, l.labels)
	return nil
}

// locate finds the picture of a name.
func locate(dir, name string) (string, error) {
	for _, folder := range []string{filepath.Join(dir, "CUB_200_2011", "images"), filepath.Join(dir, "images"), dir} {
		path := filepath.Join(folder, filepath.FromSlash(name)+".jpg")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("data %s: %s.jpg is neither in CUB_200_2011/images nor in images nor in the folder itself", dir, name)
}

// publishedCaptions are the sentences of a picture, where the set has their texts; otherwise names for them.
func publishedCaptions(dir, name string, n int) ([]string, error) {
	for _, folder := range []string{"text", "text_c10"} {
		captions, err := ReadFile(filepath.Join(dir, folder, filepath.FromSlash(name)+".txt"))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err == nil && len(captions) < n:
			err = fmt.Errorf("%s has %d captions of %s, and there are embeddings of %d", folder, len(captions), name, n)
		case err == nil:
			captions = captions[:n]
		}
		return captions, err
	}
	captions := make([]string, n)
	for k := range captions {
		captions[k] = fmt.Sprintf("%s, caption %d", name, k+1)
	}
	return captions, nil
}

// readBoxes reads the bounding boxes of CUB by the names of their pictures; nil where there are none.
func readBoxes(dir string) (map[string]box, error) {
	root := filepath.Join(dir, "CUB_200_2011")
	numbers := map[string]string{}
	err := eachLine(filepath.Join(root, "images.txt"), func(line string) error {
		number, name, ok := strings.Cut(line, " ")
		if !ok {
			return fmt.Errorf("%q is no number and name", line)
		}
		numbers[number] = strings.TrimSuffix(strings.TrimSpace(name), ".jpg")
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	boxes := map[string]box{}
	return boxes, eachLine(filepath.Join(root, "bounding_boxes.txt"), func(line string) error {
		var number string
		var b box
		if n, _ := fmt.Sscan(line, &number, &b[0], &b[1], &b[2], &b[3]); n != 5 {
			return fmt.Errorf("%q is no number and box", line)
		}
		boxes[numbers[number]] = b
		return nil
	})
}

func eachLine(path string, do func(line string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if err := do(lines.Text()); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return lines.Err()
}

// readPickle reads a pickled file and converts what is in it. Nothing in the file is run.
func readPickle[T any](path string, convert func(any) (T, error)) (out T, err error) {
	mapped, err := mapfile.Open(path)
	if err != nil {
		return out, err
	}
	defer mapfile.Close(mapped)
	err = mapfile.Guard(path, func() error {
		v, err := pth.Unpickle(mapped)
		if err == nil {
			out, err = convert(v)
		}
		return err
	})
	if err != nil {
		return out, fmt.Errorf("%s: %w", path, err)
	}
	return out, nil
}

func items(v any) ([]any, error) {
	switch v := v.(type) {
	case *pth.List:
		return v.Items, nil
	case pth.Tuple:
		return v, nil
	}
	return nil, fmt.Errorf("it holds no list")
}

func texts(v any) ([]string, error) {
	list, err := items(v)
	if err != nil {
		return nil, err
	}
	out := make([]string, len(list))
	for i, x := range list {
		text, ok := x.(string)
		if !ok {
			return nil, fmt.Errorf("item %d is no text", i)
		}
		out[i] = text
	}
	return out, nil
}

func integers(v any) ([]int64, error) {
	list, err := items(v)
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(list))
	for i, x := range list {
		n, ok := x.(int64)
		if !ok {
			return nil, fmt.Errorf("item %d is no integer", i)
		}
		out[i] = n
	}
	return out, nil
}

// readEmbeddings reads a list of arrays (captions, size), or one array (pictures, captions, size): how many captions each
// picture has, and all their vectors.
func readEmbeddings(path string) (counts []int, vectors []float32, err error) {
	vectors, err = readPickle(path, func(v any) (vectors []float32, err error) {
		counts, vectors, err = embeddings(v)
		return vectors, err
	})
	return counts, vectors, err
}

func embeddings(v any) (counts []int, vectors []float32, err error) {
	list, size := []any{v}, 0
	if _, whole := v.(*pth.Array); !whole {
		if list, err = items(v); err != nil {
			return nil, nil, err
		}
	}
	for i, x := range list {
		a, ok := x.(*pth.Array)
		if !ok || a.DType != "f4" || len(a.Shape) < 2 || len(a.Shape) > 3 || slices.Contains(a.Shape, 0) {
			return nil, nil, fmt.Errorf("item %d is no float32 array of (captions, size)", i)
		}
		n := len(a.Shape)
		if size == 0 {
			size = a.Shape[n-1]
		}
		if a.Shape[n-1] != size {
			return nil, nil, fmt.Errorf("item %d has embeddings of %d values, others of %d", i, a.Shape[n-1], size)
		}
		if n == 3 {
			counts = append(counts, slices.Repeat([]int{a.Shape[1]}, a.Shape[0])...)
		} else {
			counts = append(counts, a.Shape[0])
		}
		part := make([]float32, len(a.Data)/4)
		if _, err := binary.Decode(a.Data, binary.LittleEndian, part); err != nil {
			return nil, nil, err
		}
		vectors = append(vectors, part...)
	}
	return counts, vectors, nil
}
