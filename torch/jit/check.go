package jit

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/forgergan/forger/torch"
)

// check reads the file once and refuses what LibTorch's reader would misread: it looks at no checksum itself.
func check(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("jit: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("jit: %w", err)
	}
	if info.IsDir() {
		return fmt.Errorf("jit: %s is a folder", path)
	}
	z, err := zip.NewReader(f, info.Size())
	switch {
	case errors.Is(err, zip.ErrFormat):
		return fmt.Errorf("jit: %s is not a TorchScript file, or cut off: it is no zip archive", path)
	case err != nil:
		return fmt.Errorf("jit: %s: %w", path, err)
	}
	script := false
	for _, part := range z.File {
		script = script || strings.HasSuffix(part.Name, "/constants.pkl")
		r, err := part.Open()
		if err != nil {
			return fmt.Errorf("jit: %s is damaged: %s: %w", path, part.Name, err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			return fmt.Errorf("jit: %s is damaged: %s: %w", path, part.Name, err)
		}
	}
	if !script {
		return fmt.Errorf("jit: %s holds no TorchScript module: what torch.save wrote is for package checkpoint", path)
	}
	return nil
}

// loadError says in a sentence why LibTorch did not take a file.
func loadError(path string, err error) error {
	var e *torch.Error
	if errors.As(err, &e) {
		return fmt.Errorf("jit: LibTorch cannot load %s: %s", path, e.Msg)
	}
	return fmt.Errorf("jit: cannot load %s: %w", path, err)
}
