package libtorch

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFindTakesLIBTORCHFirst(t *testing.T) {
	isolate(t)
	root := fakeLibtorch(t, t.TempDir(), Version+"+cpu")
	t.Setenv("LIBTORCH", root)
	inst, tried, err := Find(t.Context())
	require.NoError(t, err)
	require.Empty(t, tried)
	require.Equal(t, Install{Root: root, Version: Version + "+cpu", Source: "LIBTORCH"}, inst)
}

func TestFindReadsTheVersionOfALibtorchArchive(t *testing.T) {
	isolate(t)
	root := fakeLibtorch(t, t.TempDir(), Version)
	require.NoError(t, os.Remove(filepath.Join(root, "version.py")))
	writeFiles(t, root, map[string]string{"build-version": Version + "+cpu\n"})
	t.Setenv("LIBTORCH", root)
	inst, _, err := Find(t.Context())
	require.NoError(t, err)
	require.Equal(t, Version+"+cpu", inst.Version)
}

func TestAWrongLIBTORCHIsAnErrorThatNamesTheFault(t *testing.T) {
	isolate(t)
	for name, c := range map[string]struct {
		spoil func(root string)
		want  string
	}{
		"no folder":     {func(root string) { os.RemoveAll(root) }, "no such folder"},
		"not LibTorch":  {func(root string) { os.Remove(root + "/version.py") }, "it has neither version.py nor build-version"},
		"no library":    {func(root string) { os.Remove(root + "/lib/" + libName("torch_cpu")) }, "it has no lib/" + libName("torch_cpu")},
		"no headers":    {func(root string) { os.RemoveAll(root + "/include") }, "it has no include/ATen/ATen.h"},
		"other version": {func(root string) { os.WriteFile(root+"/version.py", []byte("__version__ = '2.5.1+cpu'\n"), 0o644) }, "it is LibTorch 2.5.1+cpu, and Forger needs 2.11.0"},
	} {
		t.Run(name, func(t *testing.T) {
			root := fakeLibtorch(t, t.TempDir(), Version)
			c.spoil(root)
			t.Setenv("LIBTORCH", root)
			_, tried, err := Find(t.Context())
			require.ErrorContains(t, err, "LIBTORCH="+root+" cannot be used: "+c.want)
			require.ErrorContains(t, err, "unset it and run `forger setup`")
			require.Len(t, tried, 1)
		})
	}
}

func TestFindFallsBackToPythonAndRefusesOtherVersionsByName(t *testing.T) {
	cache := isolate(t)
	site := t.TempDir()
	root := fakeLibtorch(t, site, Version+"+cu130")
	fakePython(t, "echo "+root+"/__init__.py\n")
	inst, tried, err := Find(t.Context())
	require.NoError(t, err)
	require.Equal(t, Install{Root: root, Version: Version + "+cu130", Source: "python"}, inst)
	require.Equal(t, []Tried{{"LIBTORCH", "not set"}, {filepath.Join(cache, "libtorch-2.11.0", "torch"), "no such folder"}}, tried)

	fakeLibtorch(t, site, "2.6.0+cpu")
	_, tried, err = Find(t.Context())
	require.Error(t, err)
	require.Equal(t, Tried{root, "it is LibTorch 2.6.0+cpu, and Forger needs 2.11.0"}, tried[2])
}

func TestFindReportsEveryPlaceAndTheCommandThatHelps(t *testing.T) {
	cache := isolate(t)
	_, _, err := Find(t.Context())
	require.EqualError(t, err, "LibTorch 2.11.0 was not found (LIBTORCH: not set; "+
		cache+"/libtorch-2.11.0/torch: no such folder; python3: not on PATH): "+
		"run `forger setup`, or scripts/setup.sh in Forger's repository")
}

func TestDownloadAsksPipForTheOnePinnedFile(t *testing.T) {
	isolate(t)
	fakePython(t, `echo "$@" > "$ARGS"; while [ "$1" != --dest ]; do shift; done; : > "$2/torch-x.whl"`+"\n")
	args := filepath.Join(t.TempDir(), "args")
	t.Setenv("ARGS", args)
	dir := t.TempDir()
	file, err := download(t.Context(), pinned["linux/amd64"][0], dir, orSilent(nil))
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "torch-x.whl"), file)
	text, err := os.ReadFile(args)
	require.NoError(t, err)
	require.Contains(t, string(text), "-m pip --disable-pip-version-check --no-input download --no-deps --no-cache-dir --only-binary=:all: "+
		"--implementation cp --python-version 3.11 --abi cp311 --platform manylinux_2_28_x86_64 --dest "+dir+" torch==2.11.0")
}

func TestDownloadWithoutPythonSaysHowToGetIt(t *testing.T) {
	isolate(t)
	_, err := download(t.Context(), pinned["linux/amd64"][0], t.TempDir(), orSilent(nil))
	require.ErrorContains(t, err, "download torch 2.11.0: python3 is not on PATH")
	require.ErrorContains(t, err, "apt-get install python3-pip")
}

func TestPipsManyLinesBecomeOneSentence(t *testing.T) {
	for output, want := range map[string]string{
		"/usr/bin/python3: No module named pip\n":                                                           "python3 has no pip; install it",
		"WARNING: Retrying … NewConnectionError('…: Name or service not known')\nERROR: No matching …\n":    "no connection to the package index",
		"WARNING: Retrying … SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]') Max retries exceeded\n":        "PIP_CERT",
		"Looking in links\nERROR: Could not find a version that satisfies the requirement x (from: none)\n": "pip says: Could not find a version that satisfies the requirement x (from: none)",
		"nothing of use": "pip failed: exit status 1",
	} {
		require.ErrorContains(t, pipError(output, errors.New("exit status 1")), want)
	}
}
