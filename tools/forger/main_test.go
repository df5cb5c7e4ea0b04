package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// asForger makes a copy of the test program be the command itself.
const asForger = "FORGER_TEST_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asForger) != "" {
		main()
	}
	os.Exit(m.Run())
}

// forger runs a command line in this process.
func forger(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), append([]string{"forger"}, args...), &o, &e)
	return code, o.String(), e.String()
}

// works runs a command line that must succeed and returns its standard output.
func works(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errOut := forger(t, args...)
	require.Zero(t, code, "%v: %s", args, errOut)
	return out
}

// fails runs a command line that must end with that code and say one sentence. It returns the sentence.
func fails(t *testing.T, code int, args ...string) string {
	t.Helper()
	got, out, errOut := forger(t, args...)
	return oneSentence(t, code, got, out, errOut)
}

func oneSentence(t *testing.T, want, code int, out, errOut string) string {
	t.Helper()
	require.Equal(t, want, code, errOut)
	require.Empty(t, out)
	i := strings.LastIndex(errOut, "forger: ")
	require.GreaterOrEqual(t, i, 0, "no message in %q", errOut)
	message := errOut[i:]
	require.Equal(t, 1, strings.Count(message, "\n"), "one line: %q", message)
	require.True(t, strings.HasSuffix(message, "\n"), message)
	require.NotContains(t, message, "0x")
	return strings.TrimSuffix(strings.TrimPrefix(message, "forger: "), "\n")
}

// command prepares the command as a process of its own, with more in its environment.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), program, args...)
	c.Env = append(append(os.Environ(), asForger+"=1"), env...)
	return c
}

// process runs the command as a process of its own.
func process(t *testing.T, env []string, args ...string) (code int, out, errOut string) {
	t.Helper()
	c := command(t, env, args...)
	var o, e bytes.Buffer
	c.Stdout, c.Stderr = &o, &e
	if err := c.Run(); err != nil {
		require.IsType(t, new(exec.ExitError), err)
	}
	return c.ProcessState.ExitCode(), o.String(), e.String()
}

// pictures makes a folder of n small grey pictures.
func pictures(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range n {
		im := image.NewGray(image.Rect(0, 0, 18, 18))
		for k := range im.Pix {
			im.SetGray(k%18, k/18, color.Gray{Y: uint8(k * (i + 1))})
		}
		var b bytes.Buffer
		require.NoError(t, png.Encode(&b, im))
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.png", i)), b.Bytes(), 0o666))
	}
	return dir
}

// tiny is a training of a second on such a folder.
func tiny(data, out string, more ...string) []string {
	return append([]string{"train", "dcgan", "--data", data, "--out", out, "--size", "16", "--channels", "1", "--width", "4", "--latent", "8",
		"--batch", "8", "--steps", "10", "--every", "4", "--threads", "1", "--device", "cpu"}, more...)
}

// newRun is the folder of a run that has ended.
func newRun(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	works(t, tiny(pictures(t, 40), dir)...)
	return dir
}

// content is the last line of inspect.
func content(t *testing.T, path string) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(works(t, "inspect", path)), "\n")
	last := lines[len(lines)-1]
	require.True(t, strings.HasPrefix(last, "content sha256:"), last)
	return last
}
