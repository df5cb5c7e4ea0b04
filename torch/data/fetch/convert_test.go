package fetch

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/vision"
)

// archive packs files as npm or PyPI would.
func archive(t *testing.T, kind string, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	if kind == "npm" {
		z := gzip.NewWriter(&b)
		w := tar.NewWriter(z)
		for _, name := range slices.Sorted(maps.Keys(files)) {
			require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name])), Typeflag: tar.TypeReg}))
			_, err := w.Write([]byte(files[name]))
			require.NoError(t, err)
		}
		require.NoError(t, w.Close())
		require.NoError(t, z.Close())
		return b.Bytes()
	}
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.Create(name)
		require.NoError(t, err)
		_, err = f.Write([]byte(files[name]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// toyPackages makes two clients that hand out these packages, and the set "toy" made of them.
func toyPackages(t *testing.T, inNPM map[string]string) (cache string) {
	t.Helper()
	dir := t.TempDir()
	pack := func(kind, name, file string, files map[string]string) Package {
		text := archive(t, kind, files)
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), text, 0o644))
		sum := sha256.Sum256(text)
		return Package{Kind: kind, Name: name, Version: "1", Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:]), Licence: "MIT, " + name}
	}
	a := pack("npm", "@me/a", "a.tgz", inNPM)
	a.licenceFile = "LICENSE"
	b := pack("PyPI", "b", "b.whl", map[string]string{"b/two.txt": "two"})
	client(t, map[string]string{
		"npm": fmt.Sprintf("/bin/cp %s/a.tgz me-a-1.tgz", dir),
		"pip": fmt.Sprintf("/bin/cp %s/b.whl b-1-py3-none-any.whl", dir),
	})
	cache = t.TempDir()
	t.Setenv("FORGER_CACHE", cache)
	old := sets
	t.Cleanup(func() { sets = old })
	sets = []Set{{Name: "toy", Version: "1", Packages: []Package{a, b}, convert: func(ctx context.Context, st *stage) error {
		from := []string{st.source("@me/a", "one.txt"), st.source("b", "b/two.txt")}
		return st.each(ctx, "files", len(from), func(i int) error {
			text, err := os.ReadFile(from[i])
			if err != nil {
				return err
			}
			return st.write(fmt.Sprintf("train/%d.txt", i), text)
		})
	}}}
	return cache
}

var packed = map[string]string{"package/one.txt": "one", "package/LICENSE": "do as you like"}

func TestSetOfPackagesIsConvertedOnceAndVerified(t *testing.T) {
	toyPackages(t, packed)
	var lines []string
	dir, err := Get(context.Background(), "toy", func(s string) { lines = append(lines, s) })
	require.NoError(t, err)
	require.Len(t, lines, 3, "%v", lines)
	two, err := os.ReadFile(filepath.Join(dir, "train", "1.txt"))
	require.NoError(t, err)
	require.Equal(t, "two", string(two))
	licences, err := os.ReadFile(filepath.Join(dir, licencesName))
	require.NoError(t, err)
	require.Contains(t, string(licences), "MIT, @me/a\n  text: LICENCE-a.txt")
	m, err := readManifest(dir)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"train": 2}, m.Counts)

	t.Setenv("PATH", "") // no client is asked again
	_, err = Get(context.Background(), "toy", nil)
	require.NoError(t, err)
	require.NoError(t, Verify(sets[0], dir))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "train", "0.txt"), []byte("onf"), 0o644))
	require.ErrorContains(t, Verify(sets[0], dir), "verify toy: failed checksum: train/0.txt; delete ")

	sets[0].Version = "2" // a new conversion makes the old one stale
	_, err = Get(context.Background(), "toy", nil)
	require.ErrorContains(t, err, "npm is needed for the npm package @me/a 1 and is not in PATH")
	require.ErrorContains(t, Verify(sets[0], dir), "another version")
}

func TestFailedConversionLeavesNothing(t *testing.T) {
	for problem, files := range map[string]map[string]string{
		"one.txt: no such file":                {"package/LICENSE": "x"},
		"the licence of the npm package @me/a": {"package/one.txt": "one"},
		"a file outside its folder: ../x":      {"../x": "x"},
	} {
		cache := toyPackages(t, files)
		_, err := Get(context.Background(), "toy", nil)
		require.ErrorContains(t, err, problem)
		left, err := os.ReadDir(filepath.Join(cache, "data"))
		require.NoError(t, err)
		require.Len(t, left, 1, "only the lock: %v", left)
	}
	toyPackages(t, packed)
	sets[0].Packages[1].SHA256 = sets[0].Packages[0].SHA256
	_, err := Get(context.Background(), "toy", nil)
	require.ErrorContains(t, err, "failed checksum: b-1-py3-none-any.whl")
}

func TestClientsSayWhatIsWrong(t *testing.T) {
	p := Package{Kind: "npm", Name: "a", Version: "9"}
	client(t, map[string]string{"npm": `echo '{"error":{"summary":"No matching version found"}}'; exit 1`})
	_, err := p.fetch(context.Background(), t.TempDir(), nil)
	require.EqualError(t, err, "npm pack failed, check the network and try again: No matching version found")
	p.Kind = "PyPI"
	_, err = p.fetch(context.Background(), t.TempDir(), nil)
	require.EqualError(t, err, "pip is needed for the PyPI package a 9 and is not in PATH: install Python with pip")
	client(t, map[string]string{"pip3": `echo 'ERROR: No matching distribution' >&2; exit 1`})
	_, err = p.fetch(context.Background(), t.TempDir(), nil)
	require.EqualError(t, err, "pip download failed, check the network and try again: ERROR: No matching distribution")
}

func TestConversionEndsWithItsContext(t *testing.T) {
	st := &stage{log: func(string) {}}
	ctx, cancel := context.WithCancel(context.Background())
	err := st.each(ctx, "", 1<<30, func(int) error { cancel(); return nil })
	require.ErrorIs(t, err, context.Canceled)
}

// fakeStage is a stage whose packages hold these files, and the folder that it fills.
func fakeStage(t *testing.T, files map[string]map[string][]byte) *stage {
	t.Helper()
	st := &stage{dir: t.TempDir(), packages: map[string]string{}, log: func(string) {}, sums: map[string]string{}}
	for pkg, content := range files {
		st.packages[pkg] = t.TempDir()
		for name, text := range content {
			path := filepath.Join(st.packages[pkg], name)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
			require.NoError(t, os.WriteFile(path, text, 0o644))
		}
	}
	return st
}

// flat encodes a picture of one colour.
func flat(t *testing.T, h, w int, pixel ...uint8) []byte {
	t.Helper()
	im := vision.NewImage(h, w, len(pixel))
	for i := range im.Pix {
		im.Pix[i] = pixel[i%len(pixel)]
	}
	var b bytes.Buffer
	require.NoError(t, vision.EncodePNG(&b, im))
	return b.Bytes()
}

const redSquare = `<svg viewBox="0 0 72 72" xmlns="http://www.w3.org/2000/svg"><rect width="36" height="72" fill="#f00"/></svg>`

func TestEmojiOfAllStylesLieOnWhiteInTheSplitOfTheirFirstCodePoint(t *testing.T) {
	clear64 := flat(t, 64, 64, 9, 9, 9, 0)
	entries := `[{"name":"A","image":"2640-fe0f.png","category":"Symbols","subcategory":"gender"},
		{"name":"B","image":"1f600.png","category":"Smileys & Emotion","subcategory":"face"}]`
	st := fakeStage(t, map[string]map[string][]byte{
		"emoji-datasource-google": {
			"emoji.json": []byte(entries), "img/google/64/2640-fe0f.png": clear64, "img/google/64/1f600.png": clear64,
		},
		"emoji-datasource-twitter": {"img/twitter/64/2640-fe0f.png": clear64}, // has no 1f600
		"@lobehub/fluent-emoji-3d": {"assets/2640-fe0f.webp": flat(t, 256, 256, 0, 0, 255, 255), "assets/1f600.webp": clear64},
		"openmoji":                 {"color/svg/2640.svg": []byte(redSquare), "color/svg/1F600.svg": []byte(redSquare)},
		"emojibase-data":           {"en/data.json": []byte(`[{"label":"female sign","hexcode":"2640","tags":["woman"]}]`)},
	})
	require.NoError(t, convertEmoji(context.Background(), st))
	split := splitOf("2640")
	for style, want := range map[string][]uint8{"noto": {255, 255, 255}, "twemoji": {255, 255, 255}, "fluent": {0, 0, 255}, "openmoji": {255, 0, 0}} {
		im, err := vision.Decode(filepath.Join(st.dir, style, split, "2640-fe0f.png"), vision.Native)
		require.NoError(t, err)
		require.Equal(t, []int{64, 64, 3}, []int{im.H, im.W, im.C})
		require.Equal(t, want, im.Pix[:3], style)
	}
	text, err := os.ReadFile(filepath.Join(st.dir, "index.json"))
	require.NoError(t, err)
	var index []Emoji
	require.NoError(t, json.Unmarshal(text, &index))
	require.Equal(t, []Emoji{{"2640-fe0f", "female sign", "Symbols", "gender", []string{"woman"}, split}}, index)
}

func TestOpenmojiPairsLeaveOutFlagsAndSkinTones(t *testing.T) {
	svg := []byte(redSquare)
	st := fakeStage(t, map[string]map[string][]byte{"openmoji": {
		"data/openmoji.json": []byte(`[{"hexcode":"1F44B","group":"people-body","skintone":"","annotation":"waving hand","tags":"hand, wave, hello"},{"hexcode":"1F44B-1F3FB","group":"people-body","skintone":1},
			{"hexcode":"1F1E6","group":"flags","skintone":""},{"hexcode":"E1","group":"extras-openmoji","subgroups":"flags","skintone":""}]`),
		"black/svg/1F44B.svg": svg, "color/svg/1F44B.svg": svg,
	}})
	require.NoError(t, convertOpenmoji(context.Background(), st))
	split := splitOf("1f44b")
	require.ElementsMatch(t, []string{split + "A/1f44b.png", split + "B/1f44b.png", split + "B/1f44b.txt"}, slices.Collect(maps.Keys(st.sums)))
	text, err := os.ReadFile(filepath.Join(st.dir, split+"B", "1f44b.txt"))
	require.NoError(t, err)
	require.Equal(t, "waving hand\nwaving hand, wave\nwaving hand, hello\n", string(text))
}

func TestStampsAreThePicturesWithASentence(t *testing.T) {
	picture, root := flat(t, 8, 12, 10, 200, 30), "usr/share/tuxpaint/stamps/"
	st := fakeStage(t, map[string]map[string][]byte{"tuxpaint-stamps-default": {
		root + "food/fruit/pear.png": picture, root + "food/fruit/pear.txt": []byte("A pear.\nde.utf8=Eine Birne.\n"),
		root + "food/none.png": picture, root + "food/empty.png": picture, root + "food/empty.txt": []byte("\nde.utf8=Nichts.\n"),
		root + "symbols/a.png": picture, root + "symbols/a.txt": []byte("The letter A.\n"),
	}})
	require.NoError(t, convertStamps(context.Background(), st))
	name := splitOf("A pear.") + "/food-fruit-pear"
	require.ElementsMatch(t, []string{name + ".png", name + ".txt"}, slices.Collect(maps.Keys(st.sums)))
}

func TestPhotosAreHalvedAndTestPicturesAreNot(t *testing.T) {
	picture := flat(t, 8, 12, 10, 200, 30)
	files := map[string]map[string][]byte{"endless-sky-data": {"usr/share/games/endless-sky/images/land/sea1.jpg": picture}}
	for _, w := range wallpapers {
		files[w.pkg] = map[string][]byte{}
		for _, pattern := range w.names {
			name := w.folder + "/" + pattern[:len(pattern)-1] + "x.jpg"
			if w.pkg == "plasma-workspace-wallpapers" {
				name = w.folder + "/" + pattern + "/contents/images/1x1.jpg"
				files[w.pkg][w.folder+"/"+pattern+"/contents/images/0x0.jpg"] = nil
			}
			files[w.pkg][name] = picture
		}
	}
	for _, p := range testPictures {
		files[p.pkg] = map[string][]byte{}
		for _, name := range p.names {
			files[p.pkg][p.folder+"/"+name] = picture
		}
	}
	st := fakeStage(t, files)
	require.NoError(t, convertPhotos(context.Background(), st))
	im, err := vision.Decode(filepath.Join(st.dir, "train", "land_sea1.png"), vision.Native)
	require.NoError(t, err)
	require.Equal(t, []int{4, 6}, []int{im.H, im.W})
	require.FileExists(t, filepath.Join(st.dir, "train", "Kite.png"))
	kept, err := os.ReadFile(filepath.Join(st.dir, "test", "baboon.jpg"))
	require.NoError(t, err)
	require.Equal(t, picture, kept)
}

func TestSplitIsStable(t *testing.T) {
	n := 0
	for i := range 10000 {
		if splitOf(fmt.Sprintf("%x", 0x1f000+i)) == "test" {
			n++
		}
	}
	require.InDelta(t, 1000, n, 100)
	require.Equal(t, []string{"train", "test"}, []string{splitOf("1f600"), splitOf("002a")})
}
