package pth

import (
	"archive/zip"
	"bufio"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/forgergan/forger/internal/atomicfile"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// alignment is where the values of a storage begin in the file, as torch.save aligns them.
const alignment = 64

// Save writes a value as torch.save does, atomically: a zip archive, not compressed, that torch.load reads with
// weights_only=True. Values are those of [File.Value], and besides int for int64, []any for *List and *torch.Tensor,
// which is copied from its device, row-major and detached as in a state_dict, when its turn comes. Tensors of one
// *Storage share it in the file, and one *torch.Tensor at two places is one tensor; two *torch.Tensor that view the same
// memory become two.
//
// The same value gives the same bytes. Save refuses, before it touches the disk, values of other types, trees that
// contain themselves and tensors that reach beyond their storage. A failed save leaves the previous file.
func Save(path string, value any) error {
	e := newEncoder()
	pickle, err := e.pickle(value)
	if err != nil {
		return fmt.Errorf("saving %s: %w", path, err)
	}
	// The folder in the archive is named after the file, as PyTorch names it.
	base := filepath.Base(path)
	root := strings.TrimSuffix(base, filepath.Ext(base))
	if root == "" {
		root = "archive"
	}
	return atomicfile.WriteTo(path, func(file *os.File) error {
		w := bufio.NewWriterSize(file, 256<<10)
		a := &archiveWriter{root: strings.ToValidUTF8(root, "_")}
		a.zip = zip.NewWriter(io.MultiWriter(w, a))
		if err := a.write(pickle, e.contents); err != nil {
			return err
		}
		return w.Flush()
	})
}

// FromState is the state dictionary that Python's nn.Module.state_dict gives, for Save: an OrderedDict of tensors. Those
// that are one tensor, tied weights, share their memory in Python too.
func FromState(state []nn.Entry) *Dict {
	d := &Dict{Class: "OrderedDict"}
	for _, e := range state {
		d.Items = append(d.Items, Item{e.Name, e.Tensor})
	}
	return d
}

// archiveWriter writes the records. It is also a writer that counts what was written.
type archiveWriter struct {
	root string
	zip  *zip.Writer
	at   int64
}

func (a *archiveWriter) Write(p []byte) (int, error) {
	a.at += int64(len(p))
	return len(p), nil
}

func (a *archiveWriter) write(pickle []byte, storages []func() ([]byte, error)) error {
	if err := a.record(pickleRecord, pickle); err != nil {
		return err
	}
	for _, r := range [][2]string{{".format_version", "1"}, {".storage_alignment", fmt.Sprint(alignment)}, {"byteorder", "little"}} {
		if err := a.record(r[0], []byte(r[1])); err != nil {
			return err
		}
	}
	for i, content := range storages {
		data, err := content()
		if err != nil {
			return err
		}
		if err := a.record(fmt.Sprintf("data/%d", i), data); err != nil {
			return err
		}
	}
	if err := a.record("version", []byte("3\n")); err != nil {
		return err
	}
	return a.zip.Close()
}

// record writes one record, padded by an extra field as PyTorch does so that the content is aligned.
func (a *archiveWriter) record(name string, data []byte) error {
	const localHeader, fieldHeader = 30, 4
	if err := a.zip.Flush(); err != nil { // so that a.at is up to date
		return err
	}
	h := &zip.FileHeader{
		Name: a.root + "/" + name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(data),
		CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(len(data)),
	}
	begin := a.at + localHeader + int64(len(h.Name)) + fieldHeader
	pad := int(-begin & (alignment - 1))
	h.Extra = append([]byte{'F', 'B', byte(pad), 0}, strings.Repeat("Z", pad)...)
	w, err := a.zip.CreateRaw(h)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

// tensorBytes copies a tensor of LibTorch to the host, turning its panics into an error.
func tensorBytes(t *torch.Tensor) (data []byte, err error) {
	err = torch.Try(func() { data = t.Bytes() })
	return data, err
}
