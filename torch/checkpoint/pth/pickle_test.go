package pth

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// python2 is what cPickle of Python 2 wrote, with text as bytes and the bytes of an array as a string.
const python2 = "\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87Rq\x05" +
	"(K\x01K\x02K\x03\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89" +
	"U\x06\xfa\xfb\xfc\xfd\xfe\xfftb" + "U\x06labels]q\x08(K\x01K\x00eu."

func pickled(t testing.TB, name string) []byte {
	file, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return file
}

func TestArraysOfNumPyAreRead(t *testing.T) {
	data := &Array{DType: "u1", Shape: []int{2, 3}, Data: []byte{250, 251, 252, 253, 254, 255}}
	for _, name := range []string{"numpy2.pickle", "numpy4.pickle", "numpy5.pickle"} {
		v, err := Unpickle(pickled(t, name))
		require.NoError(t, err, name)
		d := v.(*Dict)
		require.Equal(t, Bytes("data"), d.Items[0].Key, name)
		require.Equal(t, data, d.Items[0].Value, name)
		wide, _ := d.Get("wide")
		require.Equal(t, &Array{DType: "i8", Shape: []int{2}, Data: []byte{255, 255, 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 0, 0, 0}}, wide, name)
		names, _ := d.Get("names")
		require.Equal(t, []any{"cat", "dog"}, names.(*List).Items, name)
	}
	v, err := Unpickle([]byte(python2))
	require.NoError(t, err)
	require.Equal(t, []Item{{"data", data}, {"labels", &List{Items: []any{int64(1), int64(0)}}}}, v.(*Dict).Items)
}

func TestPicklesThatNeedMoreThanValuesAreRefused(t *testing.T) {
	for want, file := range map[string]string{
		"the pickle has an array in Fortran's order: save numpy.ascontiguousarray of it":       string(pickled(t, "fortran.pickle")),
		`the pickle has an array of numpy's type "O8": numbers of 1, 2, 4 or 8 bytes are read`: string(pickled(t, "objects.pickle")),
		"the pickle asks for the global os.system, which a tensor file does not need":          "\x80\x02cos\nsystem\nU\x02ls\x85R.",
		"the pickle calls what is not a function":                                              "\x80\x02cnumpy\nndarray\n)R.",
		"the pickle describes a numpy.ndarray by a tuple":                                      "\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R)b.",
		"the pickle names a storage by something else than a tuple, or where there is none":    "\x80\x02)Q.",
		"the pickle is cut off: 6 bytes are announced, 2 are there":                            "\x80\x02U\x06ab",
	} {
		_, err := Unpickle([]byte(file))
		require.EqualError(t, err, want)
	}
}

func TestAnArrayHasAsManyBytesAsItsShapeSays(t *testing.T) {
	for _, shape := range []string{"K\x02K\x02\x86", "J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", "J\xff\xff\xff\xffJ\xfa\xff\xff\xff\x86"} {
		file := []byte(python2)
		at := len("\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87Rq\x05(K\x01")
		file = append(append(append([]byte{}, file[:at]...), shape...), file[at+len("K\x02K\x03\x86"):]...)
		_, err := Unpickle(file)
		require.ErrorContains(t, err, "the pickle has an array")
	}
}

func TestArraysAreNoPartOfTensorFiles(t *testing.T) {
	_, err := unpickle([]byte(python2))
	require.ErrorContains(t, err, "the pickle asks for the global numpy.core.multiarray._reconstruct")
}

// FuzzUnpickle runs arbitrary plain pickles. What is accepted can be walked to its end, and arrays are whole.
func FuzzUnpickle(f *testing.F) {
	f.Add([]byte(python2))
	for _, name := range []string{"numpy2.pickle", "numpy4.pickle", "numpy5.pickle", "fortran.pickle", "objects.pickle"} {
		f.Add(pickled(f, name))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := Unpickle(data)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		texts(t, v)
	})
}
