package labels

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATextHasOneForm(t *testing.T) {
	for text, want := range map[string]string{
		"":                              "",
		"symmetric:.50":                 "symmetric:0.5",
		"keep:0.1,asymmetric:3e-1":      "asymmetric:0.3,keep:0.1",
		"only:0.1,items:0.5,10to5":      "items:0.5,10to5,only:0.1",
		"seed:7,7to3":                   "7to3,seed:7",
		"seed:12345":                    "",
		"seed:0":                        "seed:0",
		"symmetric-others:-0,010to5":    "10to5,symmetric-others:0",
		"matrix:[[1, 0],[25e-2, 0.75]]": "matrix:[[1,0],[0.25,0.75]]",
	} {
		o, err := Parse(text)
		require.NoError(t, err)
		require.Equal(t, want, o.String())
		again, err := Parse(want)
		require.NoError(t, err)
		require.Equal(t, want, again.String())
	}
}

func TestAWrongTextIsOneSentence(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.json")
	require.NoError(t, os.WriteFile(bad, []byte("0.5 0.5"), 0o666))
	for text, want := range map[string]string{
		"noise":                    `labels "noise": there is no "noise", only symmetric:RATE, symmetric-others:RATE, asymmetric:RATE, matrix:FILE, overlaps such as 10to5, items:SHARE, keep:SHARE, only:SHARE, file:PATH and seed:NUMBER`,
		"symmetric":                `labels "symmetric": there is no "symmetric", only symmetric:RATE, symmetric-others:RATE, asymmetric:RATE, matrix:FILE, overlaps such as 10to5, items:SHARE, keep:SHARE, only:SHARE, file:PATH and seed:NUMBER`,
		"symmetric:1.5":            `labels "symmetric:1.5": symmetric takes a number from 0 to 1, not "1.5"`,
		"asymmetric:NaN":           `labels "asymmetric:NaN": asymmetric takes a number from 0 to 1, not "NaN"`,
		"keep:0":                   `labels "keep:0": keep:0 would leave no label: keep a share above 0`,
		"items:0":                  `labels "items:0": items:0 would leave no item: take a share above 0`,
		"keep:x":                   `labels "keep:x": keep takes a number from 0 to 1, not "x"`,
		"seed:-1":                  `labels "seed:-1": seed takes a whole number from 0 to 4294967295, not "-1"`,
		"symmetric:0,matrix:[[1]]": `labels "symmetric:0,matrix:[[1]]": noise is given twice`,
		"keep:1,keep:1":            `labels "keep:1,keep:1": the share of labels is given twice`,
		"10to6":                    `labels "10to6": overlap 10to6: the first number must be twice the second, or one more, as in 10to5 and 7to3`,
		"2to1":                     `labels "2to1": overlap 2to1: the first number must be twice the second, or one more, as in 10to5 and 7to3`,
		"matrix:/nowhere":          `labels "matrix:/nowhere": stat /nowhere: no such file or directory`,
		"matrix:/dev/zero":         `labels "matrix:/dev/zero": /dev/zero is not a file of at most 1 MB`,
		"matrix:" + bad:            `labels "matrix:` + bad + `": ` + bad + ` is not a matrix as JSON, [[0.9, 0.1], [0.2, 0.8]]: invalid character '0' after top-level value`,
		"matrix:[[0.5,0.4],[0,1]]": `labels "matrix:[[0.5,0.4],[0,1]]": row 0 of the noise matrix sums to 0.9, not 1`,
		"matrix:[[1,0],[1]]":       `labels "matrix:[[1,0],[1]]": row 1 of the noise matrix has 1 probabilities, not one for each of 2 classes`,
		"matrix:[[2,-1],[0,1]]":    `labels "matrix:[[2,-1],[0,1]]": row 0 of the noise matrix holds 2, which is no probability`,
		"matrix:[]":                `labels "matrix:[]": the noise matrix is empty`,
	} {
		_, err := Parse(text)
		require.EqualError(t, err, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "symmetric:0.5", "10to5,asymmetric:0.3,keep:0.1,seed:7", "matrix:[[1,0],[0.5,0.5]]", ",", "matrix:[,", "-2to9223372036854775807"} {
		f.Add(seed)
	}
	set := cycle("cifar", cifar10, 40)
	f.Fuzz(func(t *testing.T, text string) {
		o, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(o.String())
		require.NoError(t, err)
		require.Equal(t, o.String(), again.String())
		s, err := Apply(set, o)
		if err != nil {
			return
		}
		for i := range s.Len() {
			require.True(t, s.Label(i) >= -1 && s.Label(i) < len(s.Classes()))
		}
		s.Report()
	})
}
