package data

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// numbers is a set whose item i is (i, a random number) and the label i.
type numbers struct {
	n     int
	broke func(i int) error
}

func (s numbers) Name() string { return "numbers" }
func (s numbers) Len() int     { return s.n }
func (s numbers) Fields() []Field {
	return []Field{{Name: "x", Shape: []int{2}}, {Name: "label", Int64: true}}
}

func (s numbers) Read(i int, rng *rand.Rand, row []Array) error {
	if s.broke != nil {
		if err := s.broke(i); err != nil {
			return err
		}
	}
	row[0].Float32[0], row[0].Float32[1] = float32(i), rng.Float32()
	row[1].Int64[0] = int64(i)
	return nil
}

func newLoader(t testing.TB, set Dataset, o LoaderOptions) *Loader {
	l, err := NewLoader(set, o)
	require.NoError(t, err)
	t.Cleanup(l.Close)
	return l
}

// draw copies the next n batches.
func draw(t testing.TB, l *Loader, n int) []Batch {
	var out []Batch
	for range n {
		b, err := l.Next(context.Background())
		require.NoError(t, err)
		kept := Batch{Items: append([]int(nil), b.Items...), Epoch: b.Epoch}
		for _, a := range b.Arrays {
			a.Float32, a.Int64 = append([]float32(nil), a.Float32...), append([]int64(nil), a.Int64...)
			kept.Arrays = append(kept.Arrays, a)
		}
		out = append(out, kept)
		b.Release()
	}
	return out
}

func TestBatchesAreCollatedInOrder(t *testing.T) {
	l := newLoader(t, numbers{n: 5}, LoaderOptions{Batch: 2})
	require.Equal(t, 3, l.Len())
	got := draw(t, l, 4)
	require.Equal(t, []int{0, 1}, got[0].Items)
	require.Equal(t, []int{4}, got[2].Items, "the last batch of the epoch is short")
	require.Equal(t, 1, got[2].Len())
	require.Equal(t, []int{0, 1}, got[3].Items)
	require.Equal(t, 1, got[3].Epoch)
	x, label := got[1].Find("x"), got[1].Find("label")
	require.Equal(t, []int{2, 2}, x.Shape)
	require.Equal(t, []int{2}, label.Shape)
	require.Equal(t, float32(2), x.Float32[0])
	require.Equal(t, float32(3), x.Float32[2])
	require.Equal(t, []int64{2, 3}, label.Int64)
	require.Nil(t, got[1].Find("none"))
	require.NotEqual(t, got[0].Arrays[0].Float32[1], got[3].Arrays[0].Float32[1], "augmentation differs between epochs")
}

func TestShortBatchesCanBeDropped(t *testing.T) {
	l := newLoader(t, numbers{n: 5}, LoaderOptions{Batch: 2, DropLast: true})
	require.Equal(t, 2, l.Len())
	for i, b := range draw(t, l, 6) {
		require.Equal(t, 2, b.Len())
		require.Equal(t, i/2, b.Epoch)
	}
}

func TestBatchesDoNotDependOnTheWorkers(t *testing.T) {
	o := LoaderOptions{Batch: 3, Shuffle: true, Seed: 9, Workers: 1}
	want := draw(t, newLoader(t, numbers{n: 20}, o), 30)
	o.Workers, o.Prefetch = 7, 9
	require.Equal(t, want, draw(t, newLoader(t, numbers{n: 20}, o), 30))
	o.Seed = 10
	require.NotEqual(t, want, draw(t, newLoader(t, numbers{n: 20}, o), 30))
}

func TestEveryEpochIsAPermutationOfItsOwn(t *testing.T) {
	l := newLoader(t, numbers{n: 50}, LoaderOptions{Batch: 10, Shuffle: true, Seed: 3})
	seen := map[string]bool{}
	for range 4 {
		var items []int
		for _, b := range draw(t, l, 5) {
			items = append(items, b.Items...)
		}
		require.ElementsMatch(t, sequence(50), items)
		seen[fmt.Sprint(items)] = true
	}
	require.Len(t, seen, 4)
}

func sequence(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// A change of these numbers would make every stored run resume on other data.
func TestOrderIsTheSameInEveryRelease(t *testing.T) {
	order := make([]int32, 10)
	shuffle(order, 1, 0)
	require.Equal(t, []int32{6, 7, 0, 2, 8, 3, 1, 5, 4, 9}, order)
	shuffle(order, 1, 1)
	require.Equal(t, []int32{6, 3, 7, 1, 5, 4, 8, 2, 0, 9}, order)
}

func TestRestoredLoaderGoesOnExactly(t *testing.T) {
	o := LoaderOptions{Batch: 4, Shuffle: true, Seed: 5, Workers: 3}
	for _, drop := range []bool{false, true} {
		o.DropLast = drop
		want := draw(t, newLoader(t, numbers{n: 18}, o), 20)
		for cut := range 20 {
			first := newLoader(t, numbers{n: 18}, o)
			draw(t, first, cut)
			stored, err := json.Marshal(first.State())
			require.NoError(t, err)
			first.Close()
			var s State
			require.NoError(t, json.Unmarshal(stored, &s))
			other := o
			other.Workers, other.Seed = 1, 77 // the state's seed counts
			second := newLoader(t, numbers{n: 18}, other)
			require.NoError(t, second.Restore(s))
			require.Equal(t, want[cut:], draw(t, second, 20-cut), "cut after %d", cut)
			require.NoError(t, second.Restore(s), "a running loader can be moved too")
			require.Equal(t, want[cut:], draw(t, second, 20-cut), "cut after %d", cut)
		}
	}
}

func TestStateOfAnotherSetIsRefused(t *testing.T) {
	l := newLoader(t, numbers{n: 18}, LoaderOptions{Batch: 4})
	require.ErrorContains(t, l.Restore(State{Items: 19}), "a set of 19 items, this one has 18")
	require.ErrorContains(t, l.Restore(State{Items: 18, Position: 19}), "damaged")
	require.ErrorContains(t, l.Restore(State{Items: 18, Epoch: -1}), "damaged")
}

func TestImpossibleBatchesAreRefusedAtOnce(t *testing.T) {
	for want, o := range map[string]LoaderOptions{
		"data numbers: a batch of 9 is larger than the set of 8 items: take a batch of at most 8": {Batch: 9},
		"data numbers: a batch of 0 items is not possible":                                        {},
	} {
		_, err := NewLoader(numbers{n: 8}, o)
		require.EqualError(t, err, want)
	}
	_, err := NewLoader(numbers{}, LoaderOptions{Batch: 1})
	require.ErrorContains(t, err, "the set is empty")
}

func TestBadItemEndsTheLoaderByName(t *testing.T) {
	bad := errors.New("picture cat.png is cut off")
	for name, broke := range map[string]func(i int) error{
		"data numbers: item 5: picture cat.png is cut off": func(i int) error {
			if i == 5 {
				return bad
			}
			return nil
		},
		"data numbers: item 5: panic: boom": func(i int) error {
			if i == 5 {
				panic("boom")
			}
			return nil
		},
	} {
		l := newLoader(t, numbers{8, broke}, LoaderOptions{Batch: 2, Workers: 4})
		draw(t, l, 2)
		for range 2 {
			_, err := l.Next(context.Background())
			require.EqualError(t, err, name)
		}
		require.Equal(t, 4, l.State().Position, "the state stays before the bad batch")
		require.NoError(t, l.Restore(State{Items: 8}))
		draw(t, l, 2)
	}
}

func TestNextEndsWithItsContext(t *testing.T) {
	gate := make(chan struct{})
	l := newLoader(t, numbers{4, func(int) error { <-gate; return nil }}, LoaderOptions{Batch: 2})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	_, err := l.Next(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = l.Next(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	close(gate)
	require.Equal(t, []int{0, 1}, draw(t, l, 1)[0].Items, "nothing is lost")
}

func TestClosedLoaderHasNoGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		l, err := NewLoader(numbers{n: 100}, LoaderOptions{Batch: 5, Workers: 8})
		require.NoError(t, err)
		draw(t, l, 3)
		l.Close()
		l.Close()
		_, err = l.Next(context.Background())
		require.ErrorContains(t, err, "closed")
	}
	// A goroutine that Close waited for has done its work, but may need a moment to be gone.
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), before)
}

func TestReleasedMemoryIsUsedAgain(t *testing.T) {
	l := newLoader(t, numbers{n: 64}, LoaderOptions{Batch: 8, Shuffle: true, Workers: 2})
	seen := map[*float32]bool{}
	for range 2000 {
		b, err := l.Next(context.Background())
		require.NoError(t, err)
		seen[&b.Find("x").Float32[0]] = true
		b.Release()
		b.Release()
		require.Zero(t, b.Len())
	}
	// Two read ahead, two in the workers' hands, one here, and what a busy moment adds: never one a batch.
	require.LessOrEqual(t, len(seen), 8)
}

func TestUnreleasedBatchesKeepTheirValues(t *testing.T) {
	l := newLoader(t, numbers{n: 64}, LoaderOptions{Batch: 8})
	var kept []*Batch
	for range 24 {
		b, err := l.Next(context.Background())
		require.NoError(t, err)
		kept = append(kept, b)
	}
	for i, b := range kept {
		require.Equal(t, int64(i%8*8), b.Find("label").Int64[0])
	}
}

// growing is numbers of which an item holds one more in each epoch.
type growing struct {
	numbers
	more int
}

func (s growing) At(epoch int) Dataset { return growing{s.numbers, epoch} }
func (s growing) Fields() []Field {
	return []Field{{Name: "x", Shape: []int{2 + s.more}}, {Name: "label", Int64: true}}
}

func TestItemsOfAStagedSetGrowWithTheEpochs(t *testing.T) {
	o := LoaderOptions{Batch: 2, Shuffle: true, Seed: 3, Workers: 2}
	l := newLoader(t, growing{numbers: numbers{n: 4}}, o)
	got := draw(t, l, 3)
	place := l.State()
	got = append(got, draw(t, l, 3)...)
	for k, b := range got {
		require.Equal(t, []int{2, 2 + k/2}, b.Find("x").Shape)
		require.Len(t, b.Find("x").Float32, 2*(2+k/2))
		require.EqualValues(t, b.Items[1], b.Find("x").Float32[2+k/2])
	}
	again := newLoader(t, growing{numbers: numbers{n: 4}}, o)
	require.NoError(t, again.Restore(place))
	require.Equal(t, got[3:], draw(t, again, 3))
}
