package torch

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/forgergan/forger/torch/internal/capi"
)

var (
	anomalies    atomic.Int32 // calls of DetectAnomaly under way
	anomalyMutex sync.Mutex
)

// DetectAnomaly runs f and makes backward passes fail where a derivative gives NaN. The error names the derivative and
// the forward operation with the places in the program that led to it:
//
//	torch.Backward: Function 'LogBackward0' returned nan values in its 0th output. (torch.Log at loss.go:12 < train.go:80)
//
// Forward and backward pass must both be in f. The search holds for the whole process and slows every operation down.
func DetectAnomaly(f func()) {
	searchAnomalies(1)
	defer searchAnomalies(-1)
	f()
}

func searchAnomalies(more int32) {
	c := newFrame("DetectAnomaly", capi.Anomaly)
	anomalyMutex.Lock()
	defer anomalyMutex.Unlock()
	c.bool(anomalies.Add(more) > 0)
	c.run()
}

// nameCaller tells C++ who calls op, for the nodes that the call records.
func nameCaller(op string) {
	f := newFrame(op, capi.Caller)
	f.string(fmt.Sprintf("torch.%s at %s", op, strings.Join(callers(), " < ")))
	capi.Call(f.op, f.args, f.ints_, f.handles, f.text, &f.result)
	f.release()
}

// callers are the places on the stack from the first one outside this package on, at most eight.
func callers() (places []string) {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for more := true; more && len(places) < 8; {
		var c runtime.Frame
		c, more = frames.Next()
		if strings.HasPrefix(c.Function, packagePath+".") || strings.HasPrefix(c.Function, "runtime.") || strings.HasPrefix(c.Function, "testing.") {
			continue
		}
		places = append(places, fmt.Sprintf("%s:%d", filepath.Base(c.File), c.Line))
	}
	return places
}

const packagePath = "github.com/forgergan/forger/torch"
