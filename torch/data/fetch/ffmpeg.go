package fetch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/forgergan/forger/internal/atomicfile"
	"github.com/forgergan/forger/torch/data/movie"
)

// imageioFFmpeg carries a static build of ffmpeg, which is used as a tool and is no part of a set.
var imageioFFmpeg = Package{
	Kind: "PyPI", Name: "imageio-ffmpeg", Version: "0.8.1", Size: 67998402,
	SHA256:  "050d6850601c3b3890bd2b28306f3b842b3daea390a561101174375a1c460bda",
	Licence: "the wrapper BSD-2-Clause; the program ffmpeg in it GPL-3, the FFmpeg developers",
}

// FFmpeg makes sure that [movie.FFmpeg] finds one: it brings a pinned one into the cache where there is none in PATH. The
// pinned one is for Linux on amd64; elsewhere the error says to install it.
func FFmpeg(ctx context.Context, log func(string)) error {
	_, missing := movie.FFmpeg()
	if missing == nil {
		return nil
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return missing
	}
	path, err := movie.Fetched()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(path), ".tmp-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	log(fmt.Sprintf("fetching ffmpeg, which is not in PATH, with the %v (%.0f MB)", imageioFFmpeg, float64(imageioFFmpeg.Size)/1e6))
	root, err := imageioFFmpeg.fetch(ctx, work, log)
	if err != nil {
		return fmt.Errorf("%w; %w", missing, err)
	}
	tool, err := one(filepath.Join(root, "imageio_ffmpeg", "binaries"), "ffmpeg-*", "pip download")
	if err != nil {
		return err
	}
	if err := os.Chmod(tool, 0o755); err != nil {
		return err
	}
	if _, err := run(ctx, work, nil, tool, "-version"); err != nil {
		return fmt.Errorf("the ffmpeg of the %v does not run: %w", imageioFFmpeg, err)
	}
	if err := os.Rename(tool, path); err != nil {
		return err
	}
	return atomicfile.SyncDir(filepath.Dir(path))
}
