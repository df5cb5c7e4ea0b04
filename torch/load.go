package torch

import (
	"fmt"
	"os"
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
	shim, tried, err := libtorch.FindShim(stamp)
	if err != nil {
		return missing(tried)
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

// missing is one sentence about a shim that was not found: what helps, and the fault of a file that is there or was
// named by the user.
func missing(tried []libtorch.Tried) error {
	why := ""
	if path := os.Getenv("FORGER_SHIM"); path != "" {
		why = fmt.Sprintf(" (FORGER_SHIM=%s: %s)", path, tried[len(tried)-1].Why)
	} else {
		for _, t := range tried {
			if t.Why != "not set" && t.Why != "no such file" {
				why = fmt.Sprintf(" (%s: %s)", t.Place, t.Why)
			}
		}
	}
	return fmt.Errorf("LibTorch %s and Forger's shim are not set up on this machine%s: run `forger setup`, or scripts/setup.sh in Forger's repository", libtorch.Version, why)
}
