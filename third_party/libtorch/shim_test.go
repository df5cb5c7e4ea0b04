package libtorch

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/native"
)

const testStamp = "0123456789abcdef0123456789abcdef"

// fakeShim puts a file and its description at path.
func fakeShim(t *testing.T, path string, s sidecar) {
	t.Helper()
	writeFiles(t, filepath.Dir(path), map[string]string{filepath.Base(path): "shim"})
	require.NoError(t, writeSidecar(path, s))
}

func TestFindShimTakesTheCachedShimWithTheStamp(t *testing.T) {
	cache := isolate(t)
	root := fakeLibtorch(t, t.TempDir(), Version)
	path := cachedShim(cache, testStamp)
	fakeShim(t, path, sidecar{root, Version, testStamp})
	shim, tried, err := FindShim(testStamp)
	require.NoError(t, err)
	require.Equal(t, Shim{Path: path, Libtorch: root, Stamp: testStamp}, shim)
	require.Equal(t, Tried{"FORGER_SHIM", "not set"}, tried[0])
	require.Equal(t, filepath.Join(cache, "shim", "0123456789abcdef-2.11.0", libName("forger")), path)
}

func TestFindShimTakesFORGER_SHIMAndNothingElse(t *testing.T) {
	cache := isolate(t)
	root := fakeLibtorch(t, t.TempDir(), Version)
	fakeShim(t, cachedShim(cache, testStamp), sidecar{root, Version, testStamp})
	mine := filepath.Join(t.TempDir(), libName("forger"))
	t.Setenv("FORGER_SHIM", mine)
	_, _, err := FindShim(testStamp)
	require.ErrorContains(t, err, mine+": no such file")
	fakeShim(t, mine, sidecar{root, Version, testStamp})
	shim, _, err := FindShim(testStamp)
	require.NoError(t, err)
	require.Equal(t, mine, shim.Path)
}

func TestFindShimFollowsLIBTORCHWithoutHeaders(t *testing.T) {
	cache := isolate(t)
	fakeShim(t, cachedShim(cache, testStamp), sidecar{"/nowhere/torch", Version, testStamp})
	root := fakeLibtorch(t, t.TempDir(), Version)
	require.NoError(t, os.RemoveAll(filepath.Join(root, "include")))
	t.Setenv("LIBTORCH", root)
	shim, _, err := FindShim(testStamp)
	require.NoError(t, err)
	require.Equal(t, root, shim.Libtorch)

	require.NoError(t, os.Remove(Install{Root: root}.Lib("c10")))
	_, _, err = FindShim(testStamp)
	require.ErrorContains(t, err, "LIBTORCH="+root+" cannot be used: it has no lib/"+libName("c10"))
}

func TestFindShimSaysWhyEachPlaceFailed(t *testing.T) {
	cache := isolate(t)
	root := fakeLibtorch(t, t.TempDir(), Version)
	path := cachedShim(cache, testStamp)
	for name, c := range map[string]struct {
		s    sidecar
		want string
	}{
		"stamp":   {sidecar{root, Version, "fedcba9876543210ff"}, "it was built from other sources (fedcba9876543210)"},
		"version": {sidecar{root, "2.10.0", testStamp}, "it was built for LibTorch 2.10.0"},
		"gone":    {sidecar{"/nowhere/torch", Version, testStamp}, "its LibTorch in /nowhere/torch cannot be used: no such folder"},
	} {
		t.Run(name, func(t *testing.T) {
			fakeShim(t, path, c.s)
			_, tried, err := FindShim(testStamp)
			require.Equal(t, Tried{path, c.want}, tried[len(tried)-1])
			require.ErrorContains(t, err, "the C++ shim of this program (sources 0123456789abcdef, LibTorch 2.11.0) was not found (FORGER_SHIM: not set; ")
			require.ErrorContains(t, err, "; "+path+": "+c.want)
			require.Truef(t, strings.HasSuffix(err.Error(), "): run `forger setup`, or scripts/setup.sh in Forger's repository"), "%v", err)
		})
	}
	require.NoError(t, os.Remove(sidecarOf(path)))
	_, _, err := FindShim(testStamp)
	require.ErrorContains(t, err, path+": it has no libforger.json beside it")
}

// buildable makes a LibTorch that links, with the machine's own compiler.
func buildable(t *testing.T) Install {
	t.Helper()
	path := os.Getenv("PATH")
	isolate(t)
	t.Setenv("PATH", path)
	for _, tool := range []string{"cmake", "ninja", "c++"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not on PATH; apt-get install cmake ninja-build g++", tool)
		}
	}
	inst := Install{Root: fakeLibtorch(t, t.TempDir(), Version), Version: Version, Source: "LIBTORCH"}
	for _, lib := range []string{"c10", "torch_cpu"} {
		out, err := exec.Command("c++", "-shared", "-o", inst.Lib(lib), "-x", "c++", os.DevNull).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	return inst
}

// oneFile is the real CMakeLists.txt with one source and the header that it compiles first.
func oneFile(t *testing.T, text string) fstest.MapFS {
	t.Helper()
	lists, err := os.ReadFile("../../torch/native/src/CMakeLists.txt")
	require.NoError(t, err)
	return fstest.MapFS{"CMakeLists.txt": {Data: lists}, "frame.h": {}, "probe.cc": {Data: []byte(text)}}
}

func TestBuildShimBuildsOnceAndFollowsLibtorch(t *testing.T) {
	inst := buildable(t)
	var lines []string
	log := func(format string, a ...any) { lines = append(lines, format) }
	sources := oneFile(t, "#include <ATen/ATen.h>\nextern \"C\" int forger_probe() noexcept { return 1; }\n")
	shim, err := BuildShim(t.Context(), inst, sources, testStamp, log)
	require.NoError(t, err)
	require.Len(t, lines, 2)
	found, _, err := FindShim(testStamp)
	require.NoError(t, err)
	require.Equal(t, shim, found)

	moved := inst
	moved.Root = filepath.Join(t.TempDir(), "torch")
	require.NoError(t, os.Rename(inst.Root, moved.Root))
	for range 2 {
		shim, err = BuildShim(t.Context(), moved, sources, testStamp, log)
		require.NoError(t, err)
		require.Equal(t, moved.Root, shim.Libtorch)
	}
	require.Len(t, lines, 2)
}

func TestBuildShimShowsTheCompilersErrorAndLeavesNothing(t *testing.T) {
	inst := buildable(t)
	_, err := BuildShim(t.Context(), inst, oneFile(t, "#error the sky fell\n"), testStamp, nil)
	require.ErrorContains(t, err, "build the C++ shim: ninja: exit status 1\n")
	require.ErrorContains(t, err, "the sky fell")
	cache, err := CacheDir()
	require.NoError(t, err)
	require.NoDirExists(t, filepath.Join(cache, "work"))
	require.NoDirExists(t, filepath.Join(cache, "shim"))
}

func TestBuildShimWithoutACompilerIsOneSentence(t *testing.T) {
	isolate(t)
	t.Setenv("CXX", "")
	_, err := BuildShim(t.Context(), Install{}, fstest.MapFS{}, testStamp, nil)
	require.EqualError(t, err, "build the C++ shim: no C++ compiler on PATH; install g++ 11 or newer (Debian, Ubuntu: apt-get install g++; macOS: xcode-select --install)")
}

func TestTheDevelopersBuildCarriesTheStampOfThePackage(t *testing.T) {
	inst := buildable(t)
	build := t.TempDir()
	out, err := exec.Command("cmake", "-S", "../..", "-B", build, "-G", "Ninja", "-DLIBTORCH="+inst.Root).CombinedOutput()
	require.NoError(t, err, string(out))
	text, err := os.ReadFile(filepath.Join(build, "torch/native/src/libforger.json"))
	require.NoError(t, err)
	var s sidecar
	require.NoError(t, json.Unmarshal(text, &s))
	require.Equal(t, sidecar{inst.Root, Version, native.Stamp()}, s)
}
