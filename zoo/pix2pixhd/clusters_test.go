package pix2pixhd

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestKMeansFindsGroupsAndIsTheSameEachTime(t *testing.T) {
	var points [][]float64
	for i := range 30 {
		points = append(points, []float64{float64(i % 3), 0.01 * float64(i/3)})
	}
	centres := kMeans(points, 3)
	require.Equal(t, centres, kMeans(points, 3))
	require.Len(t, centres, 3)
	var across []float64
	for _, c := range centres {
		across = append(across, float64(c[0]))
		require.InDelta(t, 0.045, c[1], 1e-6)
	}
	require.ElementsMatch(t, []float64{0, 1, 2}, across)
	require.Equal(t, [][]float32{{1, 2}}, kMeans([][]float64{{1, 2}}, 10), "one point is one cluster")
	require.Len(t, kMeans([][]float64{{1}, {1}, {1}}, 2), 2, "equal points")
}

// looks is a model of instances with two clusters for label 1, none for label 2 and one for the background.
func looks(t *testing.T) *Model {
	m, err := New(variants["local with features"])
	require.NoError(t, err)
	require.NoError(t, m.UseClusters(&Clusters{map[int64][][]float32{0: {{1, 1, 1}}, 1: {{0.5, 0, 0}, {-0.5, 0, 0}}}}))
	return m
}

func TestAnInstanceHasOneClusterOfItsLabelAndZerosWhereThatHasNone(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m := looks(t)
		ids := torch.FromSlice([]int64{0, 0, 1001, 1001, 1002, 2001}, 1, 2, 3)
		seen := map[string]bool{}
		for seed := range int64(8) {
			torch.ManualSeed(seed)
			x := m.clusters.draw(ids, 3)
			require.Equal(t, []int{1, 3, 2, 3}, x.Shape())
			v := torch.Values[float32](x.Contiguous())
			require.Equal(t, []float32{1, 1}, v[:2])
			require.Equal(t, v[2], v[3])
			require.Contains(t, []float32{0.5, -0.5}, v[2])
			require.Zero(t, v[5])
			seen[fmt.Sprint(v[2], v[4])] = true
		}
		require.Greater(t, len(seen), 2, "the looks of two instances do not depend on one another")
	})
}

func TestOneInputHasManyTranslations(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m := looks(t)
		b, err := train.Items(streets{8, 32}, 0, 2, torch.Device{})
		require.NoError(t, err)
		make := func(seed int64) *torch.Tensor {
			torch.ManualSeed(seed)
			return m.Translate(b, false)
		}
		require.True(t, make(1).Equal(make(1)))
		different := false
		for seed := int64(2); seed < 8; seed++ {
			different = different || !make(1).Equal(make(seed))
		}
		require.True(t, different)
	})
}

func TestClustersLieBesideTheRun(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(variants["local with features"])
		require.NoError(t, err)
		run := t.TempDir()
		require.NoError(t, m.ReadClusters(run))
		require.Nil(t, m.clusters)
		told, err := m.Cluster(t.Context(), run, streets{8, 32}, 2)
		require.NoError(t, err)
		require.Equal(t, "6 clusters of 3 labels in "+filepath.Join(run, "clusters.safetensors"), told)
		other, err := New(variants["local with features"])
		require.NoError(t, err)
		require.NoError(t, other.ReadClusters(run))
		require.Equal(t, m.clusters, other.clusters)

		wide, err := New(with(func(c *Config) { c.Features, c.FeatureChannels, c.EncoderDowns = "instance", 4, 2 }))
		require.NoError(t, err)
		require.ErrorContains(t, wide.ReadClusters(run), "have 3 channels, the model's features 4")
		without, err := New(tiny)
		require.NoError(t, err)
		_, err = without.Cluster(t.Context(), run, streets{8, 32}, 2)
		require.EqualError(t, err, "pix2pixhd: clusters are of features: the model was trained with --features none")
		ended, end := context.WithCancel(t.Context())
		end()
		_, err = m.Cluster(ended, run, streets{8, 32}, 2)
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, os.WriteFile(filepath.Join(run, "clusters.safetensors"), []byte("no"), 0o666))
		require.ErrorContains(t, m.ReadClusters(run), "clusters.safetensors")
	})
}

func TestWithoutClustersTheLookIsTheTargetsOrZeros(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		m, err := New(variants["local with features"])
		require.NoError(t, err)
		b, err := train.Items(streets{8, 32}, 0, 2, torch.Device{})
		require.NoError(t, err)
		require.True(t, m.look(b).Equal(m.E.Forward(b.Images(), b.Tensor("instance"))))
		bare := train.NewBatch(map[string]*torch.Tensor{"label": b.Labels(), "instance": b.Tensor("instance")})
		require.Zero(t, m.look(bare).Abs().Max().Item())
		require.Equal(t, []int{2, 3, 32, 32}, m.Translate(bare, false).Shape())
	})
}

func FuzzLoadClusters(f *testing.F) {
	torchtest.Native(f)
	path := filepath.Join(f.TempDir(), "good.safetensors")
	torch.Scope(func() {
		require.NoError(f, (&Clusters{map[int64][][]float32{-1: {{1, 2, 3}}, 26: {{0, 0, 0}, {1, 1, 1}}}}).Save(path))
	})
	good, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add(good)
	f.Add(bytes.Replace(good, []byte("label.26"), []byte("label.2x"), 1))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "clusters.safetensors")
		require.NoError(t, os.WriteFile(path, content, 0o666))
		c, err := LoadClusters(path)
		if err != nil {
			require.ErrorContains(t, err, path)
			return
		}
		for _, centres := range c.centres {
			require.NotEmpty(t, centres)
		}
	})
}
