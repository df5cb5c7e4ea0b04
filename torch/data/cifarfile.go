package data

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/forgergan/forger/torch/checkpoint/pth"
)

// cifarForm is how one of the published archives lies in its folder.
type cifarForm struct {
	folder      string
	train, test []string // files
	meta        string   // the file with the names of the classes
	pickled     bool
	classes     int
	labelBytes  int    // before a picture, of which the last counts; without pickles
	labels      string // the key of the labels, and names that of their names; with pickles
	names       string
}

// cifarForms are all archives.
var cifarForms = []cifarForm{
	{
		folder: "cifar-10-batches-bin", train: batches("data_batch_%d.bin"), test: []string{"test_batch.bin"},
		meta: "batches.meta.txt", classes: 10, labelBytes: 1,
	},
	{
		folder: "cifar-10-batches-py", train: batches("data_batch_%d"), test: []string{"test_batch"},
		meta: "batches.meta", pickled: true, classes: 10, labels: "labels", names: "label_names",
	},
	{
		folder: "cifar-100-binary", train: []string{"train.bin"}, test: []string{"test.bin"},
		meta: "fine_label_names.txt", classes: 100, labelBytes: 2,
	},
	{
		folder: "cifar-100-python", train: []string{"train"}, test: []string{"test"},
		meta: "meta", pickled: true, classes: 100, labels: "fine_labels", names: "fine_label_names",
	},
}

// cifarSide is the side of the pictures, and cifarPicture what one of them takes.
const cifarSide, cifarPicture = 32, 3 * 32 * 32

func batches(format string) (names []string) {
	for k := 1; k <= 5; k++ {
		names = append(names, fmt.Sprintf(format, k))
	}
	return names
}

// findCIFAR returns the form of an archive that was unpacked to dir, or in its own folder in dir, and that folder; nil if
// there is none.
func findCIFAR(dir string) (*cifarForm, string) {
	for i, form := range cifarForms {
		for _, root := range []string{dir, filepath.Join(dir, form.folder)} {
			if isFile(filepath.Join(root, form.meta)) && (isFile(filepath.Join(root, form.train[0])) || isFile(filepath.Join(root, form.test[0]))) {
				return &cifarForms[i], root
			}
		}
	}
	return nil, ""
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// cifarBatch is pictures (N, 3, 32, 32) with a label each.
type cifarBatch struct {
	pixels []uint8
	labels []uint8
}

// read returns all pictures of a split and the names of the classes.
func (f *cifarForm) read(root string, split Split) (all cifarBatch, classes []string, err error) {
	files := f.train
	if split == Test {
		files = f.test
	}
	if classes, err = f.classNames(filepath.Join(root, f.meta)); err != nil {
		return all, nil, err
	}
	for _, name := range files {
		path := filepath.Join(root, name)
		file, err := os.ReadFile(path)
		if err != nil {
			return all, nil, err
		}
		b, err := f.decode(file)
		if err != nil {
			return all, nil, fmt.Errorf("%s %w", path, err)
		}
		all.pixels, all.labels = append(all.pixels, b.pixels...), append(all.labels, b.labels...)
	}
	return all, classes, nil
}

// decode reads a file. Its errors complete a sentence that begins with a name.
func (f *cifarForm) decode(file []byte) (b cifarBatch, err error) {
	if f.pickled {
		b, err = f.unpickle(file)
	} else {
		b, err = f.cut(file)
	}
	if err != nil {
		return b, err
	}
	for i, k := range b.labels {
		if int(k) >= f.classes {
			return b, fmt.Errorf("gives picture %d the label %d of %d classes", i, k, f.classes)
		}
	}
	return b, nil
}

// cut takes records of labels and a picture apart.
func (f *cifarForm) cut(file []byte) (b cifarBatch, err error) {
	record := f.labelBytes + cifarPicture
	if len(file) == 0 || len(file)%record != 0 {
		return b, fmt.Errorf("has %d bytes, which are no whole records of %d: it is cut off, or no CIFAR batch", len(file), record)
	}
	for ; len(file) > 0; file = file[record:] {
		b.labels = append(b.labels, file[f.labelBytes-1])
		b.pixels = append(b.pixels, file[f.labelBytes:record]...)
	}
	return b, nil
}

// unpickle takes an array of pictures and a list of labels from a dictionary.
func (f *cifarForm) unpickle(file []byte) (b cifarBatch, err error) {
	v, err := pth.Unpickle(file)
	if err != nil {
		return b, fmt.Errorf("is no CIFAR batch: %w", err)
	}
	pixels, ok := valueOf(v, "data").(*pth.Array)
	if !ok || pixels.DType != "u1" || len(pixels.Data) == 0 || pixels.Shape[len(pixels.Shape)-1] != cifarPicture {
		return b, fmt.Errorf("is no CIFAR batch: it has no array of bytes (N, %d) named data", cifarPicture)
	}
	labels, ok := valueOf(v, f.labels).(*pth.List)
	if !ok || len(labels.Items) != len(pixels.Data)/cifarPicture {
		return b, fmt.Errorf("is no CIFAR batch: it has no list %s of a label for each of %d pictures", f.labels, len(pixels.Data)/cifarPicture)
	}
	b.pixels, b.labels = pixels.Data, make([]uint8, len(labels.Items))
	for i, item := range labels.Items {
		k, ok := item.(int64)
		if !ok || k < 0 || k > 255 {
			return b, fmt.Errorf("gives picture %d a label that is no small number", i)
		}
		b.labels[i] = uint8(k)
	}
	return b, nil
}

// valueOf is what a dictionary has under a key, which Python 3 reads as bytes where Python 2 wrote it.
func valueOf(v any, key string) any {
	d, ok := v.(*pth.Dict)
	if !ok {
		return nil
	}
	for _, item := range d.Items {
		if name, ok := text(item.Key); ok && name == key {
			return item.Value
		}
	}
	return nil
}

// text is a string, or bytes as one.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case pth.Bytes:
		return string(v), true
	}
	return "", false
}

// classNames reads the names of the classes.
func (f *cifarForm) classNames(path string) (names []string, err error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if names, err = f.listNames(file); err == nil && len(names) != f.classes {
		err = fmt.Errorf("names %d classes, not %d", len(names), f.classes)
	}
	if err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	return names, nil
}

func (f *cifarForm) listNames(file []byte) (names []string, err error) {
	if !f.pickled {
		for line := range bytes.Lines(file) {
			if name := strings.TrimSpace(string(line)); name != "" {
				names = append(names, name)
			}
		}
		return names, nil
	}
	v, err := pth.Unpickle(file)
	if err != nil {
		return nil, err
	}
	list, ok := valueOf(v, f.names).(*pth.List)
	if !ok {
		return nil, fmt.Errorf("has no list %s", f.names)
	}
	for _, item := range list.Items {
		name, ok := text(item)
		if !ok {
			return nil, errors.New("has a class whose name is no text")
		}
		names = append(names, name)
	}
	return names, nil
}
