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
	want, err := c.DataMoments(t.Context(), set, 40, 3)
	require.NoError(t, err)
	for range 2 { // made, then read
		m, err := c.CachedMoments(t.Context(), set, 40, 3)
		require.NoError(t, err)
		require.Equal(t, 40, m.N())
		require.True(t, want.Mean().Equal(m.Mean()))
		require.True(t, want.scatter.Equal(m.scatter))
		require.Equal(t, 1, kept())
	}
	for n, of := range []func() (*Moments, error){
		func() (*Moments, error) { return c.CachedMoments(t.Context(), set, 40, 4) },
		func() (*Moments, error) { return c.CachedMoments(t.Context(), set, 41, 3) },
		func() (*Moments, error) { return c.CachedMoments(t.Context(), bars{61, digitSide}, 40, 3) },
		func() (*Moments, error) { return other.CachedMoments(t.Context(), set, 40, 3) },
		func() (*Moments, error) { return c.CachedMoments(t.Context(), set, 60, 3) },
	} {
		_, err := of()
		require.NoError(t, err)
		require.Equal(t, n+2, kept())
	}
	_, err = c.CachedMoments(t.Context(), set, 100, 9) // all of them again, whatever the seed
	require.NoError(t, err)
	require.Equal(t, 6, kept())

	files, err := filepath.Glob(filepath.Join(cache, "features", "moments", "*"))
	require.NoError(t, err)
	for _, f := range files {
		require.NoError(t, os.WriteFile(f, []byte("damaged"), 0o666))
	}
	_, err = c.CachedMoments(t.Context(), set, 40, 3)
	require.ErrorContains(t, err, filepath.Join("features", "moments"))
}
