package torch_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestSystemKnowsTheLibraryAndTheProcessor(t *testing.T) {
	torchtest.Native(t)
	s, err := torch.System()
	require.NoError(t, err)
	require.Regexp(t, `^2\.11\.`, s.LibTorch)
	require.NotEmpty(t, s.CPUCapability)
	require.Equal(t, torch.Threads(), s.Threads)
	n, err := torch.CUDADevices()
	require.NoError(t, err)
	require.Len(t, s.CUDADevices, n)
}

func TestThreadsCanBeSet(t *testing.T) {
	torchtest.Native(t)
	before := torch.Threads()
	defer torch.SetThreads(before)
	torch.SetThreads(1)
	require.Equal(t, 1, torch.Threads())
	torch.SetThreads(2)
	require.Equal(t, 2, torch.Threads())
	require.EqualError(t, torch.Try(func() { torch.SetThreads(0) }), "torch.SetThreads: 0 threads")
}

func TestDevicesAreParsed(t *testing.T) {
	torchtest.Native(t)
	d, err := torch.ParseDevice("cpu")
	require.NoError(t, err)
	require.Equal(t, "cpu", d.String())
	_, err = torch.ParseDevice("auto")
	require.NoError(t, err)
	for _, wrong := range []string{"gpu", "cuda:x", "cuda:-1", "cuda:99"} {
		_, err = torch.ParseDevice(wrong)
		require.ErrorContains(t, err, wrong)
	}
	require.Equal(t, "cuda:1", torch.Device{Type: torch.CUDA, Index: 1}.String())
}

func TestTheCPUHasNoDeviceMemoryToReport(t *testing.T) {
	torchtest.Native(t)
	torch.Synchronize(torch.Device{})
	torch.ResetPeakMemory(torch.Device{})
	require.Zero(t, torch.DeviceMemory(torch.Device{}))
}

func TestDeterministicAlgorithmsCanBeAskedFor(t *testing.T) {
	torchtest.Native(t)
	torch.SetDeterministic(true)
	defer torch.SetDeterministic(false)
	torch.Scope(func() { require.Equal(t, 2.0, one().Sum().Item()) })
}
