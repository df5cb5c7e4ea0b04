package video

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/forgergan/forger/internal/filelock"
	"github.com/forgergan/forger/third_party/libtorch"
	"github.com/forgergan/forger/torch/data/movie"
	"github.com/forgergan/forger/torch/vision"
)

// unpack returns dir itself, or, if there are video files in place of sequences, a folder in the cache with the same parts and
// the frames of the videos. It is made once, until a video changes.
func unpack(ctx context.Context, dir string, log func(string)) (string, error) {
	var parts, videos []string
	key := sha256.New()
	folders, err := os.ReadDir(dir)
	if err != nil {
		return "", fmt.Errorf("video %s: %w", dir, err)
	}
	for _, f := range folders {
		if split, _, ok := strings.Cut(f.Name(), "_"); ok && slices.Contains([]string{"train", "val", "test"}, split) {
			parts = append(parts, filepath.Join(dir, f.Name()))
		}
	}
	for _, part := range parts {
		entries, err := os.ReadDir(part)
		if err != nil {
			continue // no folder
		}
		for _, e := range entries {
			if !movie.Is(e.Name()) || e.IsDir() {
				continue
			}
			path := filepath.Join(part, e.Name())
			info, err := os.Stat(path)
			if err != nil {
				return "", fmt.Errorf("video %s: %w", path, err)
			}
			videos = append(videos, path)
			fmt.Fprintf(key, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		}
	}
	if len(videos) == 0 {
		return dir, nil
	}
	cache, err := libtorch.CacheDir()
	if err != nil {
		return "", fmt.Errorf("video %s: %w", dir, err)
	}
	whole, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("video %s: %w", dir, err)
	}
	io.WriteString(key, whole)
	to := filepath.Join(cache, "frames", fmt.Sprintf("%x", key.Sum(nil)[:12]))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return "", fmt.Errorf("video %s: %w", dir, err)
	}
	held, err := filelock.Wait(ctx, to+".lock", func() { log("another process is reading the videos: waiting for it") })
	if err != nil {
		return "", fmt.Errorf("video %s: %w", dir, err)
	}
	defer held.Close()
	if isDir(to) {
		return to, nil
	}
	work := to + ".part" // ours alone by the lock; what is in it was left by a process that was killed
	defer os.RemoveAll(work)
	if err := os.RemoveAll(work); err != nil {
		return "", err
	}
	for _, path := range videos {
		log(fmt.Sprintf("%s: reading its frames", path))
		if err := extract(ctx, path, filepath.Join(work, filepath.Base(filepath.Dir(path)), stem(path))); err != nil {
			return "", err
		}
	}
	if err := link(parts, work); err != nil {
		return "", fmt.Errorf("video %s: %w", dir, err)
	}
	return to, os.Rename(work, to)
}

// extract writes the frames of a video into a folder.
func extract(ctx context.Context, path, folder string) error {
	if isDir(folder) {
		return fmt.Errorf("video %s: another file gives a sequence of that name, too", path)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	n := 0
	return movie.Read(ctx, path, func(im *vision.Image) error {
		raw, err := os.Create(filepath.Join(folder, fmt.Sprintf("%06d.png", n)))
		if err != nil {
			return err
		}
		defer raw.Close()
		n++
		return vision.EncodePNG(raw, im)
	})
}

// link adds the sequences that are folders already.
func link(parts []string, work string) error {
	for _, part := range parts {
		entries, err := os.ReadDir(part)
		if err != nil {
			continue
		}
		for _, e := range entries {
			from, to := filepath.Join(part, e.Name()), filepath.Join(work, filepath.Base(part), e.Name())
			if !isDir(from) || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			if from, err = filepath.Abs(from); err != nil {
				return err
			}
			if err := os.Symlink(from, to); err != nil {
				return err
			}
		}
	}
	return nil
}
