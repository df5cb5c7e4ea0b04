package data

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
)

// Pack writes the pictures of a folder (see [OpenFolder]) to one file that [Open] takes in its place: every picture
// decoded, its shorter side brought to Size, or to Load if that is given, and the middle square of it. So a run
// that takes crops of Size at random from Load finds its spare border, but of an oblong picture no more than that
// square. Flip is left to the run. The file is written atomically, beside a temporary one of the same size; memory
// stays small. Pack returns the number of pictures. A picture that cannot be read ends it with an error that names
// the file: [Check] finds all of them.
func Pack(ctx context.Context, dir, out string, o Options) (int, error) {
	o.Size, o.Load, o.Flip = max(o.Size, o.Load), 0, false
	f, err := OpenFolder(dir, o)
	if err != nil {
		return 0, err
	}
	size := o.Size * o.Size * f.o.Channels
	pixels, err := f.spool(ctx, filepath.Dir(out), size)
	if err != nil {
		return 0, fmt.Errorf("pack %s: %w", dir, err)
	}
	defer syscall.Munmap(pixels)
	names, labels := make([]string, f.Len()), make([]byte, 0, 8*f.Len())
	for i, p := range f.files {
		if names[i], err = filepath.Rel(f.dir, p.path); err != nil {
			return 0, err
		}
		labels = binary.LittleEndian.AppendUint64(labels, uint64(p.label))
	}
	list, err := json.Marshal(names)
	if err != nil {
		return 0, err
	}
	tensors := []checkpoint.Tensor{
		{Name: "image", DType: torch.Uint8, Shape: []int{f.Len(), o.Size, o.Size, f.o.Channels}, Data: pixels},
		{Name: "names", DType: torch.Uint8, Shape: []int{len(list)}, Data: list},
	}
	meta := map[string]string{shardKey: shardVersion, "filter": o.Filter.String()}
	if f.classes != nil {
		tensors = append(tensors, checkpoint.Tensor{Name: "label", DType: torch.Int64, Shape: []int{f.Len()}, Data: labels})
		classes, err := json.Marshal(f.classes)
		if err != nil {
			return 0, err
		}
		meta["classes"] = string(classes)
	}
	return f.Len(), checkpoint.Save(out, tensors, meta)
}

// spool decodes all pictures to a temporary file without a name and maps it, so that they need not fit into memory.
func (f *Folder) spool(ctx context.Context, dir string, size int) ([]byte, error) {
	file, err := os.CreateTemp(dir, ".forger-pack-*")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := os.Remove(file.Name()); err != nil {
		return nil, err
	}
	if err := f.decodeAll(ctx, file, size); err != nil {
		return nil, err
	}
	return syscall.Mmap(int(file.Fd()), 0, size*f.Len(), syscall.PROT_READ, syscall.MAP_SHARED)
}

// decodeAll writes the pictures, size bytes each, on all processors. It stops at the first that fails.
func (f *Folder) decodeAll(ctx context.Context, file io.WriterAt, size int) error {
	var next atomic.Int64
	var failed atomic.Bool
	errs := make([]error, f.Len())
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for ctx.Err() == nil && !failed.Load() {
				i := int(next.Add(1) - 1)
				if i >= f.Len() {
					return
				}
				im, err := f.picture(i, nil)
				if err == nil {
					_, err = file.WriteAt(im.Pix, int64(i)*int64(size))
				}
				if err != nil {
					errs[i] = err
					failed.Store(true)
					return
				}
			}
		})
	}
	workers.Wait()
	return cmp.Or(errors.Join(errs...), ctx.Err())
}
