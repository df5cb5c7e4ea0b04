package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/torchtest"
)

func TestFlagsMayStandAnywhere(t *testing.T) {
	torchtest.Native(t)
	run := newRun(t)
	for _, args := range [][]string{
		{"sample", run, "--n", "4", "--out"},
		{"sample", "--n=4", run, "-threads", "1", "--out"},
		{"--debug", "sample", "--n", "4", "--seed", "-7", run, "--out"},
		{"sample", run, "--debug", "-n", "4", "--out"},
	} {
		out := filepath.Join(t.TempDir(), "pictures")
		require.Equal(t, "4 pictures in "+out+", all of them in "+filepath.Join(out, "grid.png")+"\n", works(t, append(args, out)...))
		files, err := os.ReadDir(out)
		require.NoError(t, err)
		require.Len(t, files, 5)
	}
}

func TestAWrongCommandLineIsOneSentenceAndCode2(t *testing.T) {
	known := strings.Join(systemNames(), ", ")
	require.Contains(t, known, "dcgan, lsgan, ")
	for _, c := range []struct {
		want string
		args []string
	}{
		{`there is no command "paint"; forger --help lists them`, []string{"paint"}},
		{`there is no command data "paint"; see forger data --help`, []string{"data", "paint"}},
		{`there is no flag --paint; see forger --help`, []string{"--paint"}},
		{`there is no flag --paint; see forger sample --help`, []string{"sample", "x", "--paint"}},
		{`there is no flag --paint; see forger train dcgan --help`, []string{"train", "dcgan", "--paint", "red"}},
		{`there is no flag --paint; see forger data check --help`, []string{"data", "check", "--paint"}},
		{`--n lacks its value; see forger sample --help`, []string{"sample", "run", "--n"}},
		{`--n takes a whole number, not "x"; see forger sample --help`, []string{"sample", "--n", "x", "run"}},
		{`sample takes one run folder or checkpoint, not 2; see forger sample --help`, []string{"sample", "a", "b"}},
		{`resume takes one run folder, not 0; see forger resume --help`, []string{"resume"}},
		{`inspect takes one file, not 0; see forger inspect --help`, []string{"inspect"}},
		{`get takes the names of data sets: carphone, earth, emoji64, fashion-mnist, land, mnist, mr, openmoji, photos, stamps, vtest`, []string{"data", "get"}},
		{"train takes a system: " + known, []string{"train"}},
		{`there is no system "nogan", only ` + known, []string{"train", "nogan", "--data", "mnist"}},
		{`there is no system "nogan", only ` + known, []string{"bench", "nogan"}},
		{`train dcgan takes flags only, not "mnist"`, []string{"train", "dcgan", "mnist"}},
		{`dcgan has no preset "big", only digits, paper`, []string{"train", "dcgan", "--preset", "big"}},
		{`--steps must be at least 1, not 0`, []string{"train", "dcgan", "--steps", "0"}},
		{`--batch must be at least 1, not -3`, []string{"train", "dcgan", "--batch", "-3"}},
		{`--threads must be at least 0, not -1`, []string{"train", "dcgan", "--threads", "-1"}},
		{`--size takes a whole number, not "large"`, []string{"train", "dcgan", "--size", "large"}},
		{`--lr takes a number, not "nan"`, []string{"train", "dcgan", "--lr", "nan"}},
		{`--lr cannot be "0", which stands for its default 0.0002`, []string{"train", "dcgan", "--lr", "0"}},
		{`--loss takes non-saturating or minimax, not "hinge"`, []string{"train", "dcgan", "--loss", "hinge"}},
		{`--n and --batch must be at least 1, not 0 and 64`, []string{"sample", "run", "--n", "0"}},
	} {
		require.Equal(t, c.want, fails(t, 2, c.args...))
	}
}

func TestHelpShowsFlagsInOrderWithDefaultsAndPresets(t *testing.T) {
	help := works(t, "train", "dcgan", "--help")
	require.Regexp(t, `(?s)PRESETS:.*digits  size 32, channels 1, width 32; taken for fashion-mnist and mnist.*paper   the defaults.*`+
		`OPTIONS:.*--data .*--out .*--preset .*--steps .*default: 3000.*--batch .*--seed .*--device .*--every .*--json.*`+
		`SETTINGS OF DCGAN:.*--size .*default: 64.*--channels .*--lr .*default: 0.0002.*--bn-eval`, help)
	for _, args := range [][]string{{}, {"--help"}, {"data"}, {"data", "check", "--help"}, {"sample", "--help"}, {"resume", "-h"}, {"bench", "dcgan", "--help"}} {
		help := works(t, args...)
		require.Contains(t, help, "USAGE:")
		require.NotContains(t, help, "help, h ", "a command that only repeats --help")
	}
	require.Contains(t, works(t, "list"), "presets digits, paper; all settings: forger train dcgan --help")
	require.Contains(t, works(t, "data", "list"), "fashion-mnist\n  60,000 + 10,000 grey pictures of clothes")
}

// A setting with the name of a flag of every training would end the program.
func TestEverySystemShowsItsHelp(t *testing.T) {
	for _, name := range systemNames() {
		require.Contains(t, works(t, "train", name, "--help"), "SETTINGS OF "+strings.ToUpper(name))
	}
}

func TestARunIsResumedFromAnyFolder(t *testing.T) {
	torchtest.Native(t)
	t.Chdir(t.TempDir())
	require.NoError(t, os.Rename(pictures(t, 40), "faces"))
	works(t, tiny("faces", "")...) // runs/dcgan-faces
	run, err := filepath.Abs("runs/dcgan-faces")
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	works(t, "resume", run, "--steps", "11")
}

func TestAConfigThatDoesNotFitIsNamed(t *testing.T) {
	torchtest.Native(t)
	run := newRun(t)
	config := filepath.Join(run, "config.json")
	text, err := os.ReadFile(config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(config, bytes.Replace(text, []byte(`"width"`), []byte(`"girth"`), 1), 0o666))
	require.Equal(t, config+`: there is no setting "girth"`, fails(t, 1, "resume", run))
	require.NoError(t, os.WriteFile(config, text[:50], 0o666))
	require.Equal(t, config+" is damaged: unexpected end of JSON input", fails(t, 1, "resume", run))
}

func TestACommandWithSubcommandsStillTakesFlagsAfterItsArgument(t *testing.T) {
	torchtest.Native(t)
	require.Contains(t, works(t, "bench", "dcgan", "--preset", "digits", "--batch", "2", "--steps", "1", "--warmup", "0"), "dcgan batch 2 on ")
	require.Contains(t, works(t, "bench", "micro", "add4", "--samples", "1"), "add4 ")
}
