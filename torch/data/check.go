package data

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"sync"

	"github.com/forgergan/forger/torch/data/fetch"
	"github.com/forgergan/forger/torch/vision"
)

// Report is what [Check] found in a folder.
type Report struct {
	Dir      string       `json:"dir"`
	Kind     string       `json:"kind"` // "idx", "cifar", "pictures" or "shard"; packages pairs and video have their own
	Checksum string       `json:"checksum,omitempty"`
	Parts    []PartReport `json:"parts"` // the splits, or one part without a name
	Broken   []Broken     `json:"broken"`
}

// PartReport describes one split of a set.
type PartReport struct {
	Split   Split        `json:"split,omitempty"`
	Items   int          `json:"items"` // that can be read
	Sizes   []SizeCount  `json:"sizes"` // the most frequent first
	Classes []ClassCount `json:"classes"`
	Gray    int          `json:"gray"`  // files with one channel
	Alpha   int          `json:"alpha"` // files with alpha, which training drops
	Mean    []float64    `json:"mean"`  // of each channel, on the scale [0, 1]: one for IDX, three for pictures
	Std     []float64    `json:"std"`

	Folder     string    `json:"folder,omitempty"`      // of the part, where a split has several
	Alone      int       `json:"alone,omitempty"`       // pictures without a partner of the same name in the other folders
	FirstAlone string    `json:"first_alone,omitempty"` // of those
	IDs        []IDCount `json:"ids,omitempty"`         // of label maps, in their order

	Sequences *SequenceReport `json:"sequences,omitempty"` // of a part whose pictures are frames of videos
}

// SequenceReport describes the videos of a part.
type SequenceReport struct {
	Sequences int    `json:"sequences"`
	Shortest  int    `json:"shortest"` // in frames
	Longest   int    `json:"longest"`
	Gaps      int    `json:"gaps,omitempty"`      // sequences in whose numbers of frames some are left out
	FirstGap  string `json:"first_gap,omitempty"` // the frame after the first such place
}

// IDCount counts the pixels of an id in label maps.
type IDCount struct {
	ID     int `json:"id"`
	Pixels int `json:"pixels"`
	Maps   int `json:"maps"` // that hold it
}

// SizeCount counts the pictures of one size.
type SizeCount struct {
	Height int `json:"height"`
	Width  int `json:"width"`
	Items  int `json:"items"`
}

// ClassCount counts the items of a class.
type ClassCount struct {
	Name  string `json:"name"`
	Items int    `json:"items"`
}

// Broken is a file that cannot be used.
type Broken struct {
	Path    string `json:"path"`
	Problem string `json:"problem"`
}

// Check reads everything in an IDX set, a CIFAR archive, a folder of pictures or a shard and reports counts, sizes, classes, mean and deviation,
// and every broken file by name. The folder of a fetched set also has its checksums verified. Broken files do not make
// an error: that is kept for a folder that is missing or holds no set, and for the end of ctx.
func Check(ctx context.Context, dir string) (*Report, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, fmt.Errorf("data %s: there is no such folder or shard", dir)
	}
	r := &Report{Dir: dir, Broken: []Broken{}}
	if !info.IsDir() {
		r.Kind = "shard"
		r.checkShard(dir)
		return r, ctx.Err()
	}
	if isIDX(dir) {
		r.Kind = "idx"
		r.checkIDX(dir)
		return r, ctx.Err()
	}
	if form, root := findCIFAR(dir); form != nil {
		r.Kind = "cifar"
		r.checkCIFAR(form, root)
		return r, ctx.Err()
	}
	r.Kind = "pictures"
	r.Verify(dir)
	splits := []Split{""}
	if has, _ := splitFolder(dir, Train); has != dir {
		splits = []Split{Train}
		if _, err := splitFolder(dir, Test); err == nil {
			splits = append(splits, Test)
		}
	}
	for _, split := range splits {
		files, classes, err := listPictures(filepath.Join(dir, string(split)))
		if err != nil {
			return nil, fmt.Errorf("data %s: %w", dir, err)
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("data %s: the folder holds no IDX set and no PNG, JPEG, WebP or BMP picture", filepath.Join(dir, string(split)))
		}
		part, broken := checkPictures(ctx, files, classes)
		part.Split = split
		r.Parts, r.Broken = append(r.Parts, part), append(r.Broken, broken...)
	}
	return r, ctx.Err()
}

// Verify computes the checksums of a fetched set, if dir is its folder, and returns its name if they are right. The report
// says what came of it.
func (r *Report) Verify(dir string) string {
	for _, set := range fetch.Sets() {
		if own, err := fetch.Dir(set.Name); err != nil || !sameFile(own, dir) {
			continue
		}
		if err := fetch.Verify(set, dir); err != nil {
			r.Broken = append(r.Broken, Broken{dir, err.Error()})
			return ""
		}
		r.Checksum = "verified: " + set.Name
		return set.Name
	}
	return ""
}

func (r *Report) checkIDX(dir string) {
	names := classNames[r.Verify(dir)]
	for _, split := range []Split{Train, Test} {
		name, _ := idxNames(split)
		if idxPath(dir, name) == "" {
			continue
		}
		images, labels, err := readPair(dir, split)
		if err != nil {
			r.Broken = append(r.Broken, Broken{idxPath(dir, name), err.Error()})
			continue
		}
		t := newTally(names)
		pixels := images.Dims[1] * images.Dims[2]
		for i := range images.Dims[0] {
			t.add(&vision.Image{H: images.Dims[1], W: images.Dims[2], C: 1, Pix: images.Data[i*pixels : (i+1)*pixels]}, int(labels.Data[i]), 1)
		}
		part := t.report(1)
		part.Split = split
		r.Parts = append(r.Parts, part)
	}
}

func (r *Report) checkCIFAR(form *cifarForm, root string) {
	for _, split := range []Split{Train, Test} {
		b, classes, err := form.read(root, split)
		if err != nil {
			r.Broken = append(r.Broken, Broken{root, err.Error()})
			continue
		}
		t := newTally(classes)
		for i, k := range b.labels {
			t.add(b.picture(i), int(k), 3)
		}
		part := t.report(3)
		part.Split = split
		r.Parts = append(r.Parts, part)
	}
}

func (r *Report) checkShard(path string) {
	s, err := OpenShard(path, Options{})
	if err != nil {
		r.Broken = append(r.Broken, Broken{path, err.Error()})
		return
	}
	defer s.Close()
	r.Checksum = "verified"
	t := newTally(s.classes)
	for i := range s.n {
		label := int64(0)
		if s.classes != nil {
			label = s.label(i)
		}
		t.add(s.image(i), int(label), s.o.Channels)
	}
	r.Parts = []PartReport{t.report(s.o.Channels)}
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// CheckFiles reads pictures and reports what is in them, and the broken ones.
func CheckFiles(ctx context.Context, paths []string) (PartReport, []Broken) {
	files := make([]pictureFile, len(paths))
	for i, path := range paths {
		files[i].path = path
	}
	return checkPictures(ctx, files, nil)
}

// checkPictures decodes the files on all processors.
func checkPictures(ctx context.Context, files []pictureFile, classes []string) (PartReport, []Broken) {
	workers := max(1, min(runtime.GOMAXPROCS(0), len(files)))
	tallies, problems := make([]*tally, workers), make([]string, len(files))
	var wg sync.WaitGroup
	for w := range workers {
		tallies[w] = newTally(classes)
		wg.Go(func() {
			for i := w; i < len(files) && ctx.Err() == nil; i += workers {
				im, err := vision.Decode(files[i].path, vision.Native)
				if err != nil {
					problems[i] = err.Error()
					continue
				}
				tallies[w].add(im, files[i].label, 3)
			}
		})
	}
	wg.Wait()
	for _, t := range tallies[1:] {
		tallies[0].merge(t)
	}
	var broken []Broken
	for i, p := range problems {
		if p != "" {
			broken = append(broken, Broken{files[i].path, p})
		}
	}
	return tallies[0].report(3), broken
}

// tally sums up what a report needs. Sums of bytes and their squares are whole numbers, so their order does not matter.
type tally struct {
	names       []string
	items       int
	gray, alpha int
	sizes       map[[2]int]int
	labels      map[int]int
	pixels      uint64
	sum, square [3]uint64
}

func newTally(names []string) *tally {
	return &tally{names: names, sizes: map[[2]int]int{}, labels: map[int]int{}}
}

func (t *tally) add(im *vision.Image, label, channels int) {
	t.items++
	t.sizes[[2]int{im.H, im.W}]++
	t.labels[label]++
	switch im.C {
	case 1:
		t.gray++
	case 4:
		t.alpha++
	}
	t.pixels += uint64(im.H * im.W)
	for c := range channels {
		sum, square := uint64(0), uint64(0)
		for i := min(c, im.C-1); i < len(im.Pix); i += im.C {
			v := uint64(im.Pix[i])
			sum += v
			square += v * v
		}
		t.sum[c] += sum
		t.square[c] += square
	}
}

func (t *tally) merge(o *tally) {
	t.items, t.gray, t.alpha, t.pixels = t.items+o.items, t.gray+o.gray, t.alpha+o.alpha, t.pixels+o.pixels
	for size, n := range o.sizes {
		t.sizes[size] += n
	}
	for label, n := range o.labels {
		t.labels[label] += n
	}
	for c := range t.sum {
		t.sum[c] += o.sum[c]
		t.square[c] += o.square[c]
	}
}

func (t *tally) report(channels int) PartReport {
	r := PartReport{Items: t.items, Gray: t.gray, Alpha: t.alpha, Sizes: []SizeCount{}, Classes: []ClassCount{}}
	for size, n := range t.sizes {
		r.Sizes = append(r.Sizes, SizeCount{size[0], size[1], n})
	}
	sort.Slice(r.Sizes, func(i, j int) bool {
		a, b := r.Sizes[i], r.Sizes[j]
		if a.Items != b.Items {
			return a.Items > b.Items
		}
		return a.Height < b.Height || a.Height == b.Height && a.Width < b.Width
	})
	for label, name := range t.names {
		r.Classes = append(r.Classes, ClassCount{name, t.labels[label]})
	}
	if t.names == nil && len(t.labels) > 1 { // IDX labels have no names
		for label := range 256 {
			if n := t.labels[label]; n > 0 {
				r.Classes = append(r.Classes, ClassCount{fmt.Sprint(label), n})
			}
		}
	}
	for c := 0; c < channels && t.pixels > 0; c++ {
		mean := float64(t.sum[c]) / float64(t.pixels)
		variance := max(0, float64(t.square[c])/float64(t.pixels)-mean*mean)
		r.Mean, r.Std = append(r.Mean, mean/255), append(r.Std, math.Sqrt(variance)/255)
	}
	return r
}
