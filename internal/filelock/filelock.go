// Package filelock lets one process at a time use something. The system drops the lock of a killed process by itself.
package filelock

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// ErrLocked is what Try returns while another process holds the lock.
var ErrLocked = errors.New("another process holds the lock")

// Try takes the lock that the file at path stands for, making the file where it is missing. Closing the file gives
// the lock back.
func Try(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, ErrLocked
	}
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}

// Wait is Try that waits for another process to give the lock back, or for ctx to end. It calls waiting once if it
// has to.
func Wait(ctx context.Context, path string, waiting func()) (*os.File, error) {
	for told := false; ; told = true {
		f, err := Try(path)
		if !errors.Is(err, ErrLocked) {
			return f, err
		}
		if !told {
			waiting()
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
