package pth

import (
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// python2 is what cPickle of Python 2 wrote, with text as bytes and the bytes of an array as a string.
const python2 = "\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85U\x01b\x87Rq\x05" +
	"(K\x01K\x02K\x03\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89" +
	"U\x06\xfa\xfb\xfc\xfd\xfe\xfftb" + "U\x06labels]q\x08(K\x01K\x00eu."

// python2text is the same in Python 2's first protocol.
const python2text = "(dp0\nS'data'\np1\ncnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\nndarray\np3\n(I0\ntp4\nS'b'\np5\ntp6\nRp7\n" +
	"(I1\n(I2\nI3\ntp8\ncnumpy\ndtype\np9\n(S'u1'\np10\nI0\nI1\ntp11\nRp12\n(I3\nS'|'\np13\nNNNI-1\nI-1\nI0\ntp14\nbI00\n" +
	`S'\xfa\xfb\xfc\xfd\xfe\xff'` + "\np15\ntp16\nbsS'labels'\np17\n(lp18\nI1\naI0\nas."

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

func TestTheFirstProtocolIsRead(t *testing.T) {
	v, err := Unpickle([]byte(python2text))
	require.NoError(t, err)
	data := &Array{DType: "u1", Shape: []int{2, 3}, Data: []byte{250, 251, 252, 253, 254, 255}}
	require.Equal(t, []Item{{"data", data}, {"labels", &List{Items: []any{int64(1), int64(0)}}}}, v.(*Dict).Items)

	for text, want := range map[string]any{
		"I-7\n.": int64(-7), "I01\n.": true, "I00\n.": false, "L12L\n.": int64(12), "F-2.5\n.": -2.5, "Finf\n.": math.Inf(1),
		`S'it\'s \\ \n\t\x41"'` + "\n.": "it's \\ \n\tA\"", `S"don't"` + "\n.": "don't", `S'\xff'` + "\n.": Bytes{255},
		`V\u20ac \U0001f68c ` + "\xe9\n.": "€ 🚌 é",
	} {
		v, err := Unpickle([]byte(text))
		require.NoError(t, err, "%q", text)
		require.Equal(t, want, v, "%q", text)
	}
	v, err = Unpickle([]byte("L123456789012345678901234567890L\n."))
	require.NoError(t, err)
	require.Equal(t, "123456789012345678901234567890", v.(*big.Int).String())
	for text, want := range map[string]string{
		"Ix\n.": `the pickle has the integer "x"`, "I5": "cut off inside a line", "Sabc\n.": "a string without quotes",
		`S'\q'` + "\n.": "with the escape", `S'\x4'` + "\n.": "ends within an escape", `V\uzzzz` + "\n.": "with the escape", "Np99\n.": "more than it can have",
		"gx\n.": "counts a value as number", "F1x\n.": "has the number", "cos\nsystem\n(S'ls'\ntR.": "asks for the global os.system", "Z": "has the instruction 0x5a",
		"I" + strings.Repeat("1", 2000) + "\n.": "a number of 2000 digits",
	} {
		_, err := Unpickle([]byte(text))
		require.ErrorContains(t, err, want, "%.20q", text)
	}
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
	f.Add([]byte(python2text))
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
