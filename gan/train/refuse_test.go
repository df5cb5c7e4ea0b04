package train_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch/torchtest"
)

func TestAnotherSettingIsNamedAndTheFolderStaysAsItWas(t *testing.T) {
	torchtest.Native(t)
	dir := trained(t, options())
	goOn := "\n  go on as it was:  forger resume " + dir + "\n  start afresh:     --new, or another folder with --out"
	was := "cannot resume " + dir + ": it was trained with "

	wide := tiny
	wide.Width = 8
	require.Equal(t, was+"--width 4, now with --width 8"+goOn, refused(t, dir, wide, set, options()))

	o := options()
	o.Batch, o.Seed = 16, 4
	require.Equal(t, was+"--batch 8, --seed 3, now with --batch 16, --seed 4"+goOn, refused(t, dir, tiny, set, o))

	o = options()
	o.Data = "cats"
	require.Equal(t, was+"--data pictures, now with --data cats"+goOn, refused(t, dir, tiny, set, o))
	require.Contains(t, refused(t, dir, tiny, pictures{items: 65}, options()),
		"the state is of a set of 64 items, this one has 65: resume with the same data")
}

func TestARunOfAnotherSystemIsRefused(t *testing.T) {
	torchtest.Native(t)
	dir := trained(t, options())
	_, err := train.Open(dir, otherSystem{newModel(t, tiny, 3)}, set, options())
	require.EqualError(t, err, "cannot resume "+dir+": it holds a dcgan, not a began; choose another folder with --out")
}

type otherSystem struct{ train.Model }

func (otherSystem) System() string { return "began" }

func TestAFolderThatHoldsSomethingElseIsRefusedAndLeftAlone(t *testing.T) {
	torchtest.Native(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o666))
	require.Equal(t, dir+" holds thesis.tex and no config.json, so it is no run folder: choose a new or empty one with --out",
		refused(t, dir, tiny, set, options()))

	dir = trained(t, options())
	require.NoError(t, os.Remove(filepath.Join(dir, "config.json")))
	require.Contains(t, refused(t, dir, tiny, set, options()), "holds checkpoints and no config.json")

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	_, err := train.Open(file, newModel(t, tiny, 3), set, options())
	require.EqualError(t, err, file+" is a file, not a folder: choose another one with --out")
}

func TestAFolderInWhichAKilledRunOnlyBeganIsTaken(t *testing.T) {
	torchtest.Native(t)
	dir := t.TempDir()
	for _, name := range []string{".lock", ".config.json.forger-1-00000000.tmp"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o666))
	}
	open(t, dir, options())
	require.Equal(t, []string{""}, names(t, dir, ".*"), "only the lock is left")
}

func TestAFolderInWhichARunTrainsIsRefused(t *testing.T) {
	torchtest.Native(t)
	dir := t.TempDir()
	r, _ := open(t, dir, options())
	require.Equal(t, dir+": another program is training there: wait for it, or choose another folder", refused(t, dir, tiny, set, options()))
	r.Close()
	r.Close()
	open(t, dir, options())
}

func TestOptionsThatCannotBeAreRefusedBeforeAFolderIsMade(t *testing.T) {
	torchtest.Native(t)
	dir := filepath.Join(t.TempDir(), "run")
	for want, change := range map[string]func(*train.Options){
		"must not be negative": func(o *train.Options) { o.Keep = -1 },
		"data pictures: a batch of 65 is larger than the set of 64 items: take a batch of at most 64": func(o *train.Options) { o.Batch = 65 },
	} {
		o := options()
		change(&o)
		_, err := train.Open(dir, newModel(t, tiny, 3), set, o)
		require.ErrorContains(t, err, want)
		require.NoDirExists(t, dir)
	}
}

func TestADamagedConfigIsNamed(t *testing.T) {
	torchtest.Native(t)
	dir := trained(t, options())
	config := filepath.Join(dir, "config.json")
	text, err := os.ReadFile(config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(config, text[:len(text)/2], 0o666))
	require.Contains(t, refused(t, dir, tiny, set, options()), config+" is damaged")
}
