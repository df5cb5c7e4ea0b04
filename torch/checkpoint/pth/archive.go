package pth

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"

	"github.com/forgergan/forger/internal/mapfile"
)

// A zip archive of torch.save has one folder with data.pkl, the storages data/0, data/1, … and small records: version,
// byteorder and, in the latest, facts about the alignment.
const (
	pickleRecord = "data.pkl"
	maxVersion   = 10 // of the archive, as the last PyTorch reads
	// Compressed records may be so much larger than the file, since tensors of zeros are.
	maxInflated = 64
	inflatedMin = 16 << 20
)

func isZip(file []byte) bool {
	return bytes.HasPrefix(file, []byte("PK")) && len(file) > 3 && (file[2] == 3 || file[2] == 5) && !isSafetensors(file)
}

// archive is a zip file in memory, its records by name without the folder.
type archive struct {
	file    []byte
	records map[string]*zip.File
}

func (f *File) parseZip() error {
	a, err := openArchive(f.mapped)
	if err != nil {
		return err
	}
	if err := a.checkVersion(); err != nil {
		return err
	}
	record := a.records[pickleRecord]
	if record.UncompressedSize64 > maxPickle {
		return fmt.Errorf("its pickle has %d bytes, the limit is %d", record.UncompressedSize64, maxPickle)
	}
	pickle, err := a.read(record)
	if err != nil {
		return err
	}
	f.locate = func(key, location string, size int) (*Storage, error) {
		name := "data/" + key
		record := a.records[name]
		if record == nil {
			return nil, fmt.Errorf("the file has no record %s", mapfile.Quote(name))
		}
		if record.UncompressedSize64 != uint64(size) {
			return nil, fmt.Errorf("record %s has %d bytes, its tensors need %d", mapfile.Quote(name), record.UncompressedSize64, size)
		}
		s := &Storage{Key: key, Location: location, size: size}
		s.inFile(f, a.stored(record), func() ([]byte, error) {
			data, err := a.read(record)
			if err != nil {
				return nil, f.bad("%w", err)
			}
			return data, nil
		})
		return s, nil
	}
	m := &machine{data: pickle, storage: f.storage}
	f.value, err = m.run()
	return err
}

// openArchive reads the directory and checks that it can be read in one way only.
func openArchive(file []byte) (*archive, error) {
	r, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fmt.Errorf("the zip archive is damaged or cut off: %w", err)
	}
	root := ""
	for _, record := range r.File {
		folder, name, ok := strings.Cut(record.Name, "/")
		if !ok || name != pickleRecord {
			continue
		}
		if root != "" {
			return nil, errors.New("it has two records " + pickleRecord)
		}
		root = folder + "/"
	}
	if root == "" {
		return nil, errors.New("not a .pth file: it is a zip archive without a record " + pickleRecord)
	}
	a := &archive{file: file, records: map[string]*zip.File{}}
	for _, record := range r.File {
		name, ok := strings.CutPrefix(record.Name, root)
		if !ok {
			continue
		}
		if a.records[name] != nil {
			return nil, fmt.Errorf("it has two records %s", mapfile.Quote(record.Name))
		}
		a.records[name] = record
	}
	if a.records["constants.pkl"] != nil {
		return nil, errors.New("it is a TorchScript program, which holds code: save the state_dict of its module")
	}
	return a, a.checkLayout()
}

// checkLayout checks that no two records share bytes, and that what is compressed does not blow up.
func (a *archive) checkLayout() error {
	type span struct{ start, end int64 }
	var spans []span
	inflated, limit := uint64(0), uint64(max(len(a.file), inflatedMin/maxInflated)*maxInflated)
	for name, record := range a.records {
		start, err := record.DataOffset()
		if err != nil {
			return fmt.Errorf("record %s is damaged: %w", mapfile.Quote(name), err)
		}
		room := uint64(len(a.file)) - uint64(start)
		switch {
		case start < 0 || start > int64(len(a.file)) || record.CompressedSize64 > room:
			return fmt.Errorf("record %s reaches beyond the end of the file", mapfile.Quote(name))
		case record.Flags&1 != 0:
			return fmt.Errorf("record %s is encrypted", mapfile.Quote(name))
		case record.Method == zip.Store && record.CompressedSize64 != record.UncompressedSize64:
			return fmt.Errorf("record %s has two sizes", mapfile.Quote(name))
		case record.Method != zip.Store && record.Method != zip.Deflate:
			return fmt.Errorf("record %s is compressed by method %d: pack the archive again without compression", mapfile.Quote(name), record.Method)
		}
		if record.Method == zip.Deflate {
			if record.UncompressedSize64 > limit-inflated {
				return fmt.Errorf("its records are %d times larger than the file: pack the archive again without compression", maxInflated)
			}
			inflated += record.UncompressedSize64
		}
		spans = append(spans, span{start, start + int64(record.CompressedSize64)})
	}
	slices.SortFunc(spans, func(x, y span) int { return int(min(max(x.start-y.start, -1), 1)) })
	for i := 1; i < len(spans); i++ {
		if spans[i].start < spans[i-1].end {
			return errors.New("two records of the zip archive overlap")
		}
	}
	return nil
}

func (a *archive) checkVersion() error {
	if r := a.records["version"]; r != nil {
		text, err := a.small(r)
		if err != nil {
			return err
		}
		if v, err := strconv.Atoi(text); err != nil || v < 1 || v > maxVersion {
			return fmt.Errorf("its version of the format is %s, the last known is %d", mapfile.Quote(text), maxVersion)
		}
	}
	if r := a.records["byteorder"]; r != nil {
		text, err := a.small(r)
		if err != nil {
			return err
		}
		if text != "little" {
			return fmt.Errorf("its byte order is %s: load and save it on a little-endian machine", mapfile.Quote(text))
		}
	}
	return nil
}

// small reads a record of a few characters.
func (a *archive) small(r *zip.File) (string, error) {
	if r.UncompressedSize64 > 64 {
		return "", fmt.Errorf("record %s has %d bytes", mapfile.Quote(r.Name), r.UncompressedSize64)
	}
	text, err := a.read(r)
	return strings.TrimSpace(string(text)), err
}

// stored is the place of a record that is not compressed, nil for another.
func (a *archive) stored(r *zip.File) []byte {
	start, err := r.DataOffset()
	if err != nil || r.Method != zip.Store {
		return nil
	}
	end := start + int64(r.UncompressedSize64)
	return a.file[start:end:end]
}

// read is the content of a record, compared with its checksum.
func (a *archive) read(r *zip.File) ([]byte, error) {
	data := a.stored(r)
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
		return nil, fmt.Errorf("the checksum of record %s does not match: the file is damaged, or was saved with set_crc32_options(False)", mapfile.Quote(r.Name))
	}
	return data, nil
}
