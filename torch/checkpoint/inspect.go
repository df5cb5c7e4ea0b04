package checkpoint

import (
	"cmp"
	"errors"
	"math"

	"github.com/forgergan/forger/internal/mapfile"
	"github.com/forgergan/forger/torch/checkpoint/pth"
)

// Report is what [Inspect] finds in a file. It is made to be written as JSON.
type Report struct {
	Path     string            `json:"path"`
	Format   string            `json:"format"`     // "safetensors" or "pth"
	Bytes    int64             `json:"file_bytes"` // header and data
	Tensors  []TensorReport    `json:"tensors"`    // in the order of the file
	Total    Total             `json:"total"`
	Metadata map[string]string `json:"metadata"` // of a .pth file: the values that are no tensors
	Checksum string            `json:"checksum"` // of the data: "ok", or "none" if the file stores none
	Content  string            `json:"content"`  // see ContentHash
}

// TensorReport describes one tensor and its values. Min, Max, Mean and Std (of the population: divided by the number
// of values) are those of the finite values, in double precision, so integers beyond 2^53 are rounded. They are nil
// where there is no finite value, where one overflows a float64, and for element types that Forger lacks. The parts
// of a complex number count as two values here.
type TensorReport struct {
	Name  string   `json:"name"`
	DType string   `json:"dtype"`
	Shape []int    `json:"shape"`
	Count int64    `json:"count"`
	Bytes int64    `json:"bytes"`
	Min   *float64 `json:"min"`
	Max   *float64 `json:"max"`
	Mean  *float64 `json:"mean"`
	Std   *float64 `json:"std"`
	NaN   int64    `json:"nan"`
	Inf   int64    `json:"inf"`
}

// Total sums up all tensors of a file.
type Total struct {
	Tensors  int   `json:"tensors"`
	Elements int64 `json:"elements"`
	Bytes    int64 `json:"bytes"`
	NaN      int64 `json:"nan"`
	Inf      int64 `json:"inf"`
}

// statsPart is how many bytes of a tensor one step summarises. It divides into whole blocks of every type, and is
// fixed, so that the sums do not depend on the number of processors.
const statsPart = 8 << 20

// Inspect opens a safetensors or .pth file, reads all of it on all processors, and reports its tensors with statistics,
// its checksum and its content hash. A file that cannot be read or does not match its checksum is an error, a missing
// checksum is not. The names in a .pth file are dotted paths: "netG.conv.weight".
func Inspect(path string) (Report, error) {
	if pth.Is(path) {
		return inspectPth(path)
	}
	f, err := Open(path)
	if err != nil {
		return Report{}, err
	}
	defer f.Close()
	entries := f.header.entries

	// One list of steps for everything, the long ones first: a checksum cannot be split.
	var steps []func() error
	steps = append(steps, f.Verify)
	parts := make([]contentPart, len(entries))
	sums := make([][]stats, len(entries))
	for i := range entries {
		e := &entries[i]
		steps = append(steps, func() error {
			parts[i] = f.contentPart(e)
			return nil
		})
	}
	for i := range entries {
		e, data := &entries[i], f.raw(&entries[i])
		sums[i] = make([]stats, (len(data)+statsPart-1)/statsPart)
		for k := range sums[i] {
			part := data[k*statsPart : min((k+1)*statsPart, len(data))]
			steps = append(steps, func() error {
				sums[i][k] = summarise(e.Torch, part)
				return nil
			})
		}
	}
	errs := make([]error, len(steps))
	inParallel(len(steps), func(i int) { errs[i] = mapfile.Guard(path, steps[i]) })

	r := Report{
		Path: path, Format: "safetensors", Bytes: int64(len(f.mapped)), Tensors: make([]TensorReport, len(entries)),
		Metadata: f.Metadata(), Checksum: "ok", Content: contentHash(parts),
	}
	if errors.Is(errs[0], ErrNoChecksum) {
		r.Checksum, errs[0] = "none", nil
	}
	for i := range entries {
		r.Tensors[i] = tensorReport(&entries[i], sums[i])
		r.Total.add(&r.Tensors[i])
	}
	return r, cmp.Or(errs...)
}

func tensorReport(e *entry, parts []stats) TensorReport {
	s := newStats()
	for _, part := range parts {
		s.merge(part)
	}
	t := TensorReport{
		Name: e.Name, DType: e.DType, Shape: append([]int{}, e.Shape...), Count: e.Count, Bytes: e.Bytes, NaN: s.nan, Inf: s.inf,
	}
	if s.n > 0 {
		t.Min, t.Max, t.Mean, t.Std = finite(s.min), finite(s.max), finite(s.mean), finite(s.std())
	}
	return t
}

// finite is nil for what JSON cannot hold.
func finite(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

func (t *Total) add(r *TensorReport) {
	t.Tensors++
	t.Elements += r.Count
	t.Bytes += r.Bytes
	t.NaN += r.NaN
	t.Inf += r.Inf
}
