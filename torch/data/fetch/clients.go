package fetch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// goModule is a package in Go's module cache: a folder in it holds the files.
type goModule struct{ path, version, folder string }

func (m goModule) unpack(ctx context.Context, work string, _ func(string)) (string, error) {
	// The files are pinned by their own sums, so Go's checksum database is not needed; and neither a module nor a
	// workspace around the user's current folder may have a say.
	env := []string{"GOWORK=off", "GO111MODULE=on", "GOFLAGS=", "GONOSUMDB=" + m.path}
	out, err := run(ctx, work, env, "go", "mod", "download", "-json", m.path+"@"+m.version)
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("the go command is needed and is not in PATH: install Go")
	}
	var got struct{ Dir, Error string }
	if parsed := json.Unmarshal(out, &got); parsed != nil && err == nil {
		err = parsed
	}
	if got.Error != "" {
		err = errors.New(got.Error)
	}
	if err != nil {
		return "", fmt.Errorf("go mod download failed, check the network and try again: %w", oneLine(err))
	}
	return filepath.Join(got.Dir, m.folder), nil
}

// debian is a package of the Debian archive, downloaded and unpacked without being installed.
type debian struct{ name, version, folder string }

func (d debian) unpack(ctx context.Context, work string, log func(string)) (string, error) {
	file, err := d.download(ctx, work, log)
	if err != nil {
		return "", err
	}
	root, err := d.extract(ctx, file, work)
	return filepath.Join(root, d.folder), err
}

// download leaves the package's archive in work.
func (d debian) download(ctx context.Context, work string, log func(string)) (string, error) {
	for _, tool := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", fmt.Errorf("%s is needed and is not in PATH: on a system without apt, unpack the Debian package %s %s elsewhere", tool, d.name, d.version)
		}
	}
	download := []string{"download", d.name + "=" + d.version}
	if _, err := run(ctx, work, nil, "apt-get", download...); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		// The machine's package lists are empty or old. Renewing them takes root and changes the machine, so work
		// with lists of our own.
		log("the package lists do not know " + d.name + ": getting fresh ones")
		own, err := ownLists(work)
		if err != nil {
			return "", err
		}
		if _, err := run(ctx, work, nil, "apt-get", append(own, "update")...); err != nil {
			return "", fmt.Errorf("apt-get update failed, check the network and try again: %w", oneLine(err))
		}
		if _, err := run(ctx, work, nil, "apt-get", append(own, download...)...); err != nil {
			return "", fmt.Errorf("apt-get cannot download %s %s from this machine's sources: %w", d.name, d.version, oneLine(err))
		}
	}
	return one(work, d.name+"_*.deb", "apt-get")
}

// extract unpacks the archive into a folder of work.
func (d debian) extract(ctx context.Context, file, work string) (string, error) {
	root := filepath.Join(work, "root")
	if _, err := run(ctx, work, nil, "dpkg-deb", "-x", file, root); err != nil {
		return "", fmt.Errorf("dpkg-deb cannot unpack %s: %w", filepath.Base(file), oneLine(err))
	}
	return root, nil
}

// one returns the only file of that pattern that a client left in work.
func one(work, pattern, client string) (string, error) {
	files, err := filepath.Glob(filepath.Join(work, pattern))
	if err != nil || len(files) != 1 {
		return "", fmt.Errorf("%s left %d files %s, expected one", client, len(files), pattern)
	}
	return files[0], nil
}

// ownLists returns the options that make apt-get keep its lists and caches under work.
func ownLists(work string) ([]string, error) {
	lists, cache := filepath.Join(work, "lists"), filepath.Join(work, "cache")
	for _, d := range []string{filepath.Join(lists, "partial"), filepath.Join(cache, "archives", "partial")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	options := []string{"-o", "Dir::State::lists=" + lists, "-o", "Dir::Cache=" + cache, "-o", "Acquire::Languages=none",
		"-o", "APT::Update::Error-Mode=any"} // or update succeeds without a network
	if os.Geteuid() == 0 { // apt's own user may not reach the folder
		options = append(options, "-o", "APT::Sandbox::User=root")
	}
	return options, nil
}

// run executes a command in dir and returns what it printed. Its error holds the last line of the error output.
func run(ctx context.Context, dir string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, append(os.Environ(), append(env, "LC_ALL=C")...), 5*time.Second
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	err := cmd.Run()
	if err != nil && !errors.Is(err, exec.ErrNotFound) {
		lines := strings.Split(strings.TrimSpace(problems.String()), "\n")
		for i := len(lines) - 1; i >= 0; i-- {
			if strings.HasPrefix(lines[i], "E:") { // apt's errors; warnings may follow them
				return out.Bytes(), errors.New(lines[i])
			}
		}
		if last := lines[len(lines)-1]; last != "" {
			return out.Bytes(), errors.New(last)
		}
	}
	return out.Bytes(), err
}

// oneLine joins the lines of an error.
func oneLine(err error) error {
	return errors.New(strings.Join(strings.Fields(err.Error()), " "))
}
