package captions

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/vision"
)

// array is an array of NumPy as Python 2 writes it in its first protocol; the values count from first on.
func array(first float32, shape ...int) string {
	n, dims := 1, ""
	for _, d := range shape {
		n, dims = n*d, dims+fmt.Sprintf("I%d\n", d)
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = first + float32(i)
	}
	raw, _ := binary.Append(nil, binary.LittleEndian, values)
	var text strings.Builder
	for _, b := range raw {
		fmt.Fprintf(&text, `\x%02x`, b)
	}
	return "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(" + dims +
		"tcnumpy\ndtype\n(S'f4'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS'" + text.String() + "'\ntb"
}

// list is a pickled list of pickled values.
func list(values ...string) string { return "(l" + strings.Join(values, "a") + "a." }

// write writes a file of the set.
func write(t *testing.T, content string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
}

// cub writes three pictures in CUB's layout: black but for a white bird of 20 x 10 at (30, 40).
func cub(t *testing.T) (dir string) {
	dir = t.TempDir()
	names := []string{"001.Albatross/a", "001.Albatross/b", "002.Finch/c"}
	for i, name := range names {
		im := vision.NewImage(80, 100, 3)
		for y := 40; y < 50; y++ {
			for x := 30; x < 50; x++ {
				copy(im.Pix[3*(y*im.W+x):], []uint8{255, 255, 255})
			}
		}
		path := filepath.Join(dir, "CUB_200_2011", "images", name+".jpg")
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, vision.SaveJPEG(path, im, 95))
		write(t, fmt.Sprintf("bird %d\na second caption\nwithout embedding\n", i), dir, "text_c10", name+".txt")
	}
	write(t, "1 001.Albatross/a.jpg\n2 001.Albatross/b.jpg\n3 002.Finch/c.jpg\n", dir, "CUB_200_2011", "images.txt")
	write(t, "1 30.0 40.0 20.0 10.0\n2 30.0 40.0 20.0 10.0\n3 30.0 40.0 20.0 10.0\n", dir, "CUB_200_2011", "bounding_boxes.txt")
	write(t, list("S'001.Albatross/a'\n", "S'001.Albatross/b'\n", "V002.Finch/c\n"), dir, "train", namesFile)
	write(t, list("I5\n", "I5\n", "I9\n"), dir, "train", classesFile)
	write(t, list(array(0, 2, 4), array(100, 2, 4), array(200, 1, 4)), dir, "train", embeddingsFile)
	return dir
}

func TestThePublishedLayoutIsRead(t *testing.T) {
	dir := cub(t)
	set, err := Open(t.Context(), dir, Options{Size: 32, Wrong: true, Captions: 2})
	require.NoError(t, err)
	require.Equal(t, []string{"class 5", "class 9"}, set.Classes())
	require.Equal(t, []int{0, 0, 1}, []int{set.Label(0), set.Label(1), set.Label(2)})
	require.Equal(t, [][]float32{{100, 101, 102, 103}, {104, 105, 106, 107}}, set.Embeddings(1))
	require.Equal(t, "a second caption", set.Caption(0, 1))
	require.Equal(t, 1, set.Captions(2))

	row := make([]data.Array, 4)
	for k, f := range set.Fields() {
		row[k] = data.Array{Float32: make([]float32, f.Size()), Int64: make([]int64, 1)}
	}
	require.Equal(t, []string{"image", "text", "wrong", "label"}, []string{set.Fields()[0].Name, set.Fields()[1].Name, set.Fields()[2].Name, set.Fields()[3].Name})
	for seed := range uint64(10) {
		require.NoError(t, set.Read(0, rand.New(rand.NewPCG(seed, 0)), row))
		require.Equal(t, []float32{2, 3, 4, 5}, row[1].Float32, "the mean of both captions")
	}
	// The box's centre is (40, 45) and its longer side 20: the crop is 30 x 30 of which the bird is 2/3 wide, 1/3 high.
	share := 0
	for _, v := range row[0].Float32[:32*32] {
		if v > 0 {
			share++
		}
	}
	require.InDelta(t, 2.0/9, float64(share)/(32*32), 0.03)
}

func TestTheNameOfTheFolderMayHoldAnything(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "birds [2011]")
	require.NoError(t, os.Rename(cub(t), dir))
	set, err := Open(t.Context(), dir, Options{Size: 32})
	require.NoError(t, err)
	require.Equal(t, 3, set.Len())
}

func TestABoxAtTheBorderIsCutToThePicture(t *testing.T) {
	im := vision.NewImage(50, 60, 3)
	cut, err := box{0, 0, 20, 10}.cut(im)
	require.NoError(t, err)
	require.Equal(t, []int{20, 25}, []int{cut.H, cut.W}, "centre (10, 5), 15 to each side, within the picture")
	_, err = box{100, 100, 20, 10}.cut(im)
	require.ErrorContains(t, err, "lies outside of the picture of 60 x 50")
}

func TestADamagedPublishedSetIsRefusedInASentence(t *testing.T) {
	for _, c := range []struct{ name, file, content, want string }{
		{"program", "train/" + classesFile, "cos\nsystem\n(S'ls'\ntR.", "the pickle asks for the global os.system"},
		{"cut off", "train/" + namesFile, "(lS'a", "the pickle is cut off inside a line"},
		{"no list", "train/" + namesFile, "I1\n.", "it holds no list"},
		{"no text", "train/" + namesFile, list("I1\n"), "item 0 is no text"},
		{"path", "train/" + namesFile, list("S'../a'\n", "S'b'\n", "S'c'\n"), "names a picture outside the folder"},
		{"missing", "train/" + namesFile, list("S'a'\n", "S'b'\n", "S'c'\n"), "a.jpg is neither in CUB_200_2011/images"},
		{"numbers", "train/" + namesFile, list("S'a'\n"), "names 1 pictures and char-CNN-RNN-embeddings.pickle has embeddings of 3"},
		{"classes", "train/" + classesFile, list("I1\n"), "has the classes of 1 pictures, not of 3"},
		{"class", "train/" + classesFile, list("S'a'\n"), "item 0 is no integer"},
		{"sizes", "train/" + embeddingsFile, list(array(0, 2, 4), array(0, 2, 5), array(0, 1, 4)), "item 1 has embeddings of 5 values, others of 4"},
		{"flat", "train/" + embeddingsFile, list(array(0, 2)), "item 0 is no float32 array of (captions, size)"},
		{"one", "train/" + embeddingsFile, array(0, 2, 2, 4) + ".", "embeddings of 2"},
		{"texts", "text_c10/001.Albatross/a.txt", "one\n", "has 1 captions of 001.Albatross/a, and there are embeddings of 2"},
		{"box", "CUB_200_2011/bounding_boxes.txt", "1 2 3\n", "is no number and box"},
		{"no box", "CUB_200_2011/bounding_boxes.txt", "", "there is no bounding box of 001.Albatross/a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := cub(t)
			write(t, c.content, dir, c.file)
			_, err := Open(t.Context(), dir, Options{Size: 32})
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, dir)
			require.NotContains(t, err.Error(), "\n")
		})
	}
	_, err := Open(t.Context(), cub(t), Options{Size: 32, Split: data.Test})
	require.ErrorContains(t, err, "no such file")
}

// FuzzEmbeddings reads arbitrary files of embeddings. What is accepted is whole.
func FuzzEmbeddings(f *testing.F) {
	f.Add([]byte(list(array(0, 2, 4), array(8, 1, 4))))
	f.Add([]byte(array(0, 2, 2, 4) + "."))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "x")
		require.NoError(t, os.WriteFile(path, content, 0o644))
		counts, vectors, err := readEmbeddings(path)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		n := 0
		for _, c := range counts {
			n += c
		}
		if n > 0 {
			require.Zero(t, len(vectors)%n)
		}
	})
}
