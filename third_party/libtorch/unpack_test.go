package libtorch

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUnpackRefusesPathsThatLeaveTheFolder(t *testing.T) {
	for _, name := range []string{"../evil", "torch/../../evil", "/evil"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			_, err := fakeWheel(dir, "w", map[string]string{"torch/good": "good", name: "evil"})
			require.NoError(t, err)
			into := filepath.Join(dir, "a", "b")
			require.NoError(t, os.MkdirAll(into, 0o755))
			_, err = unpack(t.Context(), filepath.Join(dir, "w.whl"), into, func(string) bool { return true })
			require.ErrorContains(t, err, fmt.Sprintf("w.whl holds the unsafe path %q", name))
			require.NoFileExists(t, filepath.Join(into, "torch/good"))
		})
	}
}

func TestUnpackNamesAFileThatIsNoWheel(t *testing.T) {
	file := filepath.Join(t.TempDir(), "w.whl")
	require.NoError(t, os.WriteFile(file, []byte("<html>"), 0o644))
	_, err := unpack(t.Context(), file, t.TempDir(), func(string) bool { return true })
	require.ErrorContains(t, err, "open w.whl: zip: not a valid zip file")
}

func TestUnpackNamesAWheelWithNothingOfUse(t *testing.T) {
	dir := t.TempDir()
	_, err := fakeWheel(dir, "w", map[string]string{"other": "text"})
	require.NoError(t, err)
	_, err = unpack(t.Context(), filepath.Join(dir, "w.whl"), dir, func(string) bool { return false })
	require.EqualError(t, err, "w.whl holds nothing of what Forger needs")
}

func TestAFullDiskIsOneSentence(t *testing.T) {
	err := diskError("/data/forger", &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC})
	require.EqualError(t, err, "the disk of /data/forger is full; free some space or set FORGER_CACHE to a folder on another disk, then run `forger setup` again")
	require.ErrorIs(t, pipError("ERROR: OSError: [Errno 28] No space left on device\n", fs.ErrInvalid), syscall.ENOSPC)
	require.Equal(t, fs.ErrExist, diskError("/data/forger", fs.ErrExist))
}

func TestThePinnedTableIsWellFormed(t *testing.T) {
	hex := regexp.MustCompile(`^[0-9a-f]{64}$`)
	seen := map[string]string{}
	for platform, wheels := range pinned {
		require.Equal(t, "torch "+Version, wheels[0].String(), platform)
		for _, w := range wheels {
			require.Regexp(t, hex, w.sha256, w.String())
			require.Empty(t, seen[w.sha256], "%s has the checksum of another", w)
			seen[w.sha256] = w.name
			require.Positive(t, w.size)
			require.NotEmpty(t, append(w.cpu, w.cuda...), w.String())
		}
	}
}

func TestThePartsChooseTheWheelsAndTheirFiles(t *testing.T) {
	wheels, err := wheelsFor("linux", "amd64", []part{cpuPart})
	require.NoError(t, err)
	require.Len(t, wheels, 3)
	torch := wheels[0]
	for name, want := range map[string]bool{
		"torch/lib/libtorch_cpu.so":                           true,
		"torch/lib/libgomp.so.1":                              true,
		"torch/include/ATen/ops/add_ops.h":                    true,
		"torchgen/packaged/ATen/native/native_functions.yaml": true,
		"torch/lib/libtorch.so":                               false,
		"torch/lib/libtorch_cuda.so":                          false,
		"torch/nn/modules/linear.py":                          false,
	} {
		require.Equal(t, want, torch.wants(name, []part{cpuPart}), name)
	}
	require.True(t, torch.wants("torch/lib/libtorch_cuda.so", []part{cudaPart}))

	all, err := wheelsFor("linux", "amd64", []part{cpuPart, cudaPart})
	require.NoError(t, err)
	require.Len(t, all, len(pinned["linux/amd64"]))

	_, err = wheelsFor("linux", "arm64", []part{cpuPart, cudaPart})
	require.EqualError(t, err, "no CUDA libraries are pinned for linux/arm64, only for linux/amd64; leave out --cuda")
	_, err = wheelsFor("windows", "amd64", []part{cpuPart})
	require.EqualError(t, err, "no LibTorch 2.11.0 is pinned for windows/amd64; set LIBTORCH to a LibTorch 2.11.0 of your own")
}
