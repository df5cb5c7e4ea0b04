package train_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/torch/vision"
)

// fails trains until an error ends the run, which must be one line and leave the checkpoints whole.
func fails(t *testing.T, dir string, r *train.Run) string {
	t.Helper()
	err := r.Train(t.Context())
	require.Error(t, err)
	require.NotContains(t, err.Error(), "\n")
	r.Close()
	for _, name := range names(t, dir, "checkpoints/*") {
		content(t, filepath.Join(dir, "checkpoints", name+".safetensors"))
	}
	require.Empty(t, names(t, dir, "checkpoints/.*"))
	return err.Error()
}

func TestALossThatIsNotFiniteBeforeTheFirstCheckpointEndsTheRun(t *testing.T) {
	torchtest.Native(t)
	o := options()
	o.Every = 1000
	dir := t.TempDir()
	r, err := train.Open(dir, newModel(t, tiny, o.Seed), pictures{items: 64, bad: 1}, o)
	require.NoError(t, err)
	require.Regexp(t, `^dcgan: at step [1-8] D.main.3.running_mean holds numbers that are not finite \(torch.BinaryCrossEntropy: .*\), and there is no checkpoint to go back to: start another run with a lower learning rate or another seed$`,
		fails(t, dir, r))
	require.Empty(t, names(t, dir, "checkpoints/*"))
}

func TestALearningRateThatExplodesEndsTheRun(t *testing.T) {
	torchtest.Native(t)
	dir := t.TempDir()
	c := tiny
	c.LR = 1e38
	r, err := train.Open(dir, newModel(t, c, 3), set, options())
	require.NoError(t, err)
	require.Contains(t, fails(t, dir, r), "dcgan: at step 1 ")
	require.Empty(t, names(t, dir, "checkpoints/*"))
}

func TestATensorThatIsNotFiniteIsNotSavedWhateverTheLossesSay(t *testing.T) {
	torchtest.Native(t)
	dir, o := t.TempDir(), options()
	var progress bytes.Buffer
	o.Progress = &progress
	r, m := open(t, dir, o)
	m.before = func(n int) {
		if n == 12 {
			torch.NoGrad(func() { m.Parts().Tensors[0].Tensor.FillInPlace(math.Inf(1)) })
		}
	}
	require.NoError(t, r.Train(t.Context()))
	require.Contains(t, progress.String(), "dcgan: after step 14 fixed holds numbers that are not finite\ngoing back from step 14 to the checkpoint of step 7,")
	for _, name := range names(t, dir, "checkpoints/*") {
		state, err := checkpoint.Load(filepath.Join(dir, "checkpoints", name+".safetensors"))
		require.NoError(t, err)
		for _, e := range state {
			require.True(t, !e.Tensor.DType().IsFloat() || e.Tensor.IsFinite().All().Int() == 1, e.Name)
		}
	}
}

func TestARunWhoseDataCannotBeReadIsSavedAndGoesOnOnceTheyAreMended(t *testing.T) {
	torchtest.Native(t)
	dir, o := t.TempDir(), options()
	r, err := train.Open(dir, newModel(t, tiny, o.Seed), pictures{items: 64, torn: 1}, o)
	require.NoError(t, err)
	message := fails(t, dir, r)
	require.Regexp(t, `^data pictures: item 1: torn; saved after step [1-7]: mend the data, then go on with: forger resume `+dir+`$`, message)
	r, _ = open(t, dir, o)
	require.Positive(t, r.Step())
	require.NoError(t, r.Train(t.Context()))
	require.Equal(t, content(t, latest(trained(t, o))), content(t, latest(dir)))
}

func TestAFailedOperationInAStepNamesSystemAndStep(t *testing.T) {
	torchtest.Native(t)
	dir := t.TempDir()
	r, m := open(t, dir, options())
	m.before = func(n int) {
		if n == 9 {
			torch.Ones([]int{2}).Add(torch.Ones([]int{3}))
		}
	}
	require.Contains(t, fails(t, dir, r), "dcgan: step 9: torch.Add: ")
	require.Equal(t, []string{"000007", "latest"}, names(t, dir, "checkpoints/*"))
}

func TestADamagedCheckpointIsNamedWithTheOneBefore(t *testing.T) {
	torchtest.Native(t)
	dir := trained(t, options())
	whole := content(t, latest(dir))
	text := read(t, dir, "checkpoints/latest.safetensors")
	for what, damage := range map[string]string{
		"cut off":        text[:len(text)-100],
		"a flipped byte": text[:len(text)-100] + "x" + text[len(text)-99:],
		"empty":          "",
	} {
		t.Run(what, func(t *testing.T) {
			require.NoError(t, os.WriteFile(latest(dir), []byte(damage), 0o666)) // 000020 is another name of it
			message := refused(t, dir, tiny, set, options())
			before := filepath.Join(dir, "checkpoints", "000014.safetensors")
			require.Contains(t, message, latest(dir)+": ")
			require.Contains(t, message, "; to go on from the checkpoint before: ln -f "+before+" "+latest(dir))
			require.NotContains(t, message, "\n")
		})
	}

	// The advice, followed. The run goes back and ends as before.
	before := filepath.Join(dir, "checkpoints", "000014.safetensors")
	require.NoError(t, os.Remove(latest(dir)))
	require.NoError(t, os.Link(before, latest(dir)))
	o := options()
	o.Keep, o.Every = 1, 3
	r, _ := open(t, dir, o)
	require.Equal(t, 14, r.Step())
	require.NoError(t, r.Train(t.Context()))
	r.Close()
	require.Equal(t, whole, content(t, latest(dir)))
	require.Equal(t, []string{"000020", "latest"}, names(t, dir, "checkpoints/*"))
}

func TestWithNoWholeCheckpointTheMessageSaysSo(t *testing.T) {
	torchtest.Native(t)
	o := options()
	o.Keep = 1
	dir := trained(t, o)
	require.NoError(t, os.Truncate(latest(dir), 1000))
	require.Contains(t, refused(t, dir, tiny, set, o), "; the run has no other checkpoint that is whole: start afresh in another folder")
}

// limited names, in the environment of a copy of the test program, the folder of a run whose disk becomes full.
const limited = "FORGER_TRAIN_LIMITED"

func TestAFullDiskEndsTheRunWithOneSentence(t *testing.T) {
	torchtest.Native(t)
	o := options()
	o.Sample = 1000 // so that the checkpoint is the largest file
	if dir := os.Getenv(limited); dir != "" {
		trainUntilFull(t, dir, o)
		return
	}
	dir := t.TempDir()
	program, err := os.Executable()
	require.NoError(t, err)
	child := exec.CommandContext(t.Context(), program, "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), limited+"="+dir)
	out, err := child.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Regexp(t, `saving .*/checkpoints/000014.safetensors: the file would be larger than the system allows .*; nothing was saved: .*file too large`, string(out))

	require.Equal(t, []string{"000007", "latest"}, names(t, dir, "checkpoints/*"))
	r, _ := open(t, dir, o)
	require.Equal(t, 7, r.Step())
	require.NoError(t, r.Train(t.Context()))
	require.Equal(t, content(t, latest(trained(t, o))), content(t, latest(dir)))
}

func trainUntilFull(t *testing.T, dir string, o train.Options) {
	signal.Ignore(syscall.SIGXFSZ)
	r, m := open(t, dir, o)
	m.before = func(n int) {
		if n == 11 {
			require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 35_000, Max: 35_000}))
		}
	}
	t.Log(fails(t, dir, r))
}

func TestAFolderThatIsGoneEndsTheRunWithOneSentence(t *testing.T) {
	torchtest.Native(t)
	dir := t.TempDir()
	r, m := open(t, dir, options())
	m.before = func(n int) {
		if n == 3 {
			require.NoError(t, os.RemoveAll(dir))
		}
	}
	require.Regexp(t, `^saving .*/samples/000005.png: the folder .*/samples does not exist: `, fails(t, dir, r))
}

func TestAReportThatCannotBeWrittenIsAWarning(t *testing.T) {
	torchtest.Native(t)
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "run"), 0o777))
	var progress bytes.Buffer
	o := options()
	o.Progress = &progress
	r, _ := open(t, filepath.Join(dir, "run"), o)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "run", "report.html"), 0o777))
	require.NoError(t, r.Train(t.Context()))
	require.Contains(t, progress.String(), "training goes on without a new report.html: saving ")
	require.Equal(t, 20, r.Step())
}

func TestAFileOfTensorsOnlyIsNoCheckpoint(t *testing.T) {
	torchtest.Native(t)
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	require.NoError(t, checkpoint.Save(path, []checkpoint.Tensor{{Name: "x", DType: torch.Float32, Shape: []int{0}}}, nil))
	want := path + " is not a checkpoint of a run: it holds tensors only"
	_, err := train.ReadCheckpointSettings(path)
	require.EqualError(t, err, want)
	require.EqualError(t, train.LoadCheckpoint(path, newModel(t, tiny, 1)), want)
}

func TestACheckpointOfOtherNetworksIsRefused(t *testing.T) {
	torchtest.Native(t)
	dir := trained(t, options())
	wide := tiny
	wide.Width = 8
	require.ErrorContains(t, train.LoadCheckpoint(latest(dir), newModel(t, wide, 1)), latest(dir)+": network G: the state does not fit *dcgan.Generator: it has wrong shapes")
}

// drawn makes a folder of small pictures.
func drawn(t *testing.T, n int) string {
	dir := t.TempDir()
	for i := range n {
		im := vision.FromFloats([]float32{float32(i) / float32(n)}, 1, 1, 1, 0, 1, vision.HalfUp)
		require.NoError(t, vision.SavePNG(filepath.Join(dir, fmt.Sprintf("%03d.png", i)), im))
	}
	return dir
}

func TestAPictureThatIsRemovedWhileARunTrainsIsNamedAndTheRunGoesOnOnceItIsBack(t *testing.T) {
	torchtest.Native(t)
	folder := drawn(t, 40)
	pictures := func() data.Dataset {
		set, err := data.Open(t.Context(), folder, data.Options{Size: 16, Channels: 1})
		require.NoError(t, err)
		return set
	}
	o := options()
	whole, dir := t.TempDir(), t.TempDir()
	r := on(t, whole, pictures(), o, nil)
	require.NoError(t, r.Train(t.Context()))
	r.Close()

	gone, aside := filepath.Join(folder, "017.png"), filepath.Join(t.TempDir(), "aside.png")
	r = on(t, dir, pictures(), o, func(_ *train.Run, _ *watched, made int) {
		if made == 3 {
			require.NoError(t, os.Rename(gone, aside))
		}
	})
	require.Regexp(t, `017\.png.*; saved after step \d+: mend the data, then go on with: forger resume `, fails(t, dir, r))
	require.NoError(t, os.Rename(aside, gone))
	r = on(t, dir, pictures(), o, nil)
	require.Positive(t, r.Step())
	require.NoError(t, r.Train(t.Context()))
	require.Equal(t, content(t, latest(whole)), content(t, latest(dir)))
}
