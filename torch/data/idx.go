package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// IDX is the content of an IDX file of bytes, the format of MNIST: N-dimensional, the last index fastest.
type IDX struct {
	Dims []int
	Data []uint8
}

// maxIDX bounds the size that a header may announce; the largest MNIST-like set has 0.6 GB.
const maxIDX = 1 << 32

// ReadIDX reads an IDX file of bytes, plain or compressed with gzip, which its first bytes tell. The error is one
// sentence with the path and what is wrong: missing, empty, not IDX, of another type, cut off, too long, damaged.
func ReadIDX(path string) (*IDX, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	x, err := decodeIDX(f)
	if err != nil {
		return nil, fmt.Errorf("%s %w", path, err)
	}
	return x, nil
}

// decodeIDX reads an IDX file. Its errors complete a sentence that begins with a name.
func decodeIDX(file io.Reader) (*IDX, error) {
	buffered := bufio.NewReaderSize(file, 1<<16)
	r := io.Reader(buffered)
	magic, err := buffered.Peek(2)
	if len(magic) == 0 {
		if err != io.EOF {
			return nil, fmt.Errorf("cannot be read (%w)", err)
		}
		return nil, errors.New("is an empty file")
	}
	if magic[0] == 0x1f && len(magic) == 2 && magic[1] == 0x8b {
		if r, err = gzip.NewReader(buffered); err != nil {
			return nil, idxError(err)
		}
	}
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, idxError(err)
	}
	if head[0] != 0 || head[1] != 0 || head[3] == 0 || head[3] > 8 {
		return nil, fmt.Errorf("is not an IDX file (it begins with % x)", head)
	}
	if head[2] != 8 {
		return nil, fmt.Errorf("holds IDX values of type 0x%02x: only bytes (0x08) are read", head[2])
	}
	x, size := &IDX{Dims: make([]int, head[3])}, int64(1)
	for i := range x.Dims {
		var d [4]byte
		if _, err := io.ReadFull(r, d[:]); err != nil {
			return nil, idxError(err)
		}
		n := int64(binary.BigEndian.Uint32(d[:]))
		if x.Dims[i] = int(n); n > 0 && size > math.MaxInt64/n {
			size = math.MaxInt64
		} else {
			size *= n
		}
	}
	if size > maxIDX {
		return nil, fmt.Errorf("announces an IDX array of %v: refused as too large", x.Dims)
	}
	// The buffer fits the usual sets at once; beyond that it grows with what is really there, so that a false header
	// costs little.
	content := bytes.NewBuffer(make([]byte, 0, min(size, 1<<26)+1+bytes.MinRead))
	if _, err := content.ReadFrom(io.LimitReader(r, size+1)); err != nil {
		return nil, idxError(err)
	}
	x.Data = content.Bytes()
	if n := int64(len(x.Data)); n < size {
		return nil, fmt.Errorf("is cut off: %d of %d bytes of an IDX array of %v", n, size, x.Dims)
	} else if n > size {
		return nil, fmt.Errorf("goes on after its IDX array of %v", x.Dims)
	}
	return x, nil
}

func idxError(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return errors.New("is cut off")
	}
	return fmt.Errorf("is damaged (%w)", err)
}
