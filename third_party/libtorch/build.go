package libtorch

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// BuildShim compiles the shim's sources against a LibTorch and puts it into the cache, where [FindShim] finds it. It
// does nothing where that shim is there already, and only notes the new place where LibTorch has moved.
//
// The sources have CMakeLists.txt at their root; stamp identifies them (native.Sources and native.Stamp). It needs a
// C++20 compiler. cmake and ninja come from pip into the cache where the machine has none.
func BuildShim(ctx context.Context, inst Install, sources fs.FS, stamp string, log Logf) (Shim, error) {
	log = orSilent(log)
	cache, err := CacheDir()
	if err != nil {
		return Shim{}, err
	}
	final := cachedShim(cache, stamp)
	if shim, err := readShim(final, stamp, ""); err == nil && shim.Libtorch == inst.Root {
		return shim, nil
	}
	w, err := openWorkshop(ctx, cache, log)
	if err != nil {
		return Shim{}, err
	}
	defer w.close()
	if moved, err := moveShim(final, inst.Root, stamp); err != nil {
		return Shim{}, fmt.Errorf("note LibTorch's place beside the shim: %w", err)
	} else if !moved {
		if err := buildShim(ctx, w, inst, sources, stamp, final, log); err != nil {
			return Shim{}, fmt.Errorf("build the C++ shim: %w", diskError(cache, err))
		}
	}
	return readShim(final, stamp, "")
}

// moveShim points a shim that is already built at another LibTorch of the same version: the headers are the same, and
// the shim holds no path.
func moveShim(path, root, stamp string) (bool, error) {
	text, err := os.ReadFile(sidecarOf(path))
	if err != nil {
		return false, nil
	}
	var s sidecar
	if json.Unmarshal(text, &s) != nil || s.Stamp != stamp || s.Version != Version {
		return false, nil
	}
	if _, err := os.Stat(path); err != nil {
		return false, nil
	}
	return true, writeSidecar(path, sidecar{Libtorch: root, Version: Version, Stamp: stamp})
}

// writeSidecar replaces the description of a shim in one step.
func writeSidecar(shim string, s sidecar) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	path := sidecarOf(shim)
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func buildShim(ctx context.Context, w *workshop, inst Install, sources fs.FS, stamp, final string, log Logf) error {
	tools, err := findTools(ctx, w, log)
	if err != nil {
		return err
	}
	src, err := w.temp("shim-src")
	if err != nil {
		return err
	}
	build, err := w.temp("shim-build")
	if err != nil {
		return err
	}
	out, err := w.temp("shim")
	if err != nil {
		return err
	}
	if err := os.CopyFS(src, sources); err != nil {
		return err
	}
	start := time.Now()
	log("shim: building against %s …", inst.Root)
	if err := run(ctx, tools.cmake, "-S", src, "-B", build, "-G", "Ninja", "-DCMAKE_MAKE_PROGRAM="+tools.ninja,
		"-DLIBTORCH="+inst.Root, "-DFORGER_STAMP="+stamp); err != nil {
		return err
	}
	if err := run(ctx, tools.ninja, "-C", build); err != nil {
		return err
	}
	built := filepath.Join(out, libName("forger"))
	if err := os.Rename(filepath.Join(build, libName("forger")), built); err != nil {
		return err
	}
	if err := writeSidecar(built, sidecar{Libtorch: inst.Root, Version: Version, Stamp: stamp}); err != nil {
		return err
	}
	if err := w.publish(out, filepath.Dir(final)); err != nil {
		return err
	}
	log("shim: built in %s, %s", seconds(start), filepath.Dir(final))
	return nil
}

// run starts one tool and keeps its output for the error: all lines from the first that speaks of an error, at most 30.
func run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = 2 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	if full := diskFull(out.String()); full != nil {
		return full
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, line := range lines {
		if low := strings.ToLower(line); strings.Contains(low, "error") && !strings.HasPrefix(low, "[") {
			lines = lines[i:]
			break
		}
	}
	if len(lines) > 30 {
		lines = append(lines[:30], "…")
	}
	return fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, strings.Join(lines, "\n"))
}
