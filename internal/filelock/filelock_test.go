package filelock

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestALockIsHeldOnceAndFreeAfterClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held, err := Try(path)
	require.NoError(t, err)
	_, err = Try(path)
	require.ErrorIs(t, err, ErrLocked)

	waited := make(chan struct{})
	got := make(chan error)
	go func() {
		f, err := Wait(context.Background(), path, func() { close(waited) })
		if err == nil {
			err = f.Close()
		}
		got <- err
	}()
	<-waited
	require.NoError(t, held.Close())
	require.NoError(t, <-got)
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	held, err := Try(path)
	require.NoError(t, err)
	defer held.Close()
	ctx, cancel := context.WithCancel(context.Background())
	_, err = Wait(ctx, path, cancel)
	require.ErrorIs(t, err, context.Canceled)
}

func TestAFolderThatIsMissingIsAnError(t *testing.T) {
	_, err := Try(filepath.Join(t.TempDir(), "no", "lock"))
	require.Error(t, err)
}
