package metrics

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/torchtest"
)

func TestMomentsOfASetAreKeptByWhatTheyDependOn(t *testing.T) {
	torchtest.Native(t)
	c := newBars(t, filepath.Join(t.TempDir(), "bars.safetensors"), 1)
	other := newBars(t, filepath.Join(t.TempDir(), "bars.safetensors"), 2)
	cache := t.TempDir()
	t.Setenv("FORGER_CACHE", cache)
	kept := func() int {
		files, err := filepath.Glob(filepath.Join(cache, "features", "moments", "*"))
		require.NoError(t, err)
		return len(files)
	}
	set := bars{60, digitSide}
	want, err := CollectData(t.Context(), c, set, 40, 3, false)
	require.NoError(t, err)
	for range 2 { // made, then read
		m, err := CachedMoments(t.Context(), c, set, 40, 3)
		require.NoError(t, err)
		require.Equal(t, 40, m.N())
		require.True(t, want.Moments.Mean().Equal(m.Mean()))
		d, err := Frechet(want.Moments, m)
		require.NoError(t, err)
		require.InDelta(t, 0, d, 1e-9)
		require.Equal(t, 1, kept())
	}
	for n, of := range []func() (*Moments, error){
		func() (*Moments, error) { return CachedMoments(t.Context(), c, set, 40, 4) },
		func() (*Moments, error) { return CachedMoments(t.Context(), c, set, 41, 3) },
		func() (*Moments, error) { return CachedMoments(t.Context(), c, bars{61, digitSide}, 40, 3) },
		func() (*Moments, error) { return CachedMoments(t.Context(), other, set, 40, 3) },
		func() (*Moments, error) { return CachedMoments(t.Context(), c, set, 60, 3) },
	} {
		_, err := of()
		require.NoError(t, err)
		require.Equal(t, n+2, kept())
	}
	_, err = CachedMoments(t.Context(), c, set, 100, 9) // all of them again, whatever the seed
	require.NoError(t, err)
	require.Equal(t, 6, kept())

	files, err := filepath.Glob(filepath.Join(cache, "features", "moments", "*"))
	require.NoError(t, err)
	for _, f := range files {
		require.NoError(t, os.WriteFile(f, []byte("damaged"), 0o666))
	}
	_, err = CachedMoments(t.Context(), c, set, 40, 3)
	require.ErrorContains(t, err, filepath.Join("features", "moments"))
}

func TestFeaturesOfASetAreKept(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	c := newBars(t, filepath.Join(t.TempDir(), "bars.safetensors"), 1)
	cache := t.TempDir()
	t.Setenv("FORGER_CACHE", cache)
	for range 2 { // made, then read
		f, err := CachedFeatures(t.Context(), c, bars{60, digitSide})
		require.NoError(t, err)
		want, err := CollectData(t.Context(), c, bars{60, digitSide}, 60, 0, true)
		require.NoError(t, err)
		require.True(t, want.Features.Equal(f))
		want.Free()
		f.Free()
	}
	files, err := filepath.Glob(filepath.Join(cache, "features", "vectors", "*"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.NoError(t, os.WriteFile(files[0], []byte("damaged"), 0o666))
	_, err = CachedFeatures(t.Context(), c, bars{60, digitSide})
	require.ErrorContains(t, err, "delete "+files[0]+", it will be made again")
}
