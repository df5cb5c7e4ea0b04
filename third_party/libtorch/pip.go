package libtorch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// download fetches one wheel into dir, an empty folder, through the user's own pip: it knows the proxies, mirrors and
// certificates of the machine. Whatever Python runs, the file is the one that the tag names.
func download(ctx context.Context, w wheel, dir string, log Logf) (string, error) {
	done := make(chan struct{})
	defer close(done)
	go watch(done, dir, w, log)
	err := pip(ctx, dir, "download", "--no-deps", "--no-cache-dir", "--only-binary=:all:",
		"--implementation", "cp", "--python-version", "3.11", "--abi", "cp311", "--platform", w.tag,
		"--dest", dir, w.name+"=="+w.version)
	if err != nil {
		return "", fmt.Errorf("download %s: %w", w, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(files) != 1 {
		return "", fmt.Errorf("download %s: pip left %d wheels where 1 was due; run `forger setup` again", w, len(files))
	}
	return files[0], nil
}

// watch says every few seconds how much of a download has arrived.
func watch(done <-chan struct{}, dir string, w wheel, log Logf) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			if n := min(dirSize(dir), w.size); n > 0 {
				log("%s: %s of %s", w, megabytes(n), megabytes(w.size))
			}
		}
	}
}

func dirSize(dir string) (n int64) {
	filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				n += info.Size()
			}
		}
		return nil
	})
	return n
}

// pip runs one pip command. Its temporary files go to temp, so that they share the fate of the work there.
func pip(ctx context.Context, temp string, args ...string) error {
	python, err := exec.LookPath("python3")
	if err != nil {
		return errors.New("python3 is not on PATH, and the download goes through its pip; install Python 3 with pip " +
			"(Debian, Ubuntu: apt-get install python3-pip; macOS: brew install python), or set LIBTORCH to a LibTorch " + Version)
	}
	args = append([]string{"-m", "pip", "--disable-pip-version-check", "--no-input"}, args...)
	cmd := exec.CommandContext(ctx, python, append(args, "--progress-bar", "off")...)
	cmd.Env = append(os.Environ(), "TMPDIR="+temp, "LC_ALL=C.UTF-8")
	cmd.WaitDelay = 2 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return pipError(out.String(), err)
	}
	return nil
}

// pipError makes one sentence of what pip printed over many lines.
func pipError(output string, err error) error {
	if full := diskFull(output); full != nil {
		return full
	}
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(output, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("No module named pip"):
		return errors.New("python3 has no pip; install it (Debian, Ubuntu: apt-get install python3-pip; elsewhere: python3 -m ensurepip --user)")
	case has("CERTIFICATE_VERIFY_FAILED"):
		return errors.New("the package index shows a certificate that pip does not trust; give pip your proxy's certificate with PIP_CERT")
	case has("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ProxyError", "Max retries exceeded",
		"Connection broken", "Read timed out", "Temporary failure in name resolution"):
		return errors.New("no connection to the package index; check the network and proxy settings (HTTPS_PROXY) and run " +
			"`forger setup` again, or set LIBTORCH to a LibTorch " + Version)
	}
	for line := range strings.Lines(output) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "ERROR: "); ok {
			return fmt.Errorf("pip says: %s", text)
		}
	}
	return fmt.Errorf("pip failed: %w", err)
}
