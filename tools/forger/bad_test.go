package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/torchtest"
)

// Files that were written by Python.
const (
	kit     = "../../testdata/parity-core/files/"
	golden  = kit + "st_dtypes/file.safetensors"
	hostile = kit + "hostile_pth/os_system.pth"
)

func TestBadInputIsOneSentenceThatNamesTheThing(t *testing.T) {
	torchtest.Native(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		return path
	}
	run, data := newRun(t), pictures(t, 40)
	text := write("text.safetensors", "hello")
	empty := filepath.Join(dir, "empty")
	require.NoError(t, os.Mkdir(empty, 0o777))
	idx := filepath.Dir(write("idx/train-images-idx3-ubyte", "\x00\x00\x08\x03\x00\x00\x00\x64\x00\x00\x00\x1c\x00\x00\x00\x1cxxx"))
	broken := pictures(t, 40)
	require.NoError(t, os.Truncate(filepath.Join(broken, "007.png"), 60))
	out := filepath.Join(dir, "out")

	for _, c := range []struct {
		want string
		args []string
	}{
		{"data nowhere: there is no such set and no such folder; known sets are carphone, earth, emoji64, fashion-mnist, land, mnist, mr, openmoji, photos, stamps, vtest", tiny("nowhere", out)},
		{"data " + empty + ": the folder holds no PNG, JPEG, WebP or BMP picture", tiny(empty, out)},
		{"data " + idx + ": " + idx + "/train-images-idx3-ubyte is cut off: 3 of 78400 bytes of an IDX array of [100 28 28]", tiny(idx, out)},
		{"data " + data + ": a batch of 41 is larger than the set of 40 items: take a batch of at most 40", tiny(data, out, "--batch", "41")},
		{"dcgan: --size 250 is not 16, 32, 64 or 128", tiny(data, out, "--size", "250")},
		{"dcgan: --channels 2 is neither 1 nor 3", tiny(data, out, "--channels", "2")},
		{`device "tpu" is unknown: use auto, cpu, cuda or cuda:N`, tiny(data, out, "--device", "tpu")},
		{run + " has made 10 steps already, more than --steps 4", []string{"resume", run, "--steps", "4"}},
		{empty + " is not a run folder: it has no config.json", []string{"resume", empty}},
		{"nowhere is not a run folder: it has no config.json", []string{"resume", "nowhere"}},
		{data + " holds 000.png and no config.json, so it is no run folder: choose a new or empty one with --out", tiny(data, data)},
		{text + " is a file, not a folder: choose another one with --out", tiny(data, text)},
		{"there is no nowhere", []string{"sample", "nowhere", "--out", out}},
		{empty + " has no checkpoint yet: it needs " + empty + "/checkpoints/latest.safetensors", []string{"sample", empty, "--out", out}},
		{text + ": not a safetensors file: it has 5 bytes, fewer than the length field needs", []string{"sample", text, "--out", out}},
		{golden + " is not a checkpoint of a run: it holds tensors only", []string{"sample", golden, "--out", out}},
		{text + ": not a safetensors file: it has 5 bytes, fewer than the length field needs", []string{"inspect", text}},
		{"there is no nowhere", []string{"inspect", "nowhere"}},
		{hostile + ": the pickle asks for the global posix.system, which a tensor file does not need", []string{"inspect", hostile}},
		{"data nowhere: there is no such folder or shard", []string{"data", "check", "nowhere"}},
		{"data " + empty + ": the folder holds no IDX set and no PNG, JPEG, WebP or BMP picture", []string{"data", "check", empty}},
		{`there is no data set "nowhere"; known are carphone, earth, emoji64, fashion-mnist, land, mnist, mr, openmoji, photos, stamps, vtest`, []string{"data", "get", "nowhere"}},
	} {
		require.Equal(t, c.want, fails(t, 1, c.args...))
		require.NoDirExists(t, out)
	}

	message := fails(t, 1, tiny(broken, out)...)
	require.Contains(t, message, "data "+broken+": item 7: picture "+broken+"/007.png is a damaged PNG file")
	require.Contains(t, message, "; saved after step 1: mend the data, then go on with: forger resume "+out)
	require.Contains(t, fails(t, 1, tiny(data, filepath.Join(dir, "diverges"), "--lr", "1e38")...), "holds numbers that are not finite")
	require.Contains(t, fails(t, 1, tiny(data, out+"2", "--latent", "4000000000")...), "out of memory")

	checkpoint := filepath.Join(run, "checkpoints", "latest.safetensors")
	require.NoError(t, os.Truncate(checkpoint, 3000))
	require.Contains(t, fails(t, 1, "resume", run), checkpoint+": the file is cut off")
	require.Contains(t, fails(t, 1, "resume", run), "; to go on from the checkpoint before: ln -f "+run+"/checkpoints/000008.safetensors "+checkpoint)
	require.Contains(t, fails(t, 1, "sample", run), checkpoint+": the file is cut off")
}

func TestAnotherSettingSaysHowToGoOn(t *testing.T) {
	torchtest.Native(t)
	data, run := pictures(t, 40), filepath.Join(t.TempDir(), "run")
	works(t, tiny(data, run)...)
	before := content(t, run)
	code, out, errOut := forger(t, tiny(data, run, "--width", "8")...)
	require.Equal(t, 1, code)
	require.Empty(t, out)
	require.Equal(t, "forger: cannot resume "+run+": it was trained with --width 4, now with --width 8\n"+
		"  go on as it was:  forger resume "+run+"\n  start afresh:     --new, or another folder with --out\n", errOut)
	require.Equal(t, before, content(t, run))
}

func TestCheckListsBrokenFilesAndEndsWith1(t *testing.T) {
	dir := pictures(t, 5)
	require.NoError(t, os.Truncate(filepath.Join(dir, "003.png"), 60))
	code, out, errOut := forger(t, "data", "check", dir)
	require.Equal(t, 1, code)
	require.Contains(t, out, "4 items, 4 of 18×18")
	require.Contains(t, out, "broken: picture "+dir+"/003.png is a damaged PNG file")
	require.Equal(t, "forger: "+dir+": some files cannot be used: 1\n", errOut)
	r := object(t, 1, "data", "check", dir)
	require.Equal(t, dir+"/003.png", r["broken"].([]any)[0].(map[string]any)["path"])
}

// absent is a place without LibTorch.
var absent = []string{"FORGER_SHIM=/nonexistent/libforger.so", "LIBTORCH="}

func TestWithoutLibTorchOneSentenceNamesTheCommandThatHelps(t *testing.T) {
	data, run := pictures(t, 40), filepath.Join(t.TempDir(), "run")
	for _, args := range [][]string{tiny(data, run), {"bench", "dcgan"}} {
		code, out, errOut := process(t, absent, args...)
		message := oneSentence(t, 1, code, out, errOut)
		require.Contains(t, message, "FORGER_SHIM=/nonexistent/libforger.so: no such file): run `forger setup`")
	}
	require.NoDirExists(t, run)

	code, out, errOut := process(t, absent, "doctor")
	require.Equal(t, 1, code)
	require.Empty(t, errOut)
	require.Contains(t, out, "run `forger setup`")

	old := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(old, "version.py"), []byte("__version__ = '2.6.0+cpu'\n"), 0o666))
	code, out, errOut = process(t, []string{"LIBTORCH=" + old}, "train", "dcgan", "--data", data, "--out", run)
	require.Contains(t, oneSentence(t, 1, code, out, errOut), "it is LibTorch 2.6.0+cpu, and Forger needs 2.11.0")
}

func TestWhatNeedsNoLibTorchWorksWithoutIt(t *testing.T) {
	for _, args := range [][]string{{"list"}, {"data", "list"}, {"data", "check", pictures(t, 3)}, {"--help"}, {"train", "dcgan", "--help"}} {
		code, _, errOut := process(t, absent, args...)
		require.Zero(t, code, errOut)
	}
	var contents []string
	for _, path := range []string{"state_dict/net.pth", "state_dict/outputs.safetensors"} {
		code, out, errOut := process(t, absent, "inspect", kit+path)
		require.Zero(t, code, errOut)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		require.Regexp(t, `^content sha256:[0-9a-f]{64}$`, lines[len(lines)-1])
		contents = append(contents, lines[len(lines)-1])
	}
	require.Equal(t, contents[1], contents[0], "one state has one content in every format")
}
