package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEvalRefusesInOneSentence(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{nil, 2, "forger: eval takes one run folder or checkpoint, not 0; see forger eval --help\n"},
		{[]string{nowhere, "--n", "1"}, 2, "forger: --n must be at least 2 and --batch at least 1, not 1 and 64\n"},
		{[]string{nowhere}, 1, "forger: there is no " + nowhere + "\n"},
		{[]string{t.TempDir()}, 1, "has no checkpoint yet"},
	} {
		var out, errOut bytes.Buffer
		require.Equal(t, test.code, run(t.Context(), append([]string{"forger", "eval"}, test.args...), &out, &errOut))
		require.Contains(t, errOut.String(), test.want)
		require.Empty(t, out.String())
	}
}
