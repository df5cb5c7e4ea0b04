package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/torchtest"
)

// begun starts a training and waits until it is ready.
func begun(t *testing.T, args []string, ready func() bool) (c *exec.Cmd, stderr *bytes.Buffer) {
	t.Helper()
	c, stderr = command(t, nil, args...), new(bytes.Buffer)
	c.Stderr = stderr
	require.NoError(t, c.Start())
	require.Eventually(t, ready, 2*time.Minute, 5*time.Millisecond) // seconds, unless the machine is busy
	return c, stderr
}

// logged reports whether a run has logged so many steps.
func logged(run string, steps int) func() bool {
	return func() bool {
		log, err := os.ReadFile(filepath.Join(run, "log.jsonl"))
		return err == nil && bytes.Count(log, []byte("\n")) >= steps
	}
}

func TestASignalSavesAndSaysHowToResume(t *testing.T) {
	torchtest.Native(t)
	data := pictures(t, 40)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		run := filepath.Join(t.TempDir(), "run")
		c, stderr := begun(t, tiny(data, run, "--steps", "1000000", "--log-every", "1"), logged(run, 3))
		require.NoError(t, c.Process.Signal(signal))
		c.Wait()
		require.Equal(t, 130, c.ProcessState.ExitCode(), stderr)
		require.Regexp(t, `forger: interrupted after step \d+, saved; go on with: forger resume `+run+`\n$`, stderr.String())
		content(t, run)
		require.FileExists(t, filepath.Join(run, "report.html"))
	}
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	torchtest.Native(t)
	run := filepath.Join(t.TempDir(), "run")
	// Steps of some seconds, so that the first signal cannot have ended the program in order before the second.
	slow := tiny(pictures(t, 40), run, "--size", "64", "--width", "64", "--batch", "40", "--log-every", "1", "--sample-every", "100")
	c, stderr := begun(t, slow, logged(run, 1))
	time.Sleep(50 * time.Millisecond) // into the second step
	require.NoError(t, c.Process.Signal(syscall.SIGINT))
	time.Sleep(100 * time.Millisecond)
	require.NoError(t, c.Process.Signal(syscall.SIGINT))
	c.Wait()
	require.Equal(t, syscall.SIGINT, c.ProcessState.Sys().(syscall.WaitStatus).Signal(), stderr)
	require.NoFileExists(t, filepath.Join(run, "checkpoints", "latest.safetensors"))
}

func TestACommandThatTheUserEndedHasCode130(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var errOut bytes.Buffer
	require.Equal(t, 130, run(ctx, []string{"forger", "data", "check", pictures(t, 3)}, io.Discard, &errOut))
	require.Equal(t, "forger: interrupted\n", errOut.String())
}

func TestARunInterruptedAndResumedOnOtherProcessorsEndsWithTheSameBits(t *testing.T) {
	torchtest.Native(t)
	data, dir := pictures(t, 40), t.TempDir()
	one, other := filepath.Join(dir, "one"), filepath.Join(dir, "other")
	code, _, errOut := process(t, []string{"GOMAXPROCS=4"}, tiny(data, one, "--steps", "40")...)
	require.Zero(t, code, errOut)
	code, _, errOut = process(t, []string{"GOMAXPROCS=1"}, tiny(data, other, "--steps", "17")...)
	require.Zero(t, code, errOut)
	code, _, errOut = process(t, []string{"GOMAXPROCS=3"}, "resume", other, "--steps", "40")
	require.Zero(t, code, errOut)
	require.Equal(t, content(t, one), content(t, other))
}
