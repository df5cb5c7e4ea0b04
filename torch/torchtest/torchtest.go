// Package torchtest helps tests that use tensors.
package torchtest

import (
	"flag"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/forgergan/forger/torch"
)

// Native skips the test where LibTorch is not set up, and says how to set it up. With
// FORGER_REQUIRE_NATIVE=1, as scripts/test.sh sets it, the test fails instead.
func Native(t testing.TB) {
	t.Helper()
	err := torch.Available()
	if err == nil {
		return
	}
	if os.Getenv("FORGER_REQUIRE_NATIVE") == "1" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// Main is the TestMain of a package with examples. An example cannot skip itself: where LibTorch is not set up, Main
// leaves them all out and says so, unless FORGER_REQUIRE_NATIVE=1.
func Main(m *testing.M) {
	flag.Parse()
	if err := torch.Available(); err != nil && os.Getenv("FORGER_REQUIRE_NATIVE") != "1" {
		fmt.Fprintln(os.Stderr, "examples are skipped:", err)
		skip := flag.Lookup("test.skip").Value
		if already := skip.String(); already != "" {
			skip.Set(already + "|^Example")
		} else {
			skip.Set("^Example")
		}
	}
	os.Exit(m.Run())
}

// NoLeaks fails the test if it ends with more tensors alive, or more Go functions held by graphs, than it began with. With
// FORGER_TENSOR_PROFILE=1 it shows the stacks where those tensors were made.
func NoLeaks(t testing.TB) {
	t.Helper()
	before := settled(0)
	functions := torch.CurrentStats().Functions
	profile := os.Getenv("FORGER_TENSOR_PROFILE") == "1"
	torch.SetTensorProfile(profile)
	t.Cleanup(func() {
		defer torch.SetTensorProfile(false)
		after := settled(before)
		switch {
		case after <= before:
		case profile:
			var stacks strings.Builder
			pprof.Lookup("torch.tensor").WriteTo(&stacks, 1)
			t.Errorf("%d tensors leaked, made at\n%s", after-before, &stacks)
		default:
			t.Errorf("%d tensors leaked; FORGER_TENSOR_PROFILE=1 shows where they were made", after-before)
		}
		if after := torch.CurrentStats().Functions; after > functions {
			t.Errorf("%d functions leaked", after-functions)
		}
	})
}

// settled counts the tensors that are left when the garbage collector has freed what it finds. Cleanups run in a
// goroutine of their own, so it waits until the number is want or less, or has stopped falling.
func settled(want int) int {
	n, still := torch.Live(), 0
	for n > want && still < 5 {
		runtime.GC()
		time.Sleep(time.Millisecond)
		now := torch.Live()
		if still++; now < n {
			still = 0
		}
		n = now
	}
	return n
}

// MaxDiff is the largest |a − b| over all elements, and the largest |b|, where NaN equals NaN. It fails the test if the
// shapes differ.
func MaxDiff(t testing.TB, a, b *torch.Tensor) (diff, magnitude float64) {
	t.Helper()
	if sa, sb := a.Shape(), b.Shape(); !equal(sa, sb) {
		t.Fatalf("shapes %v and %v differ", sa, sb)
	}
	if a.Numel() == 0 {
		return 0, 0
	}
	torch.Scope(func() {
		cpu := torch.ToOptions{Device: &torch.Device{}, DType: torch.Float64}
		x, y := a.Detach().To(cpu), b.Detach().To(cpu)
		both := x.IsNaN().LogicalAnd(y.IsNaN())
		x, y = x.MaskedFill(both, 0), y.MaskedFill(both, 0)
		diff, magnitude = x.Sub(y).Abs().Max().Item(), y.Abs().Max().Item()
	})
	if math.IsNaN(diff) {
		diff = math.Inf(1)
	}
	return diff, magnitude
}

func equal(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
