package fetch

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Package is an archive that a set is made of.
type Package struct {
	Kind    string `json:"kind"` // "Debian", "npm" or "PyPI"
	Name    string `json:"name"`
	Version string `json:"version"`
	Size    int64  `json:"size"` // of the archive, in bytes
	SHA256  string `json:"sha256"`
	Licence string `json:"licence"` // of what the set takes from it, and whom to credit

	licenceFile string // in the package, copied into the set
}

// String names the client whose package it is.
func (p Package) String() string { return fmt.Sprintf("%s package %s %s", p.Kind, p.Name, p.Version) }

// fetch brings the package with its client, checks the archive and unpacks it into a folder of work.
func (p Package) fetch(ctx context.Context, work string, log func(string)) (dir string, err error) {
	var file string
	d := debian{name: p.Name, version: p.Version}
	switch p.Kind {
	case "Debian":
		file, err = d.download(ctx, work, log)
	case "npm":
		file, err = p.npm(ctx, work)
	case "PyPI":
		file, err = p.pip(ctx, work)
	}
	if err != nil {
		return "", err
	}
	in, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer in.Close()
	if err := (File{filepath.Base(file), p.Size, p.SHA256}).check(in, io.Discard); err != nil {
		return "", err
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	root := filepath.Join(work, "root")
	switch p.Kind {
	case "Debian":
		_, err = d.extract(ctx, file, work)
	case "npm":
		root, err = filepath.Join(root, "package"), untar(ctx, in, root)
	case "PyPI":
		err = unzip(ctx, in, p.Size, root)
	}
	return root, err
}

func (p Package) npm(ctx context.Context, work string) (string, error) {
	out, err := run(ctx, work, []string{"npm_config_update_notifier=false"}, "npm", "pack", p.Name+"@"+p.Version, "--json")
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("npm is needed for the %v and is not in PATH: install Node.js", p)
	}
	if err != nil {
		var said struct{ Error struct{ Summary string } }
		if json.Unmarshal(out, &said) == nil && said.Error.Summary != "" {
			err = errors.New(said.Error.Summary)
		}
		return "", fmt.Errorf("npm pack failed, check the network and try again: %w", oneLine(err))
	}
	return one(work, "*.tgz", "npm pack")
}

func (p Package) pip(ctx context.Context, work string) (string, error) {
	client := "pip"
	if _, err := exec.LookPath(client); err != nil {
		client = "pip3"
	}
	_, err := run(ctx, work, nil, client, "download", "--quiet", "--no-deps", "--no-input", "--disable-pip-version-check", p.Name+"=="+p.Version)
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("pip is needed for the %v and is not in PATH: install Python with pip", p)
	}
	if err != nil {
		return "", fmt.Errorf("pip download failed, check the network and try again: %w", oneLine(err))
	}
	return one(work, "*.whl", "pip download")
}

// untar unpacks the regular files of a .tar.gz.
func untar(ctx context.Context, r io.Reader, dir string) error {
	z, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	for t := tar.NewReader(z); ctx.Err() == nil; {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeReg {
			if err := place(dir, h.Name, t); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// unzip unpacks the files of a wheel.
func unzip(ctx context.Context, r io.ReaderAt, size int64, dir string) error {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return err
	}
	for _, f := range z.File {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		in, err := f.Open()
		if err == nil {
			err = place(dir, f.Name, in)
			in.Close()
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

// place writes one file of an archive below dir.
func place(dir, name string, r io.Reader) error {
	if !filepath.IsLocal(name) {
		return fmt.Errorf("the archive holds a file outside its folder: %s", name)
	}
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, r)
	return errors.Join(err, out.Close())
}
