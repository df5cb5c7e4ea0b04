package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/filelock"
)

// fakePackage stands in for a package client: it writes files, or fails.
type fakePackage struct {
	files map[string]string
	err   error
	calls *int
}

func (p fakePackage) unpack(ctx context.Context, work string, _ func(string)) (string, error) {
	*p.calls++
	for name, content := range p.files {
		if err := os.WriteFile(filepath.Join(work, name), []byte(content), 0o644); err != nil {
			return "", err
		}
	}
	return work, errors.Join(p.err, ctx.Err())
}

// withSet makes "toy" the only known set, its files pinned to those contents, in an empty cache.
func withSet(t *testing.T, pinned map[string]string, p fakePackage) (cache string, calls *int) {
	t.Helper()
	cache = t.TempDir()
	t.Setenv("FORGER_CACHE", cache)
	old := sets
	t.Cleanup(func() { sets = old })
	toy := Set{Name: "toy", Source: "test", Version: "1"}
	for name, content := range pinned {
		sum := sha256.Sum256([]byte(content))
		toy.Files = append(toy.Files, File{name, int64(len(content)), hex.EncodeToString(sum[:])})
	}
	p.calls = new(int)
	toy.unpack = p
	sets = []Set{toy}
	return cache, p.calls
}

var content = map[string]string{"a.gz": "alpha", "b.gz": "beta"}

func TestSetIsFetchedOnceAndVerified(t *testing.T) {
	cache, calls := withSet(t, content, fakePackage{files: content})
	var lines []string
	dir, err := Get(context.Background(), "toy", func(s string) { lines = append(lines, s) })
	require.NoError(t, err)
	require.Equal(t, filepath.Join(cache, "data", "toy"), dir)
	require.Len(t, lines, 2, "%v", lines)
	for name, want := range content {
		got, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	_, err = Get(context.Background(), "toy", nil)
	require.NoError(t, err)
	require.Equal(t, 1, *calls, "the second call finds it")
	require.NoError(t, Verify(sets[0], dir))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.gz"), []byte("alphb"), 0o644))
	require.ErrorContains(t, Verify(sets[0], dir), "failed checksum: a.gz")
}

func TestDamagedCopyIsFetchedAgain(t *testing.T) {
	cache, calls := withSet(t, content, fakePackage{files: content})
	dir := filepath.Join(cache, "data", "toy")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.gz"), []byte("al"), 0o644))
	_, err := Get(context.Background(), "toy", nil)
	require.NoError(t, err)
	require.Equal(t, 1, *calls)
	require.NoError(t, Verify(sets[0], dir))
}

func TestFailedFetchLeavesNothing(t *testing.T) {
	for name, p := range map[string]fakePackage{
		"failed checksum: ":             {files: map[string]string{"a.gz": "alpha", "b.gz": "beto"}},
		"the package does not hold":     {files: map[string]string{"a.gz": "alpha"}},
		"no network (or put its 2 file": {files: content, err: errors.New("no network")},
	} {
		cache, _ := withSet(t, content, p)
		_, err := Get(context.Background(), "toy", nil)
		require.ErrorContains(t, err, name)
		require.ErrorContains(t, err, "fetch toy: ")
		require.NotContains(t, err.Error(), "\n")
		left, err := os.ReadDir(filepath.Join(cache, "data"))
		require.NoError(t, err)
		require.Len(t, left, 1, "only the lock: %v", left)
	}
}

func TestWhatAKilledFetchLeftIsCleared(t *testing.T) {
	cache, _ := withSet(t, content, fakePackage{files: content})
	stale := filepath.Join(cache, "data", ".tmp-123", "package")
	require.NoError(t, os.MkdirAll(stale, 0o755))
	_, err := Get(context.Background(), "toy", nil)
	require.NoError(t, err)
	require.NoDirExists(t, filepath.Dir(stale))
}

func TestCallsAtOnceFetchOnce(t *testing.T) {
	_, calls := withSet(t, content, fakePackage{files: content})
	var wg sync.WaitGroup
	errs := make([]error, 5)
	for i := range errs {
		wg.Go(func() { _, errs[i] = Get(context.Background(), "toy", nil) })
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Equal(t, 1, *calls)
}

func TestWaitingForAnotherFetchCanBeGivenUp(t *testing.T) {
	cache, _ := withSet(t, content, fakePackage{files: content})
	require.NoError(t, os.MkdirAll(filepath.Join(cache, "data"), 0o755))
	held, err := filelock.Try(filepath.Join(cache, "data", ".lock"))
	require.NoError(t, err)
	defer held.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	var lines []string
	_, err = Get(ctx, "toy", func(s string) { lines = append(lines, s) })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, []string{"another process is fetching: waiting for it"}, lines)
}

func TestUnknownNameListsTheKnownOnes(t *testing.T) {
	_, err := Get(context.Background(), "mnits", nil)
	require.EqualError(t, err, `there is no data set "mnits"; known are carphone, earth, emoji64, fashion-mnist, land, mnist, mr, openmoji, photos, stamps, vtest`)
}

// client writes an executable script into the only folder of PATH.
func client(t *testing.T, scripts map[string]string) {
	t.Helper()
	bin := t.TempDir()
	for name, body := range scripts {
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+body+"\n"), 0o755))
	}
	t.Setenv("PATH", bin)
}

func TestGoClientErrorsAreOneSentence(t *testing.T) {
	m := goModule{"example.org/m", "v1.0.0", "data"}
	client(t, nil)
	_, err := m.unpack(context.Background(), t.TempDir(), nil)
	require.ErrorContains(t, err, "install Go")
	client(t, map[string]string{"go": `printf '%s' '{"Error":"dial tcp:\n no route"}'; exit 1`})
	_, err = m.unpack(context.Background(), t.TempDir(), nil)
	require.EqualError(t, err, "go mod download failed, check the network and try again: dial tcp: no route")
	client(t, map[string]string{"go": `echo boom >&2; exit 1`})
	_, err = m.unpack(context.Background(), t.TempDir(), nil)
	require.ErrorContains(t, err, "boom")
	client(t, map[string]string{"go": `echo '{"Dir":"/m"}'`})
	dir, err := m.unpack(context.Background(), t.TempDir(), nil)
	require.NoError(t, err)
	require.Equal(t, "/m/data", dir)
}

func TestDebianClientFallsBackToListsOfItsOwn(t *testing.T) {
	d := debian{"dataset-x", "1", "usr/share"}
	client(t, nil)
	_, err := d.unpack(context.Background(), t.TempDir(), nil)
	require.ErrorContains(t, err, "apt-get is needed")

	apt := `case "$*" in
*lists=*update) exit 0;;
*lists=*download*) : > dataset-x_1_all.deb; exit 0;;
esac
echo 'E: Unable to locate package dataset-x' >&2; echo 'W: more' >&2; exit 100`
	client(t, map[string]string{"apt-get": apt, "dpkg-deb": "exit 0"})
	work := t.TempDir()
	var lines []string
	dir, err := d.unpack(context.Background(), work, func(s string) { lines = append(lines, s) })
	require.NoError(t, err)
	require.Equal(t, filepath.Join(work, "root", "usr/share"), dir)
	require.Len(t, lines, 1)

	client(t, map[string]string{"apt-get": strings.Replace(apt, "*update) exit 0", "*update) echo 'E: no network' >&2; exit 100", 1), "dpkg-deb": "exit 0"})
	_, err = d.unpack(context.Background(), t.TempDir(), func(string) {})
	require.EqualError(t, err, "apt-get update failed, check the network and try again: E: no network")
}

func TestEverySetIsPinned(t *testing.T) {
	for _, s := range Sets() {
		require.NotEmpty(t, s.Holds, s.Name)
		require.NotEmpty(t, s.Licence, s.Name)
		require.NotEqual(t, len(s.Files) > 0, len(s.Packages) > 0, s.Name)
		total := int64(0)
		for _, p := range s.Packages {
			require.Len(t, p.SHA256, 64, "%s %s", s.Name, p.Name)
			require.NotEmpty(t, p.Licence)
			total += p.Size
		}
		if total > 0 {
			require.Equal(t, total, s.Download, s.Name)
		}
		for _, f := range s.Files {
			require.Len(t, f.SHA256, 64, "%s %s", s.Name, f.Name)
			require.Positive(t, f.Size)
		}
	}
}
