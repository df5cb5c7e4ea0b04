package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/forgergan/forger/internal/atomicfile"
	"github.com/forgergan/forger/internal/filelock"
)

// An unpacker brings the files of a package onto the disk and returns the folder that holds them. It may use the
// empty folder work, which is deleted afterwards.
type unpacker interface {
	unpack(ctx context.Context, work string, log func(string)) (dir string, err error)
}

// Get returns the folder of the set, fetching it first if it is not there. log, which may be nil, hears what happens,
// a line at a time. The error is one sentence that names the set and the way out: an unknown name, a missing package
// client, no network, a failed checksum, a full disk. Two processes may call it at once.
func Get(ctx context.Context, name string, log func(string)) (string, error) {
	set, ok := Find(name)
	if !ok {
		return "", fmt.Errorf("there is no data set %q; known are %s", name, Names())
	}
	dir, err := Dir(name)
	if err != nil {
		return "", fmt.Errorf("fetch %s: %w", name, err)
	}
	if set.present(dir) {
		return dir, nil
	}
	if log == nil {
		log = func(string) {}
	}
	if err := set.get(ctx, dir, log); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return "", fmt.Errorf("fetch %s: %w", name, err)
	}
	return dir, nil
}

func (s Set) get(ctx context.Context, dir string, log func(string)) error {
	parent := filepath.Dir(dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	held, err := filelock.Wait(ctx, filepath.Join(parent, ".lock"), func() { log("another process is fetching: waiting for it") })
	if err != nil {
		return err
	}
	defer held.Close()
	if s.present(dir) { // another process has fetched it meanwhile
		return nil
	}
	// The lock is ours, so a temporary folder here is what a killed fetch left.
	stale, err := filepath.Glob(filepath.Join(parent, ".tmp-*"))
	if err != nil {
		return err
	}
	for _, d := range stale {
		os.RemoveAll(d)
	}
	work, err := os.MkdirTemp(parent, ".tmp-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	start := time.Now()
	scratch, staged := filepath.Join(work, "package"), filepath.Join(work, s.Name)
	for _, d := range []string{scratch, staged} {
		if err := os.Mkdir(d, 0o755); err != nil {
			return err
		}
	}
	files := len(s.Files)
	if s.convert != nil {
		files, err = s.build(ctx, scratch, staged, log)
	} else {
		err = s.take(ctx, scratch, staged, log)
	}
	if err != nil {
		return err
	}
	if err := atomicfile.SyncDir(staged); err != nil {
		return err
	}
	// Whatever stands in the way failed present: a damaged or foreign copy.
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.Rename(staged, dir); err != nil {
		return err
	}
	if err := atomicfile.SyncDir(parent); err != nil {
		return err
	}
	log(fmt.Sprintf("%s: %d files in %s (%.1f s)", s.Name, files, dir, time.Since(start).Seconds()))
	return nil
}

// take copies the files of a package as they are.
func (s Set) take(ctx context.Context, scratch, staged string, log func(string)) error {
	log(fmt.Sprintf("%s: fetching the %s %s (%.0f MB)", s.Name, s.Source, s.Version, float64(s.Download)/1e6))
	from, err := s.unpack.unpack(ctx, scratch, log)
	if err != nil {
		dir, _ := Dir(s.Name)
		return fmt.Errorf("%w (or put its %d files into %s)", err, len(s.Files), dir)
	}
	for _, f := range s.Files {
		if err := f.copy(from, staged); err != nil {
			return err
		}
	}
	return nil
}

// present reports whether all files are there with the right sizes; of a converted set it looks at the manifest.
func (s Set) present(dir string) bool {
	if s.convert != nil {
		m, err := readManifest(dir)
		return err == nil && m.of(s)
	}
	for _, f := range s.Files {
		info, err := os.Stat(filepath.Join(dir, f.Name))
		if err != nil || info.Size() != f.Size {
			return false
		}
	}
	return true
}

// Verify computes the checksum of every file of the set in dir. The error names the first one that is wrong.
func Verify(s Set, dir string) error {
	if s.convert != nil {
		if err := verifyListing(s, dir); err != nil {
			return fmt.Errorf("verify %s: %w; delete %s and fetch it again", s.Name, err, dir)
		}
		return nil
	}
	for _, f := range s.Files {
		in, err := os.Open(filepath.Join(dir, f.Name))
		if err != nil {
			return fmt.Errorf("verify %s: %w", s.Name, err)
		}
		err = f.check(in, io.Discard)
		in.Close()
		if err != nil {
			return fmt.Errorf("verify %s: %w; delete %s and fetch it again", s.Name, err, dir)
		}
	}
	return nil
}

// copy brings the file from one folder into another, verified and on the disk.
func (f File) copy(from, to string) error {
	in, err := os.Open(filepath.Join(from, f.Name))
	if err != nil {
		return fmt.Errorf("the package does not hold %s: %w", f.Name, err)
	}
	defer in.Close()
	return atomicfile.Write(filepath.Join(to, f.Name), func(w io.Writer) error { return f.check(in, w) })
}

// check copies r to w and compares size and sum.
func (f File) check(r io.Reader, w io.Writer) error {
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, sum), r)
	if err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); n != f.Size || got != f.SHA256 {
		return fmt.Errorf("failed checksum: %s has %d bytes and sha256 %s, expected %d bytes and %s", f.Name, n, got, f.Size, f.SHA256)
	}
	return nil
}
