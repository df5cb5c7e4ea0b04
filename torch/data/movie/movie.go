// Package movie reads video files as pictures.
//
//	err := movie.Read(ctx, "walk.mp4", func(frame *vision.Image) error {
//		...
//	})
//
// GIF is read by itself, all else by ffmpeg: the one in PATH, or the one that fetch.FFmpeg has brought into the cache.
package movie

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/forgergan/forger/third_party/libtorch"
	"github.com/forgergan/forger/torch/vision"
)

// Is tells by its name whether a file is a video.
func Is(name string) bool {
	endings := []string{".mp4", ".avi", ".mov", ".mkv", ".webm", ".mpg", ".mpeg", ".m4v", ".gif"}
	return slices.Contains(endings, strings.ToLower(filepath.Ext(name)))
}

// FFmpeg finds ffmpeg. The error says how to come by it.
func FFmpeg() (string, error) {
	if path, err := exec.LookPath("ffmpeg"); err == nil {
		return path, nil
	}
	path, err := Fetched()
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("ffmpeg, which reads and writes video files, is not in PATH: install it, or let forger data get vtest bring one")
	}
	return path, nil
}

// Fetched is where a fetched ffmpeg lies in the cache, or would lie.
func Fetched() (string, error) {
	cache, err := libtorch.CacheDir()
	return filepath.Join(cache, "tools", "ffmpeg"), err
}

// Read calls each with the frames of a video, RGB, in their order. An error of each ends it. The error is one sentence with
// the path: no such file, no ffmpeg, no video or a damaged one, of which the frames before the damage have been read.
func Read(ctx context.Context, path string, each func(frame *vision.Image) error) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("video %s: there is no such file", path)
	}
	if strings.EqualFold(filepath.Ext(path), ".gif") {
		return readGIF(ctx, path, each)
	}
	tool, err := FFmpeg()
	if err != nil {
		return fmt.Errorf("video %s: %w", path, err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	// Passthrough: frames as they are stored, neither left out nor repeated to keep a rate.
	c := exec.CommandContext(ctx, tool, "-nostdin", "-loglevel", "error", "-xerror", "-i", "file:"+path, "-map", "0:v:0",
		"-fps_mode", "passthrough", "-f", "image2pipe", "-c:v", "ppm", "-")
	var said strings.Builder
	c.Stderr = &said
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return fmt.Errorf("video %s: %w", path, err)
	}
	n, err := readPPM(bufio.NewReaderSize(out, 1<<20), each)
	if err != nil {
		stop()
		_ = c.Wait() // it was killed
		return err
	}
	if err := c.Wait(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return fmt.Errorf("video %s: ffmpeg cannot read it beyond frame %d: %s", path, n, first)
	}
	if n == 0 {
		return fmt.Errorf("video %s: there are no frames in it", path)
	}
	return nil
}

// readPPM reads binary PPM pictures, as ffmpeg writes them, until the end; a cut off last one counts as the end.
func readPPM(r *bufio.Reader, each func(frame *vision.Image) error) (n int, err error) {
	for {
		var header string
		for range 3 { // P6, the sides, the largest value: a pixel may look like white space, so lines are taken one by one
			line, err := r.ReadString('\n')
			if err != nil {
				return n, nil
			}
			header += line
		}
		var w, h, most int
		if _, err := fmt.Sscanf(header, "P6\n%d %d\n%d\n", &w, &h, &most); err != nil {
			return n, fmt.Errorf("ffmpeg gave no picture after frame %d", n)
		}
		if w < 1 || h < 1 || most != 255 || w > vision.MaxPixels/h {
			return n, fmt.Errorf("ffmpeg gave a frame of %d x %d with values to %d", w, h, most)
		}
		im := vision.NewImage(h, w, 3)
		if _, err := io.ReadFull(r, im.Pix); err != nil {
			return n, nil
		}
		if err := each(im); err != nil {
			return n, err
		}
		n++
	}
}
