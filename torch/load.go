package torch

import (
	"sync"
	"sync/atomic"

	"github.com/forgergan/forger/third_party/libtorch"
	"github.com/forgergan/forger/torch/internal/capi"
	"github.com/forgergan/forger/torch/native"
)

var (
	loaded   atomic.Bool
	loadOnce sync.Once
	loadErr  error
)

// Available loads LibTorch and reports why it cannot be used: an *Error with Code Unavailable
// whose message names what is missing and the command that mends it, nil if all is well.
// Every operation loads it on first use.
func Available() error {
	if err := load(); err != nil {
		return err
	}
	return nil
}

// load opens LibTorch and the shim once. It returns *Error, not error, so that the hot path
// is one atomic read.
func load() *Error {
	if loaded.Load() {
		return nil
	}
	loadOnce.Do(func() { loadErr = loadNow() })
	if loadErr == nil {
		return nil
	}
	return &Error{Op: "load", Code: Unavailable, Msg: loadErr.Error()}
}

func loadNow() error {
	stamp := native.Stamp()
	shim, _, err := libtorch.FindShim(stamp)
	if err != nil {
		return err
	}
	if err := capi.Load(shim.Libtorch, shim.Path, stamp); err != nil {
		return err
	}
	loaded.Store(true)
	if debug.Load() {
		setFlag(capi.FullMessages, true)
	}
	return nil
}
