package data

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"image/color"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/vision"
)

// idx returns the bytes of an IDX file.
func idx(values []uint8, dims ...int) []byte {
	out := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		out = binary.BigEndian.AppendUint32(out, uint32(d))
	}
	return append(out, values...)
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func write(t testing.TB, content []byte, path ...string) string {
	t.Helper()
	file := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, content, 0o644))
	return file
}

// digitFolder writes an IDX set of n pictures of 4 x 4 for training and 2 for tests; picture i is all 10*i.
func digitFolder(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	for split, n := range map[Split]int{Train: n, Test: 2} {
		images, labels := idxNames(split)
		var pixels, classes []uint8
		for i := range n {
			pixels = append(pixels, bytes.Repeat([]uint8{uint8(10 * i)}, 16)...)
			classes = append(classes, uint8(i%3))
		}
		write(t, zipped(idx(pixels, n, 4, 4)), dir, images+".gz")
		write(t, idx(classes, n), dir, labels)
	}
	return dir
}

func readItem(t testing.TB, s Dataset, i int) []Array {
	t.Helper()
	var row []Array
	for _, f := range s.Fields() {
		a := Array{Name: f.Name}
		if f.Int64 {
			a.Int64 = make([]int64, f.Size())
		} else {
			a.Float32 = make([]float32, f.Size())
		}
		row = append(row, a)
	}
	require.NoError(t, s.Read(i, rand.New(rand.NewPCG(1, uint64(i))), row))
	return row
}

func TestIDXSetIsReadAndResized(t *testing.T) {
	dir := digitFolder(t, 5)
	for size, want := range map[int]int{0: 4, 4: 4, 6: 6} {
		set, err := Open(context.Background(), dir, Options{Size: size, Channels: 3})
		require.NoError(t, err)
		require.Equal(t, 5, set.Len())
		require.Equal(t, []string{"0", "1", "2"}, set.(Labelled).Classes())
		require.Equal(t, []int{3, want, want}, set.Fields()[0].Shape)
		row := readItem(t, set, 4)
		require.Len(t, row[0].Float32, 3*want*want)
		for _, v := range row[0].Float32 {
			require.InDelta(t, 40.0/127.5-1, v, 1e-6)
		}
		require.Equal(t, int64(1), row[1].Int64[0])
	}
	set, err := Open(context.Background(), dir, Options{Split: Test})
	require.NoError(t, err)
	require.Equal(t, 2, set.Len())
	require.Equal(t, []int{1, 4, 4}, set.Fields()[0].Shape)
	require.Equal(t, uint8(10), set.(*Digits).Image(1).Pix[0])
}

func TestIDXErrorsNameTheFileAndTheReason(t *testing.T) {
	good := idx([]uint8{1, 2, 3, 4}, 2, 2)
	for want, content := range map[string][]byte{
		"is an empty file":                         {},
		"is not an IDX file (it begins with 3c":    []byte("<html>"),
		"holds IDX values of type 0x0d":            {0, 0, 0x0d, 1, 0, 0, 0, 1, 0, 0, 0, 0},
		"is cut off":                               good[:6],
		"is cut off: 3 of 4 bytes of an IDX array": good[:len(good)-1],
		"goes on after its IDX array of [2 2]":     append(append([]byte(nil), good...), 0),
		"refused as too large":                     idx(nil, 1<<31, 1<<31, 1<<31),
		"is damaged":                               append(zipped(good)[:len(zipped(good))-6], 1, 2, 3, 4, 5, 6),
	} {
		path := write(t, content, t.TempDir(), "x-idx")
		_, err := ReadIDX(path)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, path)
	}
	zip := zipped(good)
	_, err := ReadIDX(write(t, zip[:len(zip)-3], t.TempDir(), "x.gz"))
	require.ErrorContains(t, err, "is cut off")
	_, err = ReadIDX(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestPicturesAndLabelsMustMatch(t *testing.T) {
	dir := digitFolder(t, 5)
	write(t, idx([]uint8{1, 2}, 2), dir, "train-labels-idx1-ubyte")
	_, err := Open(context.Background(), dir, Options{})
	require.ErrorContains(t, err, "not a label for each of 5 pictures")
	require.NoError(t, os.Remove(filepath.Join(dir, "train-labels-idx1-ubyte")))
	_, err = Open(context.Background(), dir, Options{})
	require.ErrorContains(t, err, "holds no train-labels-idx1-ubyte.gz")
}

// paint returns a picture of one colour as PNG.
func paint(t testing.TB, h, w int, c color.NRGBA) []byte {
	t.Helper()
	im := vision.NewImage(h, w, 3)
	for i := 0; i < len(im.Pix); i += 3 {
		im.Pix[i], im.Pix[i+1], im.Pix[i+2] = c.R, c.G, c.B
	}
	var out bytes.Buffer
	require.NoError(t, vision.EncodePNG(&out, im))
	return out.Bytes()
}

var red, blue = color.NRGBA{R: 255, A: 255}, color.NRGBA{B: 255, A: 255}

func TestClassFoldersAreListedAsTorchvisionDoes(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"dog/b.png", "dog/a.PNG", "cat/z/1.png", "cat/2.png", "cat/a-b/1.png", "cat/a/1.png"} {
		write(t, paint(t, 5, 7, red), dir, name)
	}
	write(t, nil, dir, "cat/notes.txt")
	write(t, nil, dir, "cat/.hidden.png")
	write(t, nil, dir, ".thumbs/1.png")
	write(t, paint(t, 2, 2, red), dir, "loose.png")
	elsewhere := t.TempDir()
	write(t, paint(t, 9, 4, blue), elsewhere, "1.png")
	require.NoError(t, os.Symlink(elsewhere, filepath.Join(dir, "emu")))
	require.NoError(t, os.Symlink(filepath.Join(dir, "cat"), filepath.Join(dir, "cat", "z", "circle")))

	f, err := OpenFolder(dir, Options{Size: 4})
	require.NoError(t, err)
	require.Equal(t, []string{"cat", "dog", "emu"}, f.Classes())
	var names []string
	for i := range f.Len() {
		name, err := filepath.Rel(dir, f.Path(i))
		require.NoError(t, err)
		names = append(names, name)
	}
	require.Equal(t, []string{"cat/2.png", "cat/a/1.png", "cat/a-b/1.png", "cat/z/1.png", "dog/a.PNG", "dog/b.png", "emu/1.png"}, names)
	row := readItem(t, f, 6)
	require.Equal(t, int64(2), row[1].Int64[0])
	require.Equal(t, float32(-1), row[0].Float32[0])
	require.Equal(t, float32(1), row[0].Float32[47])
}

func TestFlatFolderHasNoLabels(t *testing.T) {
	dir := t.TempDir()
	write(t, paint(t, 4, 4, red), dir, "b.png")
	write(t, paint(t, 4, 4, blue), dir, "a.png")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755))
	set, err := Open(context.Background(), dir, Options{Size: 4, Channels: 1})
	require.NoError(t, err)
	require.Equal(t, 2, set.Len())
	require.Equal(t, []Field{{Name: "image", Shape: []int{1, 4, 4}}}, set.Fields())
	require.Nil(t, set.(Labelled).Classes())
	require.InDelta(t, 29/127.5-1, readItem(t, set, 0)[0].Float32[0], 1e-6, "Pillow's grey of blue")
}

func TestSplitFoldersAreOpenedByName(t *testing.T) {
	dir := t.TempDir()
	write(t, paint(t, 4, 4, red), dir, "train/x/1.png")
	_, err := Open(context.Background(), dir, Options{Size: 4, Split: Test})
	require.ErrorContains(t, err, "there is a folder train but no folder test")
	write(t, paint(t, 4, 4, red), dir, "test/y/1.png")
	set, err := Open(context.Background(), dir, Options{Size: 4, Split: Test})
	require.NoError(t, err)
	require.Equal(t, []string{"y"}, set.(Labelled).Classes())
}

func TestFlipsDependOnTheEpochAlone(t *testing.T) {
	dir := t.TempDir()
	im := vision.NewImage(2, 2, 3)
	im.Pix[0] = 255
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, vision.SavePNG(filepath.Join(dir, "a.png"), im))
	set, err := OpenFolder(dir, Options{Size: 2, Flip: true})
	require.NoError(t, err)
	l := newLoader(t, set, LoaderOptions{Batch: 1, Seed: 4})
	flips := map[bool]int{}
	for _, b := range draw(t, l, 64) {
		flips[b.Find("image").Float32[1] == 1]++
	}
	require.Greater(t, flips[true], 16)
	require.Greater(t, flips[false], 16)
}

func TestBadOptionsAndFoldersAreRefused(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	for want, f := range map[string]func() (Dataset, error){
		"known sets are carphone, earth, emoji64, fashion-mnist, land, mnist, mr, openmoji, photos, stamps, vtest": func() (Dataset, error) { return Open(ctx, "mnits", Options{}) },
		"give the size": func() (Dataset, error) { return Open(ctx, dir, Options{}) },
		"holds no PNG, JPEG, WebP or BMP picture": func() (Dataset, error) { return Open(ctx, dir, Options{Size: 4}) },
		"1 or 3 channels, not 2":                  func() (Dataset, error) { return Open(ctx, dir, Options{Size: 4, Channels: 2}) },
		`no split "val"`:                          func() (Dataset, error) { return Open(ctx, dir, Options{Split: "val"}) },
		"a size of -1":                            func() (Dataset, error) { return Open(ctx, dir, Options{Size: -1}) },
	} {
		set, err := f()
		require.ErrorContains(t, err, want)
		require.Nil(t, set)
	}
	write(t, paint(t, 4, 4, red), dir, "a/1.png")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "b"), 0o755))
	_, err := Open(ctx, dir, Options{Size: 4})
	require.ErrorContains(t, err, "class folder b holds no")
}

func TestKnownSetThatCannotBeFetchedSaysWhatIsMissing(t *testing.T) {
	t.Setenv("FORGER_CACHE", t.TempDir())
	t.Setenv("PATH", "")
	for name, open := range map[string]func(Split, Options) (*Digits, error){"mnist": MNIST, "fashion-mnist": FashionMNIST} {
		var lines []string
		_, err := open(Train, Options{Log: func(s string) { lines = append(lines, s) }})
		require.ErrorContains(t, err, "fetch "+name+": ")
		require.ErrorContains(t, err, "is needed and is not in PATH")
		require.Len(t, lines, 1)
	}
}

func TestBrokenPictureIsNamedByTheLoader(t *testing.T) {
	dir := t.TempDir()
	good := paint(t, 8, 8, red)
	write(t, good, dir, "a.png")
	bad := write(t, good[:40], dir, "b.png")
	set, err := OpenFolder(dir, Options{Size: 4})
	require.NoError(t, err)
	l := newLoader(t, set, LoaderOptions{Batch: 2})
	_, err = l.Next(context.Background())
	require.EqualError(t, err, "data "+dir+": item 1: picture "+bad+" is cut off: the PNG data end after 40 bytes")
}

func TestCheckReportsEveryBrokenPicture(t *testing.T) {
	dir := t.TempDir()
	good := paint(t, 8, 6, red)
	write(t, good, dir, "a/1.png")
	write(t, good, dir, "a/2.png")
	write(t, paint(t, 3, 3, red), dir, "b/1.png")
	cut := write(t, good[:40], dir, "b/2.png")
	page := write(t, []byte("<html>"), dir, "b/3.jpg")
	r, err := Check(context.Background(), dir)
	require.NoError(t, err)
	require.Equal(t, "pictures", r.Kind)
	require.Len(t, r.Parts, 1)
	p := r.Parts[0]
	require.Equal(t, 3, p.Items)
	require.Equal(t, []SizeCount{{8, 6, 2}, {3, 3, 1}}, p.Sizes)
	require.Equal(t, []ClassCount{{"a", 2}, {"b", 1}}, p.Classes)
	require.InDeltaSlice(t, []float64{1, 0, 0}, p.Mean, 1e-12)
	require.InDeltaSlice(t, []float64{0, 0, 0}, p.Std, 1e-12)
	require.Len(t, r.Broken, 2)
	require.Equal(t, []string{cut, page}, []string{r.Broken[0].Path, r.Broken[1].Path})
	require.Contains(t, r.Broken[1].Problem, "is not a PNG, JPEG, WebP, GIF or BMP file")
	_, err = json.Marshal(r)
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Check(ctx, dir)
	require.ErrorIs(t, err, context.Canceled)
	_, err = Check(context.Background(), filepath.Join(dir, "none"))
	require.ErrorContains(t, err, "there is no such folder")
}

func TestCheckReportsBothSplitsOfAnIDXSet(t *testing.T) {
	dir := digitFolder(t, 4)
	r, err := Check(context.Background(), dir)
	require.NoError(t, err)
	require.Empty(t, r.Broken)
	require.Len(t, r.Parts, 2)
	require.Equal(t, 4, r.Parts[0].Items)
	require.Equal(t, []ClassCount{{"0", 2}, {"1", 1}, {"2", 1}}, r.Parts[0].Classes)
	require.InDelta(t, 15.0/255, r.Parts[0].Mean[0], 1e-12)
	write(t, []byte{0, 0, 8, 1}, dir, "t10k-labels-idx1-ubyte")
	r, err = Check(context.Background(), dir)
	require.NoError(t, err)
	require.Len(t, r.Broken, 1)
	require.Contains(t, r.Broken[0].Problem, "t10k-labels-idx1-ubyte is cut off")
}

func FuzzIDX(f *testing.F) {
	f.Add(idx([]uint8{1, 2, 3, 4}, 2, 2))
	f.Add(zipped(idx([]uint8{1, 2, 3, 4}, 4, 1, 1)))
	f.Add(idx(nil, 1<<31, 1<<31))
	f.Add(idx(nil, 0))
	f.Fuzz(func(t *testing.T, file []byte) {
		x, err := decodeIDX(bytes.NewReader(file))
		if err != nil {
			return
		}
		size := 1
		for _, d := range x.Dims {
			size *= d
		}
		if size != len(x.Data) {
			t.Fatalf("%v holds %d bytes", x.Dims, len(x.Data))
		}
	})
}
