package checkpoint

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
)

// requireOnly asserts that the folder of path holds nothing else, and path the content.
func requireOnly(t *testing.T, path, content string) {
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, content, string(got))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func writeText(path, text string) error {
	return WriteFile(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}

func TestWriteFileReplacesTheFileAndKeepsItsPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("ü", 120)) // a name near the limit of 255 bytes
	require.NoError(t, writeText(path, "old"))
	require.NoError(t, os.Chmod(path, 0o440))
	require.NoError(t, writeText(path, strings.Repeat("new", 1e6)))
	requireOnly(t, path, strings.Repeat("new", 1e6))
	stat, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o440), stat.Mode().Perm())
}

func TestWriteFileReplacesALinkAndNotItsTarget(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "000100"), filepath.Join(dir, "latest")
	require.NoError(t, writeText(target, "100"))
	require.NoError(t, os.Symlink(target, link))
	require.NoError(t, writeText(link, "200"))
	old, err := os.ReadFile(target)
	require.NoError(t, err)
	require.Equal(t, "100", string(old))
}

func TestAFailedWriteLeavesThePreviousFile(t *testing.T) {
	for name, c := range map[string]struct {
		cause error
		says  string
	}{
		"full disk": {&os.PathError{Op: "write", Path: "tmp", Err: syscall.ENOSPC}, "the disk is full, free some space; the previous file is intact"},
		"quota":     {syscall.EDQUOT, "the disk quota is used up; the previous file is intact"},
		"other":     {errors.New("loss is NaN"), "loss is NaN; the previous file is intact"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x")
			require.NoError(t, writeText(path, "old"))
			err := WriteFile(path, func(w io.Writer) error {
				_, err := w.Write(make([]byte, 1<<20))
				require.NoError(t, err)
				return c.cause
			})
			require.ErrorIs(t, err, c.cause)
			require.ErrorContains(t, err, "saving "+path)
			require.ErrorContains(t, err, c.says)
			requireOnly(t, path, "old")
		})
	}
}

func TestAFailedFirstWriteLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	err := WriteFile(filepath.Join(dir, "x"), func(io.Writer) error { return syscall.ENOSPC })
	require.ErrorContains(t, err, "the disk is full, free some space; nothing was saved")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

func TestAPanicOrGoexitLeavesThePreviousFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, writeText(path, "old"))
	require.PanicsWithValue(t, "boom", func() {
		_ = WriteFile(path, func(io.Writer) error { panic("boom") })
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = WriteFile(path, func(io.Writer) error { runtime.Goexit(); return nil })
	}()
	<-done
	requireOnly(t, path, "old")
}

func TestWriteFileNamesWhatIsInTheWay(t *testing.T) {
	dir := t.TempDir()
	require.ErrorContains(t, writeText(dir, ""), "saving "+dir+": it is not a file but a folder")
	missing := filepath.Join(dir, "gone", "x")
	require.ErrorContains(t, writeText(missing, ""), "the folder "+filepath.Dir(missing)+" does not exist")
	require.ErrorContains(t, writeText(os.DevNull, ""), "it is not a file but a device")
}

// saveBeyondLimit is a child that saves a file larger than it may, so that the kernel cuts a write short.
func saveBeyondLimit(path string) {
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	data := make([]byte, 3<<20)
	fmt.Println(Save(path, []Tensor{{Name: "a", DType: torch.Uint8, Shape: []int{3 << 20}, Data: data}}, nil))
	fmt.Println(WriteFile(path, func(w io.Writer) error {
		for range 3 << 20 {
			_, _ = w.Write(data[:1]) // a writer that ignores errors fails all the same
		}
		return nil
	}))
}

func TestAShortWriteLeavesThePreviousFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, writeText(path, "old"))
	out, err := child(t, "save-beyond-limit", path).Output()
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.Len(t, lines, 2)
	for _, line := range lines {
		require.Contains(t, line, "saving "+path+": the file would be larger than the system allows (ulimit -f); the previous file is intact")
	}
	requireOnly(t, path, "old")
}

// killedData is large enough for kills to hit the writing itself.
const killedData = 1 << 20

// saveForEver is a child that saves file after file over each other, and prints the number of each that is saved.
func saveForEver(path string) {
	for n := 1; ; n++ {
		data := bytes.Repeat([]byte{byte(n)}, killedData)
		err := Save(path, []Tensor{{Name: "a", DType: torch.Uint8, Shape: []int{killedData}, Data: data}}, map[string]string{"n": strconv.Itoa(n)})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

func TestAKillAtAnyMomentLeavesTheOldFileOrTheNew(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.safetensors")
	stale := 0
	for range 30 {
		cmd := child(t, "save-for-ever", path)
		pipe, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(pipe)
		require.True(t, lines.Scan(), "the child saved nothing")
		time.Sleep(time.Duration(rand.IntN(10_000)) * time.Microsecond)
		require.NoError(t, cmd.Process.Kill())
		saved := lines.Text()
		for lines.Scan() {
			saved = lines.Text()
		}
		_ = cmd.Wait()

		f, err := Open(path)
		require.NoError(t, err)
		require.NoError(t, f.Verify())
		n, err := strconv.Atoi(f.Metadata()["n"])
		require.NoError(t, err)
		last, err := strconv.Atoi(saved)
		require.NoError(t, err)
		require.GreaterOrEqual(t, n, last, "a save that was reported is lost")
		require.LessOrEqual(t, n, last+1)
		data, err := f.Bytes("a")
		require.NoError(t, err)
		require.Equal(t, killedData, bytes.Count(data, []byte{byte(n)}))
		require.NoError(t, f.Close())

		removed, err := CleanTemps(dir)
		require.NoError(t, err)
		stale += len(removed)
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 1)
	}
	t.Logf("%d of 30 kills left a temporary file", stale)
}

func TestCleanTempsLeavesWhatIsBeingWritten(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, fmt.Sprintf(".x.forger-%d-00000007.tmp", os.Getpid())) // of a dead process whose number this one got
	require.NoError(t, os.WriteFile(stale, nil, 0o400))
	foreign := filepath.Join(dir, ".x.tmp")
	require.NoError(t, os.WriteFile(foreign, nil, 0o600))
	path := filepath.Join(dir, "x")
	require.NoError(t, WriteFile(path, func(w io.Writer) error {
		removed, err := CleanTemps(dir)
		require.NoError(t, err)
		require.Equal(t, []string{stale}, removed)
		return nil
	}))
	require.FileExists(t, path)
	require.FileExists(t, foreign)
	_, err := CleanTemps(filepath.Join(dir, "gone"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestSavesAndCleaningAtTheSameTimeDoNotMeet(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	done := make(chan error)
	for range 4 {
		go func() {
			var err error
			for i := 0; i < 25 && err == nil; i++ {
				err = writeText(path, "text")
			}
			done <- err
		}()
	}
	for running := 4; running > 0; {
		select {
		case err := <-done:
			require.NoError(t, err)
			running--
		default:
			_, err := CleanTemps(dir)
			require.NoError(t, err)
		}
	}
	requireOnly(t, path, "text")
}
