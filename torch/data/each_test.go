package data

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachGivesSoManyItemsAndNoMore(t *testing.T) {
	for _, test := range []struct {
		n, batch int
		lengths  []int
	}{
		{18, 5, []int{5, 5, 5, 3}},
		{12, 5, []int{5, 5, 2}},
		{3, 5, []int{3}},
		{100, 50, []int{18}}, // the set has 18
	} {
		var lengths []int
		seen := map[int]bool{}
		err := Each(t.Context(), numbers{n: 18}, test.n, LoaderOptions{Batch: test.batch, Shuffle: test.n < 18, Seed: 2}, func(b *Batch) error {
			lengths = append(lengths, b.Len())
			x, label := b.Find("x"), b.Find("label")
			require.Equal(t, [][]int{{b.Len(), 2}, {b.Len()}}, [][]int{x.Shape, label.Shape})
			require.Len(t, x.Float32, 2*b.Len())
			require.Len(t, label.Int64, b.Len())
			for k, item := range b.Items {
				require.EqualValues(t, item, x.Float32[2*k])
				require.False(t, seen[item], "each item once")
				seen[item] = true
			}
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, test.lengths, lengths)
	}
}

func TestEachEndsWithTheFirstError(t *testing.T) {
	stop, calls := errors.New("enough"), 0
	require.ErrorIs(t, Each(t.Context(), numbers{n: 18}, 18, LoaderOptions{Batch: 5}, func(*Batch) error { calls++; return stop }), stop)
	require.Equal(t, 1, calls)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, Each(ctx, numbers{n: 18}, 18, LoaderOptions{Batch: 5}, nil), context.Canceled)
	require.ErrorContains(t, Each(t.Context(), numbers{}, 5, LoaderOptions{Batch: 5}, nil), "the set is empty")
}
