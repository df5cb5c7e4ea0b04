package checkpoint

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"

	"github.com/forgergan/forger/internal/mapfile"
	"github.com/forgergan/forger/torch/checkpoint/pth"
)

// inspectPth is Inspect for a .pth file.
func inspectPth(path string) (Report, error) {
	f, err := pth.Open(path)
	if err != nil {
		return Report{}, err
	}
	defer f.Close()
	stat, err := os.Stat(path)
	if err != nil {
		return Report{}, err
	}
	r := Report{Path: path, Format: "pth", Bytes: stat.Size(), Metadata: map[string]string{}, Checksum: "none"}
	if f.Checksum() {
		r.Checksum = "ok"
	}
	var names []string
	var tensors []*pth.Tensor
	known := map[string]bool{}
	err = pth.Walk(f.Value(), func(name string, v any) error {
		t, ok := v.(*pth.Tensor)
		switch {
		case !ok:
			r.Metadata[name] = pth.Text(v)
			return nil
		case known[name]:
			return &FormatError{Path: path, Reason: "two tensors have the name " + quote(name)}
		}
		known[name] = true
		names, tensors = append(names, name), append(tensors, t)
		return nil
	})
	if err != nil {
		return Report{}, err
	}
	r.Tensors = make([]TensorReport, len(tensors))
	parts := make([]contentPart, len(tensors))
	errs := make([]error, len(tensors))
	inParallel(len(tensors), func(i int) {
		errs[i] = mapfile.Guard(path, func() (err error) {
			r.Tensors[i], parts[i], err = inspectTensor(names[i], tensors[i])
			return err
		})
	})
	for i := range r.Tensors {
		r.Total.add(&r.Tensors[i])
	}
	r.Content = contentHash(parts)
	return r, cmp.Or(errs...)
}

// inspectTensor reads one tensor, which only then may need memory of its own.
func inspectTensor(name string, t *pth.Tensor) (TensorReport, contentPart, error) {
	data, err := t.Bytes()
	if err != nil {
		return TensorReport{}, contentPart{}, fmt.Errorf("tensor %s: %w", quote(name), err)
	}
	var sums []stats
	for part := range slices.Chunk(data, statsPart) {
		sums = append(sums, summarise(t.DType, part))
	}
	info := Info{Name: name, DType: t.DType.String(), Torch: t.DType, Shape: t.Shape, Count: int64(t.Numel()), Bytes: int64(len(data))}
	return tensorReport(&entry{Info: info}, sums), contentPart{name, info.DType, t.Shape, sha256.Sum256(data)}, nil
}
