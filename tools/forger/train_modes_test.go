package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/torchtest"
)

func TestNewMovesTheOldRunAside(t *testing.T) {
	torchtest.Native(t)
	data, dir := pictures(t, 40), filepath.Join(t.TempDir(), "run")
	works(t, tiny(data, dir, "--new")...) // there was nothing to move
	old := content(t, dir)
	for _, aside := range []string{dir + ".1", dir + ".2"} {
		works(t, tiny(data, dir, "--new", "--seed", "7")...)
		require.FileExists(t, filepath.Join(aside, "config.json"))
	}
	require.Equal(t, old, content(t, dir+".1"))
	require.NotEqual(t, old, content(t, dir))
	require.Equal(t, content(t, dir+".2"), content(t, dir))
}

func TestNewLeavesTheOldRunWhereTheNewOneCannotBegin(t *testing.T) {
	torchtest.Native(t)
	data, dir := pictures(t, 40), filepath.Join(t.TempDir(), "run")
	works(t, tiny(data, dir)...)
	fails(t, 1, tiny(data, dir, "--new", "--size", "17")...)
	fails(t, 1, tiny(data+"-gone", dir, "--new")...)
	fails(t, 1, tiny(data, dir, "--new", "--ema", "2")...)
	require.FileExists(t, filepath.Join(dir, "config.json"))
	require.NoDirExists(t, dir+".1")
}

func TestNewMovesNothingButRuns(t *testing.T) {
	torchtest.Native(t)
	dir := t.TempDir()
	thesis := filepath.Join(dir, "thesis.tex")
	require.NoError(t, os.WriteFile(thesis, nil, 0o666))
	require.Equal(t, "--new moves runs aside, and nothing else: "+dir+" is not a run folder: it has no config.json",
		fails(t, 1, tiny(pictures(t, 40), dir, "--new")...))
	require.FileExists(t, thesis)
}

func TestFastTriesEveryPhaseAndLeavesNothing(t *testing.T) {
	torchtest.Native(t)
	t.Setenv("TMPDIR", t.TempDir())
	dir := filepath.Join(t.TempDir(), "run")
	out := works(t, tiny(pictures(t, 40), dir, "--fast", "--ema", "0.9", "--amp", "bf16", "--accumulate", "2")...)
	for _, phase := range []string{"train two batches", "train one, save", "resume, train another", "compare", "sample"} {
		require.Regexp(t, `(?m)^ok  `+phase+` +\d+\.\d\d s$`, out)
	}
	require.NoDirExists(t, dir)
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestADryRunShowsSettingsNetworksAndMemory(t *testing.T) {
	torchtest.Native(t)
	t.Setenv("TMPDIR", t.TempDir())
	dir := filepath.Join(t.TempDir(), "run")
	args := tiny(pictures(t, 40), dir, "--dry-run", "--ema", "0.9")
	out := works(t, args...)
	require.Regexp(t, `(?m)^ \* size +16 +default 64$`, out)
	require.Regexp(t, `(?m)^   loss +non-saturating *$`, out)
	require.Regexp(t, `(?m)^ \* ema +0\.9 +default as the system$`, out)
	require.Regexp(t, `(?m)^   keep +3 *$`, out)
	require.Contains(t, out, "2×1×16×16")
	require.Regexp(t, `(?m)^  peak of a step +\d+\.\d MiB$`, out)
	require.NoDirExists(t, dir)

	var r dryReport
	require.NoError(t, json.Unmarshal([]byte(works(t, append(args, "--json")...)), &r))
	require.Equal(t, r.Memory.Of(8), r.Peak)
	require.Positive(t, r.Networks["D"].Parameters)
}

func TestWrongOptionsOfUpdatesAreOneSentence(t *testing.T) {
	torchtest.Native(t)
	data, dir := pictures(t, 40), filepath.Join(t.TempDir(), "run")
	for _, test := range []struct {
		want string
		args []string
	}{
		{"train: --amp fp8 is neither bf16 nor fp16", []string{"--amp", "fp8"}},
		{"train: --accumulate 9 is not between 1 and the batch of 8", []string{"--accumulate", "9"}},
		{"train: --clip must not be negative", []string{"--clip", "-1"}},
		{"train: --ema 2 is no decay between 0 and 1 as in 0.999 or 0.999:constant, no half-life as in 10000img, and not off", []string{"--ema", "2"}},
	} {
		require.Equal(t, test.want, fails(t, 1, tiny(data, dir, test.args...)...))
	}
}
