package checkpoint

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/forgergan/forger/internal/atomicfile"
	"github.com/forgergan/forger/torch"
)

// Tensor is a named tensor to be saved. Data holds the values, row-major and little-endian; it may be a view of memory
// outside Go, and is only read.
type Tensor struct {
	Name  string
	DType torch.DType
	Shape []int
	Data  []byte
}

// Save writes a safetensors file atomically, as [WriteFile] does. The header keeps the order of the tensors and the
// same input gives the same bytes. The data are laid out with larger element types first, so that each tensor is
// aligned to its element size in the file and in memory once mapped, and are written straight from the tensors.
//
// The metadata gains the SHA-256 of the data section under "forger.sha256", in place of one that the caller passes.
// Save refuses, before it touches the disk, a name that occurs twice or is reserved, text that is not UTF-8, an
// element type that the format lacks, and data whose size does not follow from shape and type.
func Save(path string, tensors []Tensor, metadata map[string]string) error {
	if err := check(tensors, metadata); err != nil {
		return fmt.Errorf("saving %s: %w", path, err)
	}
	order := layout(tensors)
	head, sumAt := buildHeader(tensors, order, metadata)
	if len(head)-lengthSize > maxHeader {
		return fmt.Errorf("saving %s: the header has %d bytes, the limit is %d: save fewer tensors or less metadata", path, len(head)-lengthSize, maxHeader)
	}
	return atomicfile.WriteTo(path, func(file *os.File) error {
		sum, err := writeData(file, head, tensors, order)
		if err != nil {
			return err
		}
		_, err = file.WriteAt(sum, sumAt)
		return err
	})
}

// writeData writes the header and the data, and returns the checksum in hexadecimal. The sum is computed beside the
// writing, over the same memory.
func writeData(file io.Writer, head []byte, tensors []Tensor, order []int) ([]byte, error) {
	const step = 4 << 20
	var failed atomic.Bool
	sum := make(chan []byte)
	go func() {
		hash := sha256.New()
		for _, i := range order {
			for part := range slices.Chunk(tensors[i].Data, step) {
				if failed.Load() {
					break
				}
				hash.Write(part)
			}
		}
		sum <- hex.AppendEncode(nil, hash.Sum(nil))
	}()
	w := bufio.NewWriterSize(file, 64<<10)
	_, err := w.Write(head)
	for _, i := range order {
		if err != nil {
			break
		}
		_, err = w.Write(tensors[i].Data)
	}
	if err == nil {
		err = w.Flush()
	}
	failed.Store(err != nil)
	return <-sum, err // waited for even then: the caller may free the memory
}

func check(tensors []Tensor, metadata map[string]string) error {
	seen := make(map[string]struct{}, len(tensors))
	for _, t := range tensors {
		what := "tensor " + quote(t.Name)
		if _, twice := seen[t.Name]; twice {
			return fmt.Errorf("%s occurs twice", what)
		}
		seen[t.Name] = struct{}{}
		e, ok := elementBy[t.DType]
		switch {
		case t.Name == metaKey:
			return fmt.Errorf("a tensor cannot be named %s", metaKey)
		case !utf8.ValidString(t.Name):
			return fmt.Errorf("the name of %s is not UTF-8 text", what)
		case !ok:
			return fmt.Errorf("%s has type %s, which safetensors files cannot hold", what, t.DType)
		case len(t.Shape) > maxRank:
			return fmt.Errorf("%s has %d dimensions, the limit is %d", what, len(t.Shape), maxRank)
		}
		if err := checkSize(t, e); err != nil {
			return err
		}
	}
	for key, value := range metadata {
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return errors.New("the metadata under " + quote(key) + " are not UTF-8 text")
		}
	}
	return nil
}

// checkSize checks that the data of a tensor are as long as its shape and type ask.
func checkSize(t Tensor, e element) error {
	what := "tensor " + quote(t.Name)
	if e.bits == 0 {
		return fmt.Errorf("%s has the unknown type %s", what, t.DType)
	}
	_, size, err := sizes(t.Shape, e)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if size != int64(len(t.Data)) {
		return fmt.Errorf("%s of shape %v and type %s needs %d bytes of data, got %d", what, t.Shape, t.DType, size, len(t.Data))
	}
	return nil
}

// layout is the order of the tensors in the data section: larger elements first, otherwise as given. All sizes are
// powers of two, so each tensor then begins at a multiple of its own.
func layout(tensors []Tensor) []int {
	order := make([]int, len(tensors))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(tensors[b].DType.Size(), tensors[a].DType.Size())
	})
	return order
}

// buildHeader makes the length field and the header, padded so that the data begin at a multiple of 8. The checksum is
// left as zeros at sumAt.
func buildHeader(tensors []Tensor, order []int, metadata map[string]string) (head []byte, sumAt int64) {
	starts := make([]int64, len(tensors))
	at := int64(0)
	for _, i := range order {
		starts[i] = at
		at += int64(len(tensors[i].Data))
	}
	stored := map[string]string{}
	maps.Copy(stored, metadata)
	stored[checksumKey] = strings.Repeat("0", 2*sha256.Size)

	head = append(make([]byte, lengthSize, 256+100*len(tensors)), `{"`+metaKey+`":{`...)
	for i, key := range slices.Sorted(maps.Keys(stored)) {
		if i > 0 {
			head = append(head, ',')
		}
		head = append(appendString(head, key), ':')
		if key == checksumKey {
			sumAt = int64(len(head) + 1)
		}
		head = appendString(head, stored[key])
	}
	head = append(head, '}')
	for i, t := range tensors {
		head = appendString(append(head, ','), t.Name)
		head = append(head, `:{"dtype":"`+elementBy[t.DType].name+`","shape":[`...)
		for k, d := range t.Shape {
			if k > 0 {
				head = append(head, ',')
			}
			head = strconv.AppendInt(head, int64(d), 10)
		}
		head = fmt.Appendf(head, `],"data_offsets":[%d,%d]}`, starts[i], starts[i]+int64(len(t.Data)))
	}
	head = append(head, '}')
	for len(head)%8 != 0 {
		head = append(head, ' ')
	}
	binary.LittleEndian.PutUint64(head, uint64(len(head)-lengthSize))
	return head, sumAt
}

// appendString adds a JSON string. json.Marshal would also escape <, > and &, which names need not suffer.
func appendString(text []byte, s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string to memory cannot fail
	return append(text, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}
