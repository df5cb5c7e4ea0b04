// Package downstreamtest tests Forger as the dependency of another module.
package downstreamtest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/third_party/libtorch"
	"github.com/forgergan/forger/torch/native"
	"github.com/forgergan/forger/torch/torchtest"
)

// program makes one training step of a small DCGAN on noise.
const program = `package main

import (
	"fmt"
	"os"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/zoo/dcgan"
)

func main() {
	if err := torch.Try(step); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func step() {
	torch.Scope(func() {
		model, err := dcgan.New(dcgan.Config{Size: 16, Channels: 1, Width: 4})
		if err != nil {
			panic(err)
		}
		images := torch.Randn([]int{2, 1, 16, 16})
		for _, loss := range model.Step(train.NewBatch(map[string]*torch.Tensor{"image": images})).Losses {
			fmt.Println(loss.Name, loss.Value.Item() > 0)
		}
	})
}
`

// A module is a Go module outside the repository that requires a copy of Forger, as the module cache would hold it:
// without what is built in the tree, since a program finds the shim of the tree that it was compiled from.
type module struct {
	dir string
	env []string
}

func newModule(t *testing.T) module {
	repo := t.TempDir()
	copySources(t, repo, "../..")
	m := module{dir: t.TempDir()}
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o644))
	}
	write("main.go", program)
	write("go.mod", "module downstream\n\ngo 1.26\n\nrequire github.com/forgergan/forger v0.0.0\n\nreplace github.com/forgergan/forger => "+repo+"\n")
	sums, err := os.ReadFile(filepath.Join(repo, "go.sum"))
	require.NoError(t, err)
	write("go.sum", string(sums))
	// No LibTorch, no network: what compiling needs is Go, a C compiler and the modules at hand.
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if name != "LIBTORCH" && !strings.HasPrefix(name, "FORGER_") && name != "GOFLAGS" {
			m.env = append(m.env, v)
		}
	}
	m.env = append(m.env, "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "FORGER_CACHE="+t.TempDir())
	return m
}

// copySources copies what the packages are compiled from.
func copySources(t *testing.T, to, from string) {
	err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name == "build" || name == "runs" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && name != "." {
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		}
		if strings.HasSuffix(name, "_test.go") || name == "CMakeLists.txt" {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), text, 0o644)
	})
	require.NoError(t, err)
}

// run runs a command in the module; extra are environment variables.
func (m module) run(t *testing.T, extra []string, name string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = m.dir, append(m.env, extra...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return out.String(), errs.String(), exit.ExitCode()
	}
	require.NoError(t, err)
	return out.String(), errs.String(), 0
}

func TestAnotherModuleBuildsWithoutLibTorchAndSaysWhatItMisses(t *testing.T) {
	m := newModule(t)
	_, stderr, code := m.run(t, nil, "go", "build", "-o", "program", ".")
	require.Zero(t, code, stderr)
	_, stderr, code = m.run(t, nil, "go", "vet", ".")
	require.Zero(t, code, stderr)

	const missing = "LibTorch 2.11.0 and Forger's shim are not set up on this machine"
	const help = ": run `forger setup`, or scripts/setup.sh in Forger's repository\n"
	stdout, stderr, code := m.run(t, nil, "./program")
	require.Equal(t, 1, code)
	require.Empty(t, stdout)
	require.Equal(t, missing+help, stderr)

	_, stderr, code = m.run(t, []string{"FORGER_SHIM=/no/such/libforger.so"}, "./program")
	require.Equal(t, 1, code)
	require.Equal(t, missing+" (FORGER_SHIM=/no/such/libforger.so: no such file)"+help, stderr)

	t.Run("and runs once it is there", func(t *testing.T) {
		torchtest.Native(t)
		shim, _, err := libtorch.FindShim(native.Stamp())
		require.NoError(t, err)
		stdout, stderr, code := m.run(t, []string{"FORGER_SHIM=" + shim.Path}, "./program")
		require.Zero(t, code, stderr)
		require.Equal(t, "D/real true\nD/fake true\nG true\n", stdout)
	})
}
