package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFileIsReplacedWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	text := func(s string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, e := io.WriteString(w, s)
			return errors.Join(e, err)
		}
	}
	require.NoError(t, Write(path, text("old", nil)))
	full := errors.New("disk full")
	err := Write(path, text("half of the n", full))
	require.ErrorIs(t, err, full)
	require.ErrorContains(t, err, "write "+path)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "old", string(content))
	require.NoError(t, Write(path, text("new", nil)))
	content, err = os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "new", string(content))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.EqualError(t, Write(filepath.Join(dir, "no", "x"), text("", nil)), "write "+filepath.Join(dir, "no", "x")+": no such file or directory")
}
