package checkpoint

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"slices"

	"github.com/forgergan/forger/internal/mapfile"
)

// ContentHash names the content of a set of tensors: "sha256:" and 64 digits that follow from the names, element
// types, shapes and values alone, not from order, metadata, layout or file format. Equal states have equal hashes.
//
// It is the SHA-256 of a line for each tensor in ascending order of names (by bytes):
//
//	<length of the name in bytes> <name> <type as in PyTorch, "float32"> <shape as "[2,3]"> <SHA-256 of the values>\n
//
// so that a few lines of another language can compute it too. Values are compared by their bytes: 0 and -0 differ.
// It is an error if a name occurs twice or if a size does not follow from shape and type.
func ContentHash(tensors []Tensor) (string, error) {
	parts := make([]contentPart, len(tensors))
	seen := make(map[string]struct{}, len(tensors))
	for i, t := range tensors {
		if _, twice := seen[t.Name]; twice {
			return "", fmt.Errorf("content hash: tensor %s occurs twice", quote(t.Name))
		}
		seen[t.Name] = struct{}{}
		if err := checkSize(t, element{t.DType.String(), 8 * uint64(t.DType.Size()), t.DType}); err != nil {
			return "", fmt.Errorf("content hash: %w", err)
		}
		parts[i] = contentPart{name: t.Name, dtype: t.DType.String(), shape: t.Shape}
	}
	inParallel(len(tensors), func(i int) { parts[i].sum = sha256.Sum256(tensors[i].Data) })
	return contentHash(parts), nil
}

// ContentHash is the hash of the function of this name for all tensors of the file, of whatever type. It reads all
// values, and is an error if they cannot be read or the file is closed.
func (f *File) ContentHash() (string, error) {
	if f.mapped == nil && len(f.header.entries) > 0 {
		return "", fmt.Errorf("%s: %w", f.path, os.ErrClosed)
	}
	entries := f.header.entries
	parts := make([]contentPart, len(entries))
	errs := make([]error, len(entries))
	inParallel(len(entries), func(i int) {
		errs[i] = mapfile.Guard(f.path, func() error {
			parts[i] = f.contentPart(&entries[i])
			return nil
		})
	})
	return contentHash(parts), cmp.Or(errs...)
}

// contentPart is what the content hash takes from one tensor.
type contentPart struct {
	name, dtype string
	shape       []int
	sum         [sha256.Size]byte
}

func (f *File) contentPart(e *entry) contentPart {
	dtype := e.DType
	if e.Torch != none {
		dtype = e.Torch.String()
	}
	return contentPart{e.Name, dtype, e.Shape, sha256.Sum256(f.raw(e))}
}

func contentHash(parts []contentPart) string {
	slices.SortFunc(parts, func(a, b contentPart) int { return cmp.Compare(a.name, b.name) })
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d %s %s [", len(p.name), p.name, p.dtype)
		for i, d := range p.shape {
			if i > 0 {
				fmt.Fprint(h, ",")
			}
			fmt.Fprint(h, d)
		}
		fmt.Fprintf(h, "] %x\n", p.sum)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
