package torch_test

import (
	"bytes"
	"fmt"
	"runtime/pprof"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestTheTensorProfileHoldsTheStacksOfLiveTensors(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	profile := pprof.Lookup("torch.tensor")
	before := torch.Ones([]int{1})
	torch.SetTensorProfile(true)
	defer torch.SetTensorProfile(false)
	require.Zero(t, profile.Count(), "made before")
	before.Free()
	kept := madeHere()
	torch.Scope(func() {
		kept.Add(kept).Mul(kept)
		require.Equal(t, 3, profile.Count())
	})
	require.Equal(t, 1, profile.Count(), "the scope freed the others")
	var text bytes.Buffer
	require.NoError(t, profile.WriteTo(&text, 1))
	require.Contains(t, text.String(), "torch.Ones")
	require.Contains(t, text.String(), "madeHere")
	require.NotContains(t, text.String(), "newTensor", "the stack begins with the operator")
	kept.Free()
	require.Zero(t, profile.Count())
	kept.Free()

	kept = madeHere()
	require.Equal(t, 1, profile.Count())
	torch.SetTensorProfile(false)
	require.Zero(t, profile.Count(), "switched off")
	kept.Free()
}

//go:noinline
func madeHere() *torch.Tensor { return torch.Ones([]int{2}) }

func ExampleSetTensorProfile() {
	torch.SetTensorProfile(true)
	defer torch.SetTensorProfile(false)
	leak := madeHere()
	defer leak.Free()

	var stacks strings.Builder
	pprof.Lookup("torch.tensor").WriteTo(&stacks, 1)
	fmt.Println(strings.Contains(stacks.String(), "madeHere"))
	// Output: true
}
