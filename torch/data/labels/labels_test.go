package labels

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/goldentest"
	"github.com/forgergan/forger/torch/data"
)

// items is a set without pictures: "value" of item i is i.
type items struct {
	name    string
	classes []string
	labels  []int
}

func (s items) Name() string      { return s.name }
func (s items) Len() int          { return len(s.labels) }
func (s items) Classes() []string { return s.classes }
func (s items) Label(i int) int   { return s.labels[i] }
func (s items) Fields() []data.Field {
	return []data.Field{{Name: "value"}, {Name: "label", Int64: true}}
}

func (s items) Read(i int, rng *rand.Rand, row []data.Array) error {
	row[0].Float32[0], row[1].Int64[0] = float32(i), int64(s.labels[i])
	return nil
}

var (
	cifar10 = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}
	fashion = []string{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}
	digits  = []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}
)

// constant is n items of one class of CIFAR-10.
func constant(n, class int) items {
	s := items{"cifar", cifar10, make([]int, n)}
	for i := range s.labels {
		s.labels[i] = class
	}
	return s
}

// cycle is n items whose classes take turns.
func cycle(name string, classes []string, n int) items {
	s := items{name, classes, make([]int, n)}
	for i := range s.labels {
		s.labels[i] = i % len(classes)
	}
	return s
}

func change(t testing.TB, set data.Dataset, text string) *Set {
	t.Helper()
	o, err := Parse(text)
	require.NoError(t, err)
	s, err := Apply(set, o)
	require.NoError(t, err)
	return s
}

func all(s *Set) (labels []int) {
	for i := range s.Len() {
		labels = append(labels, s.Label(i))
	}
	return labels
}

// The vectors of 50,000 items below are those of rGAN's and CP-GAN's datasets/cifar.py with numpy.random.seed(12345).

func TestSymmetricNoiseHitsTheItemsOfTheOfficialProgram(t *testing.T) {
	for rate, hits := range map[float64]int{0.1: 4995, 0.3: 14957, 0.5: 24982, 0.7: 34955, 0.9: 44832} {
		s := change(t, constant(50000, 0), fmt.Sprintf("symmetric-others:%v", rate)) // every item that is hit changes
		require.Equal(t, float64(hits)/50000, s.Report().NoiseRate)
	}
	for text, want := range map[string][]int{
		"symmetric-others:0.5": {1, 2, 3, 12, 13, 14, 22, 23},
		"symmetric-others:0.1": {12, 30, 33, 37, 43, 99, 103, 114},
	} {
		var hit []int
		for i, k := range all(change(t, constant(50000, 0), text)) {
			if k != 0 && len(hit) < len(want) {
				hit = append(hit, i)
			}
		}
		require.Equal(t, want, hit)
	}
}

func TestSymmetricNoiseTakesTheLabelsOfTheOfficialProgram(t *testing.T) {
	for classes, want := range map[int][]int{10: {3, 2, 7, 4, 5, 4, 1, 3}, 100: {19, 2, 63, 74, 39, 68, 37, 52}} {
		set := constant(50000, 0)
		set.classes = make([]string, classes)
		s := change(t, set, "symmetric:0.5")
		for n, i := range []int{1, 2, 3, 12, 13, 14, 22, 23} {
			require.Equal(t, want[n], s.Label(i))
		}
	}
}

func TestAsymmetricNoiseDrawsOneNumberForEachItemOfAClassThatIsMistaken(t *testing.T) {
	// The uniform numbers of the seed begin 0.93, 0.32, 0.18, 0.20, 0.57, 0.60.
	set := items{"cifar", cifar10, []int{9, 0, 1, 9, 2, 4, 3, 5, 6, 7, 8}}
	require.Equal(t, []int{9, 0, 1, 1, 0, 7, 3, 5, 6, 7, 8}, all(change(t, set, "asymmetric:0.5")))
	require.Equal(t, []int{1, 0, 1, 1, 0, 7, 5, 3, 6, 7, 8}, all(change(t, set, "asymmetric:1")))
	require.Equal(t, []int{0, 1, 6, 4, 3, 5, 6, 5, 8, 7}, all(change(t, cycle("any", fashion, 10), "asymmetric:1")))
	require.Equal(t, []int{0, 1, 7, 8, 4, 6, 5, 1, 8, 9}, all(change(t, cycle("mnist", digits, 10), "asymmetric:1")))
}

func TestAMatrixDrawsAsNumPyChooses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "T.json")
	require.NoError(t, os.WriteFile(file, []byte("[[0.5, 0, 0.5],\n [0, 1, 0], [0.1, 0.2, 0.7]]"), 0o666))
	set := items{"three", digits[:3], []int{0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2}}
	s := change(t, set, "matrix:"+file+",seed:7")
	// r = RandomState(7); [r.choice(3, p=T[t]) for t in labels]
	require.Equal(t, []int{0, 2, 0, 2, 2, 2, 1, 1, 1, 2, 2, 2}, all(s))
	require.Equal(t, "matrix:[[0.5,0,0.5],[0,1,0],[0.1,0.2,0.7]],seed:7", s.Options().String())
	require.NoError(t, os.Remove(file))
	require.Equal(t, all(s), all(change(t, set, s.Options().String())), "the text needs no file")
}

func TestNoiseMatricesAreThoseOfRGAN(t *testing.T) {
	dir := filepath.Join(goldentest.Kit("FORGER_PARITY", "parity"), "rgan", "noise_matrices")
	want := goldentest.Load(t, filepath.Join(dir, "outputs.safetensors"))
	for name, noise := range map[string]Noise{"symmetric.0.5": Symmetric(0.5), "asymmetric.0.3": Asymmetric(0.3)} {
		m, err := noise.Matrix(constant(1, 0))
		require.NoError(t, err)
		require.NoError(t, m.check())
		for golden, got := range map[string]Matrix{"T.": m, "clean2noise_probs.": m, "noise2clean_probs.": m.Inverse()} {
			for i, v := range want[golden+name].Float64() {
				require.InDelta(t, v, got[i/10][i%10], 1e-6, "%s%s", golden, name)
			}
		}
	}
	others, err := SymmetricOthers(0.45).Matrix(constant(1, 0))
	require.NoError(t, err)
	all, err := Symmetric(0.5).Matrix(constant(1, 0))
	require.NoError(t, err)
	for i := range others {
		require.InDeltaSlice(t, all[i], others[i], 1e-12)
	}
}

func TestOverlapsAreThoseOfCPGAN(t *testing.T) {
	low := 0
	for _, k := range all(change(t, constant(50000, 9), "10to5")) {
		require.Contains(t, []int{0, 4}, k)
		if k == 4 {
			low++
		}
	}
	require.Equal(t, 24982, low, "draws of at most a half")

	s := change(t, cycle("cifar", cifar10, 20), "7to3") // the classes from 7 on are left out before anything is drawn
	require.Equal(t, 14, s.Len())
	require.Equal(t, []int{0, 0, 1, 1, 2, 0, 2, 0, 1, 1, 2, 2, 2, 0}, all(s))
	require.Equal(t, 6, s.Clean(13))
	require.Equal(t, []string{"airplane/automobile/dog/frog", "automobile/bird/cat/frog", "cat/deer/dog/frog"}, s.Classes())

	require.Equal(t, [][]int{{0}, {0, 1}, {1}, {1, 2}, {2}, {2, 0}, {0, 1, 2}}, Overlap{7, 3}.States())
	require.Equal(t, []int{4, 0}, Overlap{10, 5}.Members(9))
}

func TestTheOriginalsOfAnOverlapAreItsItemsUnderTheirOwnLabels(t *testing.T) {
	s := change(t, cycle("cifar", cifar10, 20), "7to3,symmetric:0.5").Originals()
	require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6}, all(s))
	require.Equal(t, cifar10[:7], s.Classes())
	require.Empty(t, s.Options().String())
	batch, err := data.ReadItems(s, 7, 2)
	require.NoError(t, err)
	require.Equal(t, []int64{0, 1}, batch.Find("label").Int64)
}

func TestTheShareOfLabelsKeptIsThatOfEachClass(t *testing.T) {
	set := items{"uneven", digits[:3], nil}
	for class, n := range []int{100, 10, 3} {
		for range n {
			set.labels = append(set.labels, class)
		}
	}
	for text, want := range map[string][3]int{"keep:0.1": {10, 1, 1}, "keep:0.25": {25, 3, 1}, "keep:1": {100, 10, 3}} {
		s := change(t, set, text)
		var kept [3]int
		for i := range s.Len() {
			if k := s.Label(i); k >= 0 {
				require.Equal(t, s.Clean(i), k)
				kept[k]++
			}
		}
		require.Equal(t, want, kept, text)
		require.Equal(t, 113-kept[0]-kept[1]-kept[2], s.Report().Unlabelled)
	}
	require.NotEqual(t, all(change(t, set, "keep:0.1")), all(change(t, set, "keep:0.1,seed:1")))
}

func TestAShareOfTheItemsIsLeftBeforeAllElse(t *testing.T) {
	set := cycle("cifar", cifar10, 1000)
	few := change(t, set, "items:0.3")
	require.Equal(t, 300, few.Len())
	for _, c := range few.Report().Classes {
		require.Equal(t, 30, c.Items)
	}
	changed := change(t, set, "items:0.3,10to5,keep:0.1")
	require.Equal(t, few.items, changed.items)
	require.Equal(t, few.clean, changed.clean)
	require.Equal(t, 30, 300-changed.Report().Unlabelled)
	require.Equal(t, 30, change(t, set, "items:0.3,only:0.1").Len())
	require.NotEqual(t, few.items, change(t, set, "items:0.3,seed:1").items)
}

func TestChangesTogetherAreIndependent(t *testing.T) {
	s := change(t, cycle("cifar", cifar10, 50000), "keep:0.5,symmetric-others:0.3,10to5")
	require.Equal(t, "10to5,symmetric-others:0.3,keep:0.5", s.Options().String())
	r := s.Report()
	require.InDelta(t, 0.3, r.NoiseRate, 0.005)
	require.InDelta(t, 25000, r.Unlabelled, 5)
	for _, c := range r.Classes {
		require.InDelta(t, 5000, c.Items, 200)
	}
	// With one stream for both, an item that fell to its second class would never be hit.
	second := 0
	for i := range s.Len() {
		if s.clean[i]%2 == 1 && s.before[i] != s.clean[i]/2 && s.labels[i] >= 0 && s.labels[i] != s.before[i] {
			second++
		}
	}
	require.InDelta(t, 50000*0.25*0.5*0.3, second, 150)
}

func TestBatchesHoldBothLabelsWhateverTheWorkers(t *testing.T) {
	s := change(t, cycle("cifar", cifar10, 200), "7to3,symmetric:0.5")
	var first [][]int64
	for _, workers := range []int{1, 4} {
		l, err := data.NewLoader(s, data.LoaderOptions{Batch: 8, Shuffle: true, Seed: 3, Workers: workers})
		require.NoError(t, err)
		var seen [][]int64
		for range l.Len() + 2 {
			b, err := l.Next(context.Background())
			require.NoError(t, err)
			for n, i := range b.Items {
				require.Equal(t, int64(s.Label(i)), b.Find("label").Int64[n])
				require.Equal(t, int64(s.Clean(i)), b.Find("clean").Int64[n])
				require.Equal(t, b.Find("clean").Int64[n], int64(b.Find("value").Float32[n])%10)
			}
			seen = append(seen, append([]int64(nil), b.Find("label").Int64...))
			b.Release()
		}
		l.Close()
		if first == nil {
			first = seen
		}
		require.Equal(t, first, seen)
	}
}

// flat is a set without labels.
type flat struct{ data.Dataset }

// nameless is a set that has classes and does not hand them out.
type nameless struct{ items }

func (nameless) Fields() []data.Field { return []data.Field{{Name: "value"}} }

func TestASetThatDoesNotFitIsRefusedWithTheWayOut(t *testing.T) {
	three := cycle("three", []string{"a", "b", "c"}, 9)
	for _, c := range []struct {
		set        data.Dataset
		text, want string
	}{
		{flat{three}, "symmetric:0.5", "data three: labels symmetric:0.5: the set has no labels: put pictures into a folder for each class"},
		{nameless{three}, "keep:0.5", "data three: labels keep:0.5: the set has classes but no field label"},
		{three, "10to5", "data three: labels 10to5: the set has 3 classes, not 10"},
		{three, "asymmetric:0.5", "data three: labels asymmetric:0.5: asymmetric noise is known for the classes of MNIST, Fashion-MNIST and CIFAR-10, not for a, b, c: give a matrix:FILE"},
		{cycle("kmnist", digits, 10), "asymmetric:0.5", "data kmnist: labels asymmetric:0.5: asymmetric noise is known for the classes of MNIST, Fashion-MNIST and CIFAR-10, not for 0, 1, 2: give a matrix:FILE"},
		{three, "matrix:[[1]]", "data three: labels matrix:[[1]]: a noise matrix of 1 classes does not fit a set of 3"},
		{cycle("one", []string{"a"}, 2), "symmetric-others:0.5", "data one: labels symmetric-others:0.5: a set of one class has no other label to take"},
		{change(t, three, "keep:0.5"), "symmetric:0.5", "data three: labels symmetric:0.5: item 2 has no label any more: give all changes at once"},
	} {
		o, err := Parse(c.text)
		require.NoError(t, err)
		_, err = Apply(c.set, o)
		require.EqualError(t, err, c.want)
	}
	_, err := Apply(three, Options{Noise: Symmetric(1.5)})
	require.EqualError(t, err, "data three: labels symmetric:1.5: a noise rate of 1.5 is not in [0, 1]")
}
