package pth

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/forgergan/forger/internal/mapfile"
	"github.com/forgergan/forger/internal/safezip"
)

// A zip archive of torch.save has one folder with data.pkl, the storages data/0, data/1, … and small records: version,
// byteorder and, in the latest, facts about the alignment.
const (
	pickleRecord = "data.pkl"
	maxVersion   = 10 // of the archive, as the last PyTorch reads
)

func isZip(file []byte) bool {
	return bytes.HasPrefix(file, []byte("PK")) && len(file) > 3 && (file[2] == 3 || file[2] == 5) && !isSafetensors(file)
}

// archive is a zip file in memory, its records by name without the folder.
type archive struct {
	zip     *safezip.Archive
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
	pickle, err := a.zip.Read(record)
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
		s.inFile(f, a.zip.Stored(record), func() ([]byte, error) {
			data, err := a.zip.Read(record)
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

// openArchive reads the directory. Only one of its folders may hold a pickle.
func openArchive(file []byte) (*archive, error) {
	z, err := safezip.Open(file)
	if err != nil {
		return nil, err
	}
	root := ""
	for _, record := range z.Records {
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
	a := &archive{zip: z, records: map[string]*zip.File{}}
	for _, record := range z.Records {
		if name, ok := strings.CutPrefix(record.Name, root); ok {
			a.records[name] = record
		}
	}
	if a.records["constants.pkl"] != nil {
		return nil, errors.New("it is a TorchScript program, which holds code: save the state_dict of its module")
	}
	return a, nil
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
		return "", fmt.Errorf("record %s has %d bytes, which is too long", mapfile.Quote(r.Name), r.UncompressedSize64)
	}
	text, err := a.zip.Read(r)
	return strings.TrimSpace(string(text)), err
}
