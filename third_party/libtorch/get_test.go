package libtorch

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func testShelf(t *testing.T) *shelf {
	t.Helper()
	s, err := newShelf(t.TempDir())
	require.NoError(t, err)
	return s
}

func TestGetUnpacksWhatIsNeededInTheLayoutOfTheWheels(t *testing.T) {
	cache, s := isolate(t), testShelf(t)
	inst, err := s.setup().get(t.Context(), false)
	require.NoError(t, err)
	root := filepath.Join(cache, "libtorch-"+Version)
	require.Equal(t, Install{Root: filepath.Join(root, "torch"), Version: Version + "+cu130", Source: "cache"}, inst)
	require.Equal(t, []string{"torch", "runtime"}, s.fetched)
	require.FileExists(t, filepath.Join(root, "nvidia/cu13/lib/libcudart.so.13"))
	require.NoFileExists(t, inst.Lib("torch"))
	require.False(t, inst.CUDA())
	require.NoDirExists(t, filepath.Join(cache, "work"))
}

func TestASecondGetDownloadsNothing(t *testing.T) {
	isolate(t)
	s := testShelf(t)
	first, err := s.setup().get(t.Context(), true)
	require.NoError(t, err)
	n := len(s.fetched)
	again, err := s.setup().get(t.Context(), true)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Len(t, s.fetched, n)
}

func TestCUDAJoinsAnExistingInstallation(t *testing.T) {
	cache, s := isolate(t), testShelf(t)
	_, err := s.setup().get(t.Context(), false)
	require.NoError(t, err)
	s.fetched = nil
	inst, err := s.setup().get(t.Context(), true)
	require.NoError(t, err)
	require.Equal(t, []string{"torch", "cublas"}, s.fetched)
	require.True(t, inst.CUDA())
	for _, file := range []string{"libcudart.so.13", "libcublas.so.13"} {
		require.FileExists(t, filepath.Join(cache, "libtorch-"+Version, "nvidia/cu13/lib", file))
	}
}

func TestAMergeThatWasInterruptedIsDoneAgain(t *testing.T) {
	cache, s := isolate(t), testShelf(t)
	_, err := s.setup().get(t.Context(), false)
	require.NoError(t, err)
	blas := filepath.Join(cache, "libtorch-"+Version, "nvidia/cu13/lib/libcublas.so.13")
	require.NoError(t, os.WriteFile(blas, []byte("old"), 0o644))
	inst, err := s.setup().get(t.Context(), true)
	require.NoError(t, err)
	require.True(t, inst.CUDA())
	text, err := os.ReadFile(blas)
	require.NoError(t, err)
	require.Equal(t, "blas", string(text))
}

func TestABrokenInstallationInTheCacheIsReplaced(t *testing.T) {
	isolate(t)
	s := testShelf(t)
	inst, err := s.setup().get(t.Context(), false)
	require.NoError(t, err)
	require.NoError(t, os.Remove(inst.Lib("c10")))
	_, err = s.setup().get(t.Context(), false)
	require.NoError(t, err)
	require.FileExists(t, inst.Lib("c10"))
}

func TestGetRefusesAWheelWithAnotherChecksum(t *testing.T) {
	cache, s := isolate(t), testShelf(t)
	good := s.wheels[1].sha256
	s.wheels[1].sha256 = "00" + good[2:]
	_, err := s.setup().get(t.Context(), false)
	require.ErrorContains(t, err, "runtime.whl has sha256 "+good+", pinned is 00"+good[2:]+"; run `forger setup` again")
	require.NoDirExists(t, filepath.Join(cache, "libtorch-"+Version))
	require.NoDirExists(t, filepath.Join(cache, "work"))
}

func TestConcurrentGetsDownloadOnce(t *testing.T) {
	isolate(t)
	s := testShelf(t)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, errs[i] = s.setup().get(t.Context(), false) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, []string{"torch", "runtime"}, s.fetched)
}

func TestGetWithCUDARefusesALibtorchOfTheUserWithoutIt(t *testing.T) {
	isolate(t)
	s := testShelf(t)
	t.Setenv("LIBTORCH", fakeLibtorch(t, t.TempDir(), Version))
	_, err := s.setup().get(t.Context(), true)
	require.ErrorContains(t, err, "is a LibTorch without CUDA; unset it")
	require.Empty(t, s.fetched)
}

func TestGetNamesAnUnwritableCache(t *testing.T) {
	isolate(t)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	t.Setenv("FORGER_CACHE", filepath.Join(file, "cache"))
	_, err := testShelf(t).setup().get(t.Context(), false)
	require.ErrorContains(t, err, file)
	require.ErrorContains(t, err, "set FORGER_CACHE to a folder that you can write to")
}

// hang is a set-up that stops with one wheel unpacked and another one half there.
func hang() {
	s, err := newShelf(os.Getenv("FORGER_TEST_HANG"))
	if err != nil {
		panic(err)
	}
	setup := s.setup()
	setup.fetch = func(ctx context.Context, w wheel, dir string, log Logf) (string, error) {
		if w.name == "torch" {
			return s.fetch(ctx, w, dir, log)
		}
		if err := os.WriteFile(filepath.Join(dir, "half.whl"), []byte("PK"), 0o644); err != nil {
			panic(err)
		}
		os.Stdout.WriteString("hanging\n")
		select {}
	}
	setup.get(context.Background(), false)
}

func TestAKilledSetupLeavesNothingHalfDoneAndItsLockEndsWithIt(t *testing.T) {
	cache, s := isolate(t), testShelf(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "FORGER_TEST_HANG="+t.TempDir())
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer cmd.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "hanging\n", line)

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err = s.setup().get(ctx, false)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Contains(t, s.logged(), "another set-up is at work in "+cache)

	require.NoError(t, cmd.Process.Kill())
	cmd.Wait()
	require.NoDirExists(t, filepath.Join(cache, "libtorch-"+Version))
	left, err := filepath.Glob(filepath.Join(cache, "work", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, left)

	_, err = s.setup().get(t.Context(), false)
	require.NoError(t, err)
	require.NoDirExists(t, filepath.Join(cache, "work"))
}

func TestACancelledGetCleansUp(t *testing.T) {
	cache, s := isolate(t), testShelf(t)
	ctx, cancel := context.WithCancel(t.Context())
	setup := s.setup()
	setup.fetch = func(ctx context.Context, w wheel, dir string, log Logf) (string, error) {
		defer cancel()
		return s.fetch(ctx, w, dir, log)
	}
	_, err := setup.get(ctx, false)
	require.ErrorIs(t, err, context.Canceled)
	require.NoDirExists(t, filepath.Join(cache, "libtorch-"+Version))
	require.NoDirExists(t, filepath.Join(cache, "work"))
}
