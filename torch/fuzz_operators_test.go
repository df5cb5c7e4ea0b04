package torch_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

// TestRandomCallsNeverCrash calls random operators with random arguments from eight goroutines: only *torch.Error and
// *torch.OutOfMemory may come out, and no tensor may stay. scripts/fuzz-operators.sh makes a million calls:
//
//	FORGER_FUZZ_CALLS   number of calls
//	FORGER_FUZZ_SEED    another seed
//	FORGER_FUZZ_ONLY    operators whose schema begins so
//	FORGER_FUZZ_LOG     a folder where each goroutine writes its call before it makes it, to read after a crash
func TestRandomCallsNeverCrash(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	calls, seed := number(t, "FORGER_FUZZ_CALLS", 10000), number(t, "FORGER_FUZZ_SEED", 1)
	var names []string
	for name := range torch.Operators {
		if strings.HasPrefix(name, os.Getenv("FORGER_FUZZ_ONLY")) && !slices.Contains(unchecked, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	threads := torch.Threads()
	torch.SetThreads(1)
	t.Cleanup(func() { torch.SetThreads(threads) })

	const workers = 8
	fuzzers := make([]*fuzzer, workers)
	var wait sync.WaitGroup
	for w := range fuzzers {
		f := &fuzzer{names: names, log: os.Getenv("FORGER_FUZZ_LOG"), worker: w, outcomes: map[string]int{}}
		fuzzers[w] = f
		wait.Go(func() {
			for i := 0; i < calls/workers && f.bad == ""; i += 16 {
				torch.Scope(func() {
					for k := range 16 {
						f.call(rand.New(rand.NewPCG(uint64(seed), uint64(w*calls+i+k))))
					}
				})
			}
		})
	}
	wait.Wait()
	outcomes := map[string]int{}
	for _, f := range fuzzers {
		require.Empty(t, f.bad)
		for k, n := range f.outcomes {
			outcomes[k] += n
		}
	}
	for _, k := range slices.Sorted(maps.Keys(outcomes)) {
		t.Logf("%7d %s", outcomes[k], k)
	}
	runtime.GC()
	t.Logf("resident memory at the end: %.0f MB", residentBytes(t)/1e6)
	require.NotZero(t, outcomes["results"])
}

// unchecked are operators that crash LibTorch on arguments that make no sense. None is exported: they are for the
// recurrent layers, which give them the lists of weights and the batch sizes that belong together.
var unchecked = []string{"rnn_tanh.input", "rnn_tanh.data", "rnn_relu.input", "rnn_relu.data", "gru.input", "gru.data", "lstm.input", "lstm.data"}

func number(t *testing.T, name string, otherwise int) int {
	s := os.Getenv(name)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	require.NoError(t, err, name)
	return n
}

// A fuzzer makes the calls of one goroutine. Each call depends on its seed alone.
type fuzzer struct {
	names    []string
	worker   int
	log      string
	outcomes map[string]int
	bad      string // the call that did what none may do

	r     *rand.Rand
	shape []int       // what most tensors of the call have
	dtype torch.DType // the same
	last  *torch.Tensor
	text  strings.Builder // the call
}

func (f *fuzzer) call(r *rand.Rand) {
	f.r, f.last = r, nil
	f.shape = f.shapeOf(r.IntN(5))
	f.dtype = pick(r, torch.Float32, torch.Float32, torch.Float64, torch.Int64, torch.Bool, torch.Complex64, torch.BFloat16)
	name := f.names[r.IntN(len(f.names))]
	function := reflect.ValueOf(torch.Operators[name])
	f.text.Reset()
	fmt.Fprintf(&f.text, "%s(", name)
	var in []reflect.Value
	outcome := f.try(func() {
		for i := range function.Type().NumIn() {
			in = append(in, f.value(function.Type().In(i)))
		}
		if f.log != "" {
			path := filepath.Join(f.log, fmt.Sprintf("%d.txt", f.worker))
			if err := os.WriteFile(path, []byte(f.text.String()+"\n"), 0o644); err != nil {
				panic(err)
			}
		}
		if function.Type().IsVariadic() {
			function.CallSlice(in)
		} else {
			function.Call(in)
		}
	})
	f.outcomes[outcome]++
}

// try runs a call and names what came of it.
func (f *fuzzer) try(call func()) (outcome string) {
	defer func() {
		switch e := recover().(type) {
		case nil:
			outcome = "results"
		case *torch.Error:
			outcome = fmt.Sprintf("errors of code %d", e.Code)
		case *torch.OutOfMemory:
			outcome = "out of memory"
		default:
			f.bad = fmt.Sprintf("%s: %v", f.text.String(), e)
		}
	}()
	call()
	return ""
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func (f *fuzzer) rarely() bool { return f.r.IntN(50) == 0 }

func (f *fuzzer) shapeOf(dims int) []int {
	shape := make([]int, dims)
	for i := range shape {
		shape[i] = pick(f.r, 0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4)
	}
	return shape
}

// integer is small or absurd: what lies between would only fill the memory.
func (f *fuzzer) integer() int {
	if f.rarely() {
		return pick(f.r, -1<<63, 1<<63-1, 1<<62, -1000)
	}
	return pick(f.r, -3, -2, -1, 0, 0, 1, 1, 1, 2, 2, 3, 4, 5)
}

func (f *fuzzer) integers() []int {
	n := f.r.IntN(5)
	if f.r.IntN(2) == 0 {
		return append([]int{}, f.shape...)
	}
	out := make([]int, n)
	for i := range out {
		out[i] = f.integer()
	}
	return out
}

func (f *fuzzer) real() float64 {
	if f.rarely() {
		return pick(f.r, nan, inf, -inf, 1e30, -1e30)
	}
	return pick(f.r, -1.5, -1, -0.5, 0, 0.01, 0.25, 0.5, 0.75, 1, 1, 2, 3)
}
