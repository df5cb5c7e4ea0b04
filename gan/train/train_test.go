package train_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/gan/train/runlog"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestARunWritesEverythingThatThePackageCommentLists(t *testing.T) {
	torchtest.Native(t)
	o := options()
	o.Keep = 2
	dir := trained(t, o)
	require.Equal(t, []string{"000000", "000005", "000010", "000015", "000020"}, names(t, dir, "samples/*.png"))
	require.Equal(t, []string{"000014", "000020", "latest"}, names(t, dir, "checkpoints/*"))
	require.Equal(t, content(t, filepath.Join(dir, "checkpoints", "000020.safetensors")), content(t, latest(dir)))
	require.Equal(t, []int{2, 4, 5, 6, 7, 8, 10, 12, 14, 15, 16, 18, 20}, logged(t, dir))

	records, err := runlog.Read(filepath.Join(dir, "log.jsonl"))
	require.NoError(t, err)
	last := records[len(records)-1]
	require.Equal(t, 160, last.Images)
	require.Equal(t, 2.5, last.Epoch)
	require.Contains(t, last.Losses, "D/real")
	require.Contains(t, last.Stats, "D(fake)")

	saved, err := train.ReadSettings(dir)
	require.NoError(t, err)
	require.Equal(t, "dcgan", saved.System)
	require.Equal(t, "cpu", saved.Device)
	require.Equal(t, "pictures", saved.Data)
	require.Equal(t, 20, saved.Steps)
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), "dcgan on pictures")
	require.Empty(t, names(t, dir, "*/.*.tmp"))
}

func TestARunInterruptedAnywhereEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	torchtest.Native(t)
	o := options()
	whole := trained(t, o)
	for _, stops := range [][]int{{0}, {1}, {7}, {0, 0, 3, 1, 8}, {5, 1, 13}} {
		dir := t.TempDir()
		for _, steps := range stops {
			interruptAt(t, dir, o, steps)
		}
		r, _ := open(t, dir, o)
		require.NoError(t, r.Train(t.Context()))
		r.Close()
		require.Equal(t, content(t, latest(whole)), content(t, latest(dir)), "stopped after %v steps", stops)
		require.Equal(t, logged(t, whole), logged(t, dir))
		require.Equal(t, names(t, whole, "samples/*"), names(t, dir, "samples/*"))
		for _, name := range names(t, whole, "samples/*") {
			file := filepath.Join("samples", name+".png")
			require.Equal(t, read(t, whole, file), read(t, dir, file), file)
		}
		require.Equal(t, scalars(t, whole), scalars(t, dir))
	}
}

func TestARunKilledBeforeItsFirstCheckpointBeginsAgain(t *testing.T) {
	torchtest.Native(t)
	o := options()
	whole := trained(t, o)
	dir := t.TempDir()
	r, m := open(t, dir, o)
	m.before = func(n int) {
		if n == 6 {
			panic("killed")
		}
	}
	require.ErrorContains(t, r.Train(t.Context()), "killed")
	r.Close()
	require.Empty(t, names(t, dir, "checkpoints/*"))
	require.NotEmpty(t, logged(t, dir))
	// What kill -9 leaves at its worst.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "checkpoints", ".000007.safetensors.forger-1-00000000.tmp"), []byte("half"), 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "samples", ".000005.png.forger-1-00000000.tmp"), []byte("half"), 0o666))

	r, _ = open(t, dir, o)
	require.NoError(t, r.Train(t.Context()))
	r.Close()
	require.Equal(t, content(t, latest(whole)), content(t, latest(dir)))
	require.Equal(t, logged(t, whole), logged(t, dir))
	require.Empty(t, names(t, dir, "*/.*.tmp"))
}

func TestLookingAtARunDoesNotChangeIt(t *testing.T) {
	torchtest.Native(t)
	often, seldom := options(), options()
	often.Sample, often.Every, often.Log = 1, 1, 1
	seldom.Sample, seldom.Every, seldom.Log = 1000, 1000, 1000
	require.Equal(t, content(t, latest(trained(t, often))), content(t, latest(trained(t, seldom))))
}

func TestWorkersAndProcessorsDoNotChangeARun(t *testing.T) {
	torchtest.Native(t)
	o := options()
	o.Workers = 4
	many := trained(t, o)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	o.Workers = 1
	dir := t.TempDir()
	interruptAt(t, dir, o, 9)
	runtime.GOMAXPROCS(3)
	o.Workers = 3
	r, _ := open(t, dir, o)
	require.NoError(t, r.Train(t.Context()))
	require.Equal(t, content(t, latest(many)), content(t, latest(dir)))
}

func TestTheNumberOfThreadsThatLibTorchChoseOnceStays(t *testing.T) {
	torchtest.Native(t)
	o := options()
	o.Threads = 0
	torch.SetThreads(1)
	dir := t.TempDir()
	interruptAt(t, dir, o, 3)
	torch.SetThreads(2)
	defer torch.SetThreads(1)
	open(t, dir, o)
	require.Equal(t, 1, torch.Threads())
	saved, err := train.ReadSettings(dir)
	require.NoError(t, err)
	require.Equal(t, 1, saved.Threads)
}

// A thread of the system that has computed keeps its number when another one sets it.
func TestARunTrainsWithItsThreadsWhateverItsThreadOfTheSystemDidBefore(t *testing.T) {
	torchtest.Native(t)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	torch.SetThreads(2)
	defer torch.SetThreads(1)
	m := newModel(t, tiny, 3)
	opened := make(chan *train.Run)
	go func() {
		r, err := train.Open(t.TempDir(), m, set, options())
		assert.NoError(t, err)
		opened <- r
	}()
	r := <-opened
	defer r.Close()
	require.Equal(t, 2, torch.Threads(), "of this thread")
	m.before = func(int) { require.Equal(t, 1, torch.Threads()) }
	require.NoError(t, r.Train(t.Context()))
}

func TestAFolderMayHaveAnyName(t *testing.T) {
	torchtest.Native(t)
	dir := filepath.Join(t.TempDir(), "a [b]*?")
	o := options()
	o.Keep = 1
	r, _ := open(t, dir, o)
	require.NoError(t, r.Train(t.Context()))
	files, err := os.ReadDir(filepath.Join(dir, "checkpoints"))
	require.NoError(t, err)
	require.Len(t, files, 2)
	require.Contains(t, read(t, dir, "report.html"), "data:image/png")
}

func TestMoreStepsGoOnWithARunThatHadEnded(t *testing.T) {
	torchtest.Native(t)
	o := options()
	whole := trained(t, o)
	short := o
	short.Steps = 12
	dir := trained(t, short)
	r, _ := open(t, dir, o)
	require.Equal(t, 12, r.Step())
	require.NoError(t, r.Train(t.Context()))
	r.Close()
	require.Equal(t, content(t, latest(whole)), content(t, latest(dir)))
	require.Equal(t, dir+" has made 20 steps already, more than --steps 12", refused(t, dir, tiny, set, short))
}

func TestARunThatHasEndedOnlyMakesItsReportAgain(t *testing.T) {
	torchtest.Native(t)
	dir := trained(t, options())
	before := content(t, latest(dir))
	require.NoError(t, os.Remove(filepath.Join(dir, "report.html")))
	r, m := open(t, dir, options())
	require.NoError(t, r.Train(t.Context()))
	require.Zero(t, m.made)
	require.Equal(t, before, content(t, latest(dir)))
	require.FileExists(t, filepath.Join(dir, "report.html"))
}

func TestNothingIsLeftRunningAfterClose(t *testing.T) {
	torchtest.Native(t)
	torchtest.NoLeaks(t)
	before := runtime.NumGoroutine()
	t.Run("of a run", func(t *testing.T) { // whose end lets go of its models
		dir := trained(t, options())
		o := options()
		o.Steps = 25
		interruptAt(t, dir, o, 2)
	})
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	require.Fail(t, "goroutines are left", "%d, %d before", runtime.NumGoroutine(), before)
}

// begun is a DCGAN that takes something up where its run begins.
type begun struct {
	train.Sampler
	err  error
	sets []data.Dataset
}

func (b *begun) Begin(set data.Dataset) error {
	b.sets = append(b.sets, set)
	return b.err
}

func TestABeginnerIsCalledWhereARunBeginsAndNotWhereItGoesOn(t *testing.T) {
	torchtest.Native(t)
	o, dir := options(), filepath.Join(t.TempDir(), "run")
	start := func(b *begun) error {
		b.Sampler = newModel(t, tiny, o.Seed)
		r, err := train.Open(dir, b, pictures{items: 64}, o)
		if err != nil {
			return err
		}
		defer r.Close()
		return r.Train(t.Context())
	}
	require.ErrorIs(t, start(&begun{err: os.ErrNotExist}), os.ErrNotExist)
	first := &begun{}
	require.NoError(t, start(first), "the folder of a run that did not begin is free")
	require.Equal(t, []data.Dataset{pictures{items: 64}}, first.sets)
	o.Steps++
	again := &begun{}
	require.NoError(t, start(again))
	require.Empty(t, again.sets)
}
