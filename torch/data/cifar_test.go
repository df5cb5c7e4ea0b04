package data

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/vision"
)

var cifar10 = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

// cifarPlanes is a picture whose colours are those of its number, with a gradient in red.
func cifarPlanes(i int) []byte {
	p := make([]byte, cifarPicture)
	for k := range cifarPicture / 3 {
		p[k], p[1024+k], p[2048+k] = byte(k%32), byte(i), byte(200+i)
	}
	return p
}

// pickleOf is a batch as cPickle of Python 2 wrote it.
func pickleOf(key string, pixels []byte, labels []byte) []byte {
	p := []byte("\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x14testing batch 1 of 1U\x04dataq\x03cnumpy.core.multiarray\n_reconstruct\nq\x04cnumpy\n" +
		"ndarray\nq\x05K\x00\x85U\x01b\x87Rq\x06(K\x01J")
	p = binary.LittleEndian.AppendUint32(p, uint32(len(pixels)/cifarPicture))
	p = append(p, "M\x00\x0c\x86cnumpy\ndtype\nq\x07U\x02u1K\x00K\x01\x87Rq\x08(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"...)
	p = binary.LittleEndian.AppendUint32(p, uint32(len(pixels)))
	p = append(append(p, pixels...), "tb"...)
	p = append(append(p, 'U', byte(len(key))), key...)
	p = append(p, "]q\x09("...)
	for _, k := range labels {
		p = append(p, 'K', k)
	}
	return append(p, "eu."...)
}

// namesOf is the file of the names of classes as cPickle of Python 2 wrote it.
func namesOf(key string, names []string) []byte {
	p := append([]byte("\x80\x02}q\x01(U"), byte(len(key)))
	p = append(append(p, key...), "]q\x02("...)
	for _, name := range names {
		p = append(append(p, 'U', byte(len(name))), name...)
	}
	return append(p, "eu."...)
}

// records are n pictures from number first on, each after its labels.
func records(first, n int, labels ...byte) (out []byte) {
	for i := first; i < first+n; i++ {
		out = append(out, labels...)
		out[len(out)-1] = byte(i % 10)
		out = append(out, cifarPlanes(i)...)
	}
	return out
}

func planes(first, n int) (pixels, labels []byte) {
	for i := first; i < first+n; i++ {
		pixels, labels = append(pixels, cifarPlanes(i)...), append(labels, byte(i%10))
	}
	return pixels, labels
}

// writeCIFAR writes archives in each form, with two pictures a batch, and returns their folders.
func writeCIFAR(t testing.TB) map[string]string {
	root := t.TempDir()
	hundred := make([]string, 100)
	for i := range hundred {
		hundred[i] = fmt.Sprint("fine ", i)
	}
	dir := func(form string) string { return filepath.Join(root, form) }
	for k := range 6 {
		name := fmt.Sprintf("data_batch_%d", k+1)
		if k == 5 {
			name = "test_batch"
		}
		pixels, labels := planes(2*k, 2)
		write(t, records(2*k, 2, 0), dir("cifar-10-batches-bin"), name+".bin")
		write(t, pickleOf("labels", pixels, labels), dir("cifar-10-batches-py"), name)
	}
	write(t, []byte(strings.Join(cifar10, "\n")+"\n\n"), dir("cifar-10-batches-bin"), "batches.meta.txt")
	write(t, namesOf("label_names", cifar10), dir("cifar-10-batches-py"), "batches.meta")
	for first, split := range map[int]string{0: "train", 10: "test"} {
		n := max(2, 10-first)
		pixels, labels := planes(first, n)
		write(t, records(first, n, 7, 0), dir("cifar-100-binary"), split+".bin")
		write(t, pickleOf("fine_labels", pixels, labels), dir("cifar-100-python"), split)
	}
	write(t, []byte(strings.Join(hundred, "\n")), dir("cifar-100-binary"), "fine_label_names.txt")
	write(t, namesOf("fine_label_names", hundred), dir("cifar-100-python"), "meta")
	out := map[string]string{}
	for _, form := range cifarForms {
		out[form.folder] = dir(form.folder)
	}
	return out
}

func TestCIFARIsReadInEachFormInTheOrderOfTheArchive(t *testing.T) {
	dirs := writeCIFAR(t)
	require.Len(t, dirs, 4)
	for form, dir := range dirs {
		t.Run(form, func(t *testing.T) {
			for split, want := range map[Split]struct{ first, n int }{Train: {0, 10}, Test: {10, 2}} {
				set, err := Open(t.Context(), dir, Options{Split: split})
				require.NoError(t, err)
				c := set.(*CIFAR)
				require.Equal(t, want.n, c.Len())
				require.Equal(t, []Field{{Name: "image", Shape: []int{3, 32, 32}}, {Name: "label", Int64: true}}, c.Fields())
				batch, err := ReadItems(c, 0, want.n)
				require.NoError(t, err)
				for i := range want.n {
					number := want.first + i
					require.Equal(t, number%10, c.Label(i))
					require.EqualValues(t, number%10, batch.Find("label").Int64[i])
					picture := batch.Find("image").Float32[i*cifarPicture : (i+1)*cifarPicture]
					for k, v := range cifarPlanes(number) {
						require.InDelta(t, float64(v)/127.5-1, picture[k], 1e-6, "picture %d, number %d", i, k)
					}
				}
				if strings.HasPrefix(form, "cifar-10-") {
					require.Equal(t, cifar10, c.Classes())
				} else {
					require.Equal(t, "fine 99", c.Classes()[99])
				}
			}
		})
	}
	whole, err := Open(t.Context(), filepath.Dir(dirs["cifar-10-batches-py"]), Options{}) // the folder around the archive's own
	require.NoError(t, err)
	require.Equal(t, 10, whole.Len())
}

func TestCIFARIsResizedMadeGreyAndMirrored(t *testing.T) {
	dir := writeCIFAR(t)["cifar-10-batches-bin"]
	set, err := Open(t.Context(), dir, Options{Size: 64, Channels: 1})
	require.NoError(t, err)
	batch, err := ReadItems(set, 3, 1)
	require.NoError(t, err)
	im := (cifarBatch{pixels: cifarPlanes(3)}).picture(0).Convert(vision.Gray).Resize(64, 64, vision.Bilinear)
	want := make([]float32, 64*64)
	im.Normalize(want, vision.Half, vision.Half)
	require.Equal(t, want, batch.Find("image").Float32)

	set, err = Open(t.Context(), dir, Options{Flip: true})
	require.NoError(t, err)
	row, mirrored := []Array{{Float32: make([]float32, cifarPicture)}, {Int64: make([]int64, 1)}}, 0
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		require.NoError(t, set.Read(0, rng, row))
		if row[0].Float32[0] > row[0].Float32[31] {
			mirrored++
		}
	}
	require.InDelta(t, 50, mirrored, 20)
}

func TestCIFARIsCropped(t *testing.T) {
	dir := writeCIFAR(t)["cifar-10-batches-bin"]
	whole := (cifarBatch{pixels: cifarPlanes(3)}).picture(0)
	crops := map[int][]float32{} // by their first column; all rows of the picture are alike
	for x := range 5 {
		crops[x] = make([]float32, 3*28*28)
		whole.Crop(0, x, 28, 28).Normalize(crops[x], vision.Half, vision.Half)
	}
	read := func(middle bool, n int) map[int]bool {
		set, err := Open(t.Context(), dir, Options{Size: 28, Load: 32, Middle: middle})
		require.NoError(t, err)
		require.Equal(t, []int{3, 28, 28}, set.Fields()[0].Shape)
		row, rng, found := []Array{{Float32: make([]float32, 3*28*28)}, {Int64: make([]int64, 1)}}, rand.New(rand.NewPCG(1, 2)), map[int]bool{}
		for range n {
			require.NoError(t, set.Read(3, rng, row))
			for at, want := range crops {
				if slices.Equal(want, row[0].Float32) {
					found[at] = true
				}
			}
		}
		return found
	}
	require.Equal(t, map[int]bool{2: true}, read(true, 5))
	require.Len(t, read(false, 200), 5)
}

func TestCIFARClassFoldersHaveTheLabelsOfTheArchive(t *testing.T) {
	dir := t.TempDir()
	for _, name := range cifar10 {
		write(t, paint(t, 32, 32, red), dir, "train", name, "0.png")
	}
	set, err := Open(t.Context(), dir, Options{Size: 32})
	require.NoError(t, err)
	folder := set.(*Folder)
	require.Equal(t, cifar10, folder.Classes())
	for i := range cifar10 {
		require.Equal(t, i, folder.Label(i))
	}
}

func TestADamagedCIFARArchiveIsRefused(t *testing.T) {
	for _, test := range []struct{ form, file, content, want string }{
		{"cifar-10-batches-bin", "data_batch_2.bin", "short", "data_batch_2.bin has 5 bytes, which are no whole records of 3073: it is cut off, or no CIFAR batch"},
		{"cifar-10-batches-bin", "data_batch_3.bin", "\x0a" + string(cifarPlanes(0)), "data_batch_3.bin gives picture 0 the label 10 of 10 classes"},
		{"cifar-10-batches-bin", "batches.meta.txt", "cat\n", "batches.meta.txt names 1 classes, not 10"},
		{"cifar-10-batches-py", "data_batch_5", "\x80\x02cos\nsystem\nU\x02ls\x85R.", "data_batch_5 is no CIFAR batch: the pickle asks for the global os.system, which a tensor file does not need"},
		{"cifar-10-batches-py", "data_batch_1", "\x80\x02}.", "data_batch_1 is no CIFAR batch: it has no array of bytes (N, 3072) named data"},
		{"cifar-10-batches-py", "data_batch_4", string(pickleOf("labels", cifarPlanes(0), nil)), "data_batch_4 is no CIFAR batch: it has no list labels of a label for each of 1 pictures"},
		{"cifar-100-python", "meta", string(namesOf("coarse_label_names", cifar10)), "meta has no list fine_label_names"},
	} {
		dir := writeCIFAR(t)[test.form]
		write(t, []byte(test.content), dir, test.file)
		_, err := Open(t.Context(), dir, Options{})
		require.EqualError(t, err, "data "+dir+": "+filepath.Join(dir, test.want))
	}
	dir := writeCIFAR(t)["cifar-100-binary"]
	_, err := Open(t.Context(), dir, Options{Size: 32, Load: 40})
	require.EqualError(t, err, "data "+dir+": crops of a CIFAR archive are from its 32 pixels, not from 40")
}

func TestCheckCountsTheClassesOfCIFAR(t *testing.T) {
	r, err := Check(t.Context(), writeCIFAR(t)["cifar-10-batches-py"])
	require.NoError(t, err)
	require.Equal(t, "cifar", r.Kind)
	require.Empty(t, r.Broken)
	require.Len(t, r.Parts, 2)
	require.Equal(t, []int{10, 2}, []int{r.Parts[0].Items, r.Parts[1].Items})
	require.Equal(t, ClassCount{"airplane", 1}, r.Parts[0].Classes[0])
	require.InDelta(t, 15.5/255, r.Parts[0].Mean[0], 1e-9)
	require.InDelta(t, 4.5/255, r.Parts[0].Mean[1], 1e-9)
}

// FuzzCIFAR decodes arbitrary files in each form. What is accepted is whole.
func FuzzCIFAR(f *testing.F) {
	pixels, labels := planes(0, 1)
	f.Add(0, records(0, 2, 0))
	f.Add(1, pickleOf("labels", pixels, labels))
	f.Add(2, records(0, 1, 7, 0))
	f.Add(3, pickleOf("fine_labels", pixels, labels))
	f.Fuzz(func(t *testing.T, form int, file []byte) {
		if form < 0 || form >= len(cifarForms) {
			return
		}
		b, err := cifarForms[form].decode(file)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		require.NotEmpty(t, b.labels)
		require.Len(t, b.pixels, len(b.labels)*cifarPicture)
		for i, k := range b.labels {
			require.Less(t, int(k), cifarForms[form].classes)
			require.Len(t, b.picture(i).Pix, cifarPicture)
		}
	})
}
