// Package safezip reads zip archives that may be hostile: what it accepts can be read in one way only, and takes no more
// memory than the size of the archive justifies.
package safezip

import (
	"archive/zip"
	"bytes"
	"cmp"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/forgergan/forger/internal/mapfile"
)

// Compressed records together may be so much larger than the archive, since arrays of zeros are.
const (
	maxInflated = 64
	inflatedMin = 16 << 20
)

// Archive is a zip archive in memory.
type Archive struct {
	file    []byte
	Records []*zip.File
}

// Open reads the directory of an archive. It refuses two records of one name, records that overlap or reach beyond the
// end, those that are encrypted or compressed in a rare way, and those that would expand too far. Errors are clauses
// without the path.
func Open(file []byte) (*Archive, error) {
	r, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fmt.Errorf("the zip archive is damaged or cut off: %w", err)
	}
	a := &Archive{file: file, Records: r.File}
	return a, a.check()
}

func (a *Archive) check() error {
	type span struct{ start, end int64 }
	var spans []span
	names := map[string]bool{}
	inflated, limit := uint64(0), uint64(max(len(a.file), inflatedMin/maxInflated)*maxInflated)
	for _, record := range a.Records {
		name := mapfile.Quote(record.Name)
		if names[record.Name] {
			return fmt.Errorf("it has two records %s", name)
		}
		names[record.Name] = true
		start, err := record.DataOffset()
		if err != nil {
			return fmt.Errorf("record %s is damaged: %w", name, err)
		}
		switch {
		case start < 0 || start > int64(len(a.file)) || record.CompressedSize64 > uint64(int64(len(a.file))-start):
			return fmt.Errorf("record %s reaches beyond the end of the file", name)
		case record.Flags&1 != 0:
			return fmt.Errorf("record %s is encrypted", name)
		case record.Method == zip.Store && record.CompressedSize64 != record.UncompressedSize64:
			return fmt.Errorf("record %s has two sizes", name)
		case record.Method != zip.Store && record.Method != zip.Deflate:
			return fmt.Errorf("record %s is compressed by method %d: pack the archive again without compression", name, record.Method)
		}
		if record.Method == zip.Deflate {
			if record.UncompressedSize64 > limit-inflated {
				return fmt.Errorf("its records are %d times larger than the file: pack the archive again without compression", maxInflated)
			}
			inflated += record.UncompressedSize64
		}
		spans = append(spans, span{start, start + int64(record.CompressedSize64)})
	}
	slices.SortFunc(spans, func(x, y span) int { return cmp.Compare(x.start, y.start) })
	for i := 1; i < len(spans); i++ {
		if spans[i].start < spans[i-1].end {
			return errors.New("two records of the zip archive overlap")
		}
	}
	return nil
}

// Stored is the part of the file that holds a record, nil if that is compressed.
func (a *Archive) Stored(r *zip.File) []byte {
	start, err := r.DataOffset()
	if err != nil || r.Method != zip.Store {
		return nil
	}
	end := start + int64(r.UncompressedSize64)
	return a.file[start:end:end]
}

// Read is the content of a record, compared with its checksum: the part of the file, or memory of its own if it is
// compressed.
func (a *Archive) Read(r *zip.File) ([]byte, error) {
	data := a.Stored(r)
	if r.Method != zip.Store {
		from, err := r.OpenRaw()
		if err != nil {
			return nil, err
		}
		if data, err = inflate(from, r.UncompressedSize64); err != nil {
			return nil, fmt.Errorf("record %s is damaged: %w", mapfile.Quote(r.Name), err)
		}
	}
	if crc32.ChecksumIEEE(data) != r.CRC32 {
		return nil, fmt.Errorf("the checksum of record %s does not match: the file is damaged, or was saved without checksums", mapfile.Quote(r.Name))
	}
	return data, nil
}

// inflate decompresses exactly size bytes. Memory grows with what comes, not with what is announced.
func inflate(from io.Reader, size uint64) ([]byte, error) {
	r := flate.NewReader(from)
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, int64(size)+1))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), err == nil && uint64(n) < size:
		return nil, errors.New("it is cut off")
	case err != nil:
		return nil, fmt.Errorf("it cannot be decompressed: %w", err)
	case uint64(n) > size:
		return nil, errors.New("it is longer than announced")
	}
	return out.Bytes(), nil
}
